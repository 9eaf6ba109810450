-- Which of the modules that the configuration wants are not loaded.

local load_library = require("foundry.core")
local config = load_library("core.configmanager")
local modulemanager = load_library("core.modulemanager")

local function hosts()
  local names = {}
  for name, options in pairs(config.getconfig()) do
    if name ~= "*" and options.enabled ~= false then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

-- Prosody's own map of modules keeps some that failed; their status tells.
local function is_loaded(host, name)
  local environment = modulemanager.get_module(host, name) or modulemanager.get_module("*", name)
  local api = environment and rawget(environment, "module")
  if not api then return false end
  return not (api.status_message or ""):find("^Error during load")
end

-- Which module knows the accounts of a host.
local function way_to_authenticate(host)
  return config.get(host, "anonymous_login") and "anonymous" or config.get(host, "authentication") or "internal_hashed"
end

-- Prosody loads the module that knows the accounts by itself, and goes on with none where it does not load.
local function knows_accounts(host, name)
  local users = prosody.hosts[host].users
  return name == "null" or users and users.name == name
end

local refused = {} -- module and host → true

-- Calls miss(module, host, role) for each; its role is "component" where it is what the host is, "accounts" where it knows
-- them, and "part" else.
local function find_missing(miss)
  for _, host in ipairs(hosts()) do
    local names, kind = modulemanager.get_modules_for_host(host)
    if kind and not is_loaded(host, kind) then miss(kind, host, "component") end
    local way = not kind and prosody.hosts[host] and way_to_authenticate(host)
    if way and not knows_accounts(host, way) then miss("auth_" .. way, host, "accounts") end
    for name in names do
      if not is_loaded(host, name) and not refused[name .. " " .. host] then miss(name, host, "part") end
    end
  end
end

return {
  -- The module itself wants nothing to do with that host.
  refuse = function(name, host) refused[name .. " " .. host] = true end,
  hosts = hosts, find_missing = find_missing, way_to_authenticate = way_to_authenticate,
}
