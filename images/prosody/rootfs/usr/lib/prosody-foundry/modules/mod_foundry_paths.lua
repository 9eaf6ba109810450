-- Behind PROSODY_HTTP_EXTERNAL_URL all domains are under one name. What belongs to the first of them is right there; what
-- belongs to another, such as its uploads, is below a folder called like it, and is told so (settings/network.lua). Each is
-- still there under a name of its own, too.
module:set_global()

local load = require("foundry.core")

local config = load("core.configmanager")
local http = load("net.http.server")

local shared_name = module:get_option_string("http_default_host")

-- METHOD host/folder/path → METHOD, folder, /path, where that is another domain's.
local function split(name)
  local method, host, folder, path = name:match("^(%u+) ([^/]+)/([^/]+)(/.*)$")
  if host ~= shared_name or not rawget(prosody.hosts, folder) or not config.get(folder, "foundry_http_folder") then return nil end
  return method, folder, path
end

module:wrap_object_event(http._events, false, function(handlers, name, event)
  local method, domain, path = split(name)
  if not method or not event.request then return handlers(name, event) end
  local request, response = event.request, event.response
  local outside = request.path
  -- The same request may come again, once all of it is there.
  request.path = path
  local result = handlers(("%s %s%s"):format(method, config.get(domain, "http_host") or domain, path), event)
  request.path = outside
  local location = response and response.headers.location
  if location == path .. "/" or location and location:find(path .. "/?", 1, true) == 1 then
    response.headers.location = "/" .. domain .. location
  end
  return result
end)
