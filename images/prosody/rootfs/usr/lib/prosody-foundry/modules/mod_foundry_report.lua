-- Says in one line, once the server runs, which Prosody this is, for whom, and which of the image's community modules
-- it really loaded. Prosody's own map of modules keeps some that failed; their status tells.

module:set_global()

local load_library = require("foundry.core")

local modulemanager = load_library("core.modulemanager")
local configmanager = load_library("core.configmanager")
local opened, shipped = pcall(dofile, "/usr/lib/prosody-foundry/modules.lua")
if not opened then shipped = {} end

local function is_loaded(environment)
  local api = environment and rawget(environment, "module")
  if not api or api.status_message == "Error during load (see log)" then return false end
  return api.path and api.path:find("^/usr/lib/prosody%-modules/") ~= nil
end

local function is_loaded_somewhere(name)
  if is_loaded(modulemanager.get_module("*", name)) then return true end
  for host in pairs(prosody.hosts) do
    if is_loaded(modulemanager.get_module(host, name)) then return true end
  end
  return false
end

local function holds(list, name)
  for _, item in ipairs(list or {}) do
    if item == name then return true end
  end
  return false
end

-- By the image itself unless somebody took it away, or by the configuration of any host.
local function is_wanted(name)
  local entry = shipped["mod_" .. name]
  if entry.enable ~= false and not holds(configmanager.get("*", "modules_disabled"), name) then return true end
  for host in pairs(configmanager.getconfig()) do
    if holds(configmanager.get(host, "modules_enabled"), name) then return true end
    if "auth_" .. (configmanager.get(host, "authentication") or "") == name then return true end
  end
  return false
end

local function list(label, names)
  if #names == 0 then return "" end
  table.sort(names)
  return ("; %s: %s"):format(label, table.concat(names, " "))
end

local function hosts_served()
  local names = {}
  for name in pairs(prosody.hosts) do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, " ")
end

-- Last of all, when the server heeds signals and all ports are open.
module:hook("server-started", function()
  local loaded, idle, failed = {}, {}, {}
  for folder in pairs(shipped) do
    local name = folder:gsub("^mod_", "")
    local group = is_loaded_somewhere(name) and loaded or is_wanted(name) and failed or idle
    group[#group + 1] = folder
  end
  module:log(#failed > 0 and "error" or "info", "Prosody %s serves %s%s%s%s", prosody.version, hosts_served(),
    list("loaded", loaded), list("not enabled", idle), list("failed", failed))
end, -1000)
