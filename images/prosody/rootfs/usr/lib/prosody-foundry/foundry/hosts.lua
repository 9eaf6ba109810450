-- Which domains this server has: hosts of accounts, and components.

local parse = require("foundry.parse")

-- The hostname, where it can be a domain: engines make up such as have no dot, or lend that of the machine.
local function hostname()
  local file = io.open("/etc/hostname")
  local name = file and file:read()
  if file then file:close() end
  return name and name:find(".", 1, true) and parse.domain(name) or nil
end

-- Each domain once, the first one first.
local function list_hosts(values)
  local hosts, seen = {}, {}
  local first = values.PROSODY_DOMAIN or values.PROSODY_VIRTUAL_HOSTS[1] or hostname() or "localhost"
  for _, host in ipairs({ first, table.unpack(values.PROSODY_VIRTUAL_HOSTS) }) do
    if not seen[host] then hosts[#hosts + 1] = host end
    seen[host] = true
  end
  return hosts
end

local function has_component(values, kind)
  for _, component in ipairs(values.PROSODY_COMPONENTS) do
    if component.type == kind then return true end
  end
  return false
end

-- { domain =, type =, option = that it comes from }, … Rooms and uploads are there by themselves, one of each for each
-- host, unless an option names some.
local function list_components(values)
  local list = {}
  local function add(option, kind, usual)
    local name = values[option]
    if name and name ~= "none" then list[#list + 1] = { domain = name, type = kind, option = option } end
    if name or not usual or has_component(values, kind) then return end
    for _, host in ipairs(list_hosts(values)) do
      list[#list + 1] = { domain = usual .. "." .. host, type = kind, option = option }
    end
  end
  add("PROSODY_MUC_DOMAIN", "muc", "conference")
  add("PROSODY_UPLOAD_DOMAIN", "http_file_share", "upload")
  add("PROSODY_PROXY65_DOMAIN", "proxy65")
  add("PROSODY_PUBSUB_DOMAIN", "pubsub")
  for _, component in ipairs(values.PROSODY_COMPONENTS) do
    list[#list + 1] = { domain = component.domain, type = component.type, option = "PROSODY_COMPONENTS" }
  end
  return list
end

local function host_set(values)
  local set = {}
  for _, host in ipairs(list_hosts(values)) do set[host] = true end
  return set
end

-- Components, and external ones. Of a domain that several claim, the first gets it; the third list has those who came later.
local function share_out(values)
  local taken, shares, late = host_set(values), {}, {}
  for i, claims in ipairs({ list_components(values), values.PROSODY_EXTERNAL_COMPONENTS }) do
    shares[i] = {}
    for _, component in ipairs(claims) do
      local into = taken[component.domain] and late or shares[i]
      into[#into + 1] = component
      taken[component.domain] = true
    end
  end
  return shares[1], shares[2], late
end

-- Prosody shows a component to the users of the domain right above it.
local function is_under(component, host)
  return component.domain:gsub("^[^.]+%.", "") == host
end

-- Components that this host has none of its own for, so that its users are led to those of another.
local function shared_with(host, components)
  local own, shared = {}, {}
  for _, component in ipairs(components) do
    if is_under(component, host) then own[component.type] = true end
  end
  for _, component in ipairs(components) do
    if not own[component.type] then shared[#shared + 1] = component end
  end
  return shared
end

return {
  list_hosts = list_hosts, host_set = host_set, list_components = list_components, share_out = share_out, is_under = is_under,
  shared_with = shared_with,
}
