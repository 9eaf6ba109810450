-- What prosody.cfg.lua asks for: the options as Prosody has them, the hosts and components, the modules of each. Options
-- with `by` are the work of the files in settings/, all others are plain copies.

local foundry = "/usr/lib/prosody-foundry/?"
if not package.path:find(foundry, 1, true) then
  package.path = foundry .. ".lua;" .. package.path
  package.cpath = foundry .. ".so;" .. package.cpath
end

local options = require("foundry.options")
local environment = require("foundry.environment")
local hosts = require("foundry.hosts")
local modules = require("foundry.settings.modules")
local raw = require("foundry.raw")
local host_certificates = require("foundry.host-certificates")
local folders = require("foundry.folders")
local process = require("foundry.process")

-- What files of conf.d name without a folder is meant to be beside them, not beside the image's own configuration.
local server = rawget(_G, "prosody")
if server and server.paths then server.paths.config = "/etc/prosody" end
if server and server.events then
  require("foundry.mechanisms")(server)
  require("foundry.hidden-secrets")(server)
  require("foundry.quiet-requests")(server)
end

local parts = { modules.configure }
for _, name in ipairs({ "accounts", "archive", "certificates", "components", "network", "operation", "storage" }) do
  parts[#parts + 1] = require("foundry.settings." .. name)
end

local values, _, set_by = environment.read(os.getenv)
if server and server.events then require("foundry.load-failures")(server, values) end

local function has_ipv6()
  local file = io.open("/proc/net/if_inet6")
  local line = file and file:read()
  if file then file:close() end
  return line ~= nil
end

-- "global", kind of host, or domain → Prosody's option → value.
local settings = {}
local function set(place, name, value)
  settings[place] = settings[place] or {}
  settings[place][name] = value
end

-- In the place of a value: Prosody's option is ours, and stays without one unless a raw file has it.
local nothing = {}

local components, external_components = hosts.share_out(values)
local enabled, disabled = {}, {}
local context = {
  values = values, set_by = set_by,
  hosts = hosts.list_hosts(values), components = components,
  ipv6 = values.PROSODY_IPV6,
  run_folder = folders.run(), nothing = nothing,
  -- Modules that a kind of host gets if this image has them.
  enable = function(kind, ...)
    enabled[kind] = enabled[kind] or {}
    for _, name in ipairs({ ... }) do table.insert(enabled[kind], name) end
  end,
  disable = function(...)
    for _, name in ipairs({ ... }) do table.insert(disabled, name) end
  end,
}
context.domain = context.hosts[1]
if context.ipv6 == nil then context.ipv6 = has_ipv6() end

local function set_copies()
  for _, option in ipairs(options) do
    local value = values[option.name]
    if not option.by and value ~= nil then
      if option.unit then value = value * option.unit // 1 | 0 end
      for _, name in ipairs(type(option.sets) == "table" and option.sets or { option.sets }) do
        set(option.on or "global", name, value)
      end
    end
  end
end

set_copies()
for _, configure in ipairs(parts) do configure(context, set) end
set("global", "modules_disabled", disabled)

return {
  options = values,
  set_by = set_by,
  domain = context.domain,
  hosts = context.hosts,
  components = context.components,
  external_components = external_components,
  modules_on = function(kind, wanted, domain)
    local names = table.move(enabled[kind] or {}, 1, #(enabled[kind] or {}), #wanted + 1, wanted)
    return raw.observe(domain or "*", "modules_enabled", modules.list(values, kind, names))
  end,
  -- Gives the configuration `into` the options of that kind of host, and of the host itself.
  configure = function(into, kind, domain)
    local own = domain and settings[domain] or {}
    local certificate = domain and host_certificates.options_for(domain) or {}
    for _, place in ipairs({ settings[kind] or {}, own, certificate }) do
      for name, value in pairs(place) do
        if value == nothing then value = nil end
        into[name] = raw.observe(domain or "*", name, value)
      end
    end
  end,
  data_folder = folders.data,
  run_folder = context.run_folder,
  -- Only where the entrypoint lets user 0 be: it has no capabilities, or is nobody outside.
  run_as_root = process.user == 0,
  each_extra_file = function() return raw.each_file(values.PROSODY_EXTRA_CONFIG) end,
}
