-- A module of the configuration that does not load ends the start, with all there is to say of all of them: a server without
-- what it was to have may be open where it was to be closed. It is no module, so that no list of modules is without it.
-- What fails later is for the healthcheck to tell.

local options = require("foundry.options")
local hosts = require("foundry.hosts")
local raw = require("foundry.raw")
local load_library = require("foundry.core")

local bad_configuration = 78

local reasons = {} -- module, and module with host → what Prosody's log says of it
local is_starting = true

local function first_line(text)
  return (tostring(text):match("^[^\n]*"):gsub("%.$", ""))
end

-- A module that answers false for a host says so without a trace, and may give a reason.
local function is_refusal(reason)
  reason = tostring(reason)
  return not reason:find("stack traceback", 1, true) and not reason:find("^table: ")
end

-- Prosody tells nobody else why a module did not load.
local function listen()
  load_library("util.logger").add_level_sink("error", function(source, _, message, name, ...)
    if not is_starting or source ~= "modulemanager" then return end
    local host, reason = ...
    if message:find("^Unable to load module") then
      reasons[name] = first_line(host)
    elseif message:find("^Error initializing module") and is_refusal(reason) then
      require("foundry.modules-loaded").refuse(name, host)
    elseif message:find("^Error initializing module") then
      reasons[name .. " " .. host] = first_line(reason)
    end
  end)
end

-- What a module of the whole server does for a host may fail without a word in the log; trying again tells.
local function try_hosts(miss)
  local modulemanager, list_hosts = load_library("core.modulemanager"), require("foundry.modules-loaded").hosts
  for _, host in ipairs(list_hosts()) do
    for name in modulemanager.get_modules_for_host(host) do
      local server_wide = modulemanager.get_module("*", name)
      if server_wide and not modulemanager.get_module(host, name) and modulemanager.module_has_method(server_wide, "add_host") then
        local added, reason = modulemanager.load(host, name)
        if not added and reason and not is_refusal(reason) then
          reasons[name .. " " .. host] = first_line(reason)
          miss(name, host, "part")
        end
      end
    end
  end
end

local function holds(value, name)
  for _, item in ipairs(type(value) == "table" and value or {}) do
    if item == name then return true end
  end
  return false
end

-- The option that names this module among others.
local function option_with(values, name)
  for _, option in ipairs(options) do
    local is_list = option.type == "modules" and option.name ~= "PROSODY_DISABLE_MODULES"
    if is_list and holds(values[option.name], name) then return option.name end
  end
end

local function option_of_component(values, host)
  for _, component in ipairs(hosts.list_components(values)) do
    if component.domain == host then return component.option end
  end
end

local function remedy(values, missing)
  local name, option = missing.name, nil
  local file = raw.find_naming(values, missing.role == "accounts" and name:gsub("^auth_", "") or name)
  if missing.role == "accounts" then
    option = not file and "PROSODY_AUTHENTICATION"
    return ("choose another way to authenticate in %s"):format(option or file)
  end
  if missing.role == "component" then option = option_of_component(values, missing.hosts[1]) end
  option = option or option_with(values, name)
  if option or file then return ("take it out of %s"):format(option or file) end
  return ("leave it out with PROSODY_DISABLE_MODULES=%s"):format(name)
end

local unexplained = { accounts = "nobody can log in", component = "Prosody's log says why", part = "Prosody's log says why" }

-- One for each module and reason, whatever hosts it is missing on.
local function collect()
  local list, known = {}, {}
  local function miss(name, host, role)
    local reason = reasons[name .. " " .. host] or reasons[name] or unexplained[role]
    local key = name .. "\n" .. reason
    if not known[key] then
      known[key] = { name = name, reason = reason, role = role, hosts = {} }
      list[#list + 1] = known[key]
    end
    table.insert(known[key].hosts, host)
  end
  require("foundry.modules-loaded").find_missing(miss)
  try_hosts(miss)
  return list
end

local function judge(values)
  local sentences = {}
  for _, missing in ipairs(collect()) do
    sentences[#sentences + 1] = ("mod_%s did not load on %s: %s. Mend it, or %s."):format(missing.name,
      table.concat(missing.hosts, ", "), missing.reason, remedy(values, missing))
  end
  is_starting = false
  if #sentences == 0 then return end
  table.sort(sentences)
  require("foundry.leave")(bad_configuration, sentences)
end

local is_attached = false

-- The configuration is read again whenever somebody asks for it.
return function(server, values)
  if is_attached or server.process_type ~= "prosody" then return end
  is_attached = true
  server.events.add_handler("server-starting", listen, 1000)
  -- Nobody has been served yet: connections are looked at afterwards.
  server.events.add_handler("server-started", function() judge(values) end, 2000)
end
