-- What prosody.cfg.lua asks for: the options, the modules of each kind of host, and the folder of the running server.

local lfs = require("lfs")
local foundry = "/usr/lib/prosody-foundry/"
local core = "/usr/lib/prosody/modules/"

local options = dofile(foundry .. "options.lua")
local values = options.read(os.getenv)

-- modules.lua: { ["mod_x"] = { hosts = { "virtual-host", … }, enable = false or nil }, … }, made when the image is built.
local function read_shipped()
  if not lfs.attributes(foundry .. "modules.lua") then return {} end
  return dofile(foundry .. "modules.lua")
end

local shipped = read_shipped()

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

-- Most modules load on every kind of host; they are of use on one.
local function kind_of(name)
  local entry = shipped["mod_" .. name]
  if not entry then return "virtual-host" end
  local hosts = set_of(entry.hosts)
  for _, kind in ipairs({ "muc", "pubsub" }) do
    if hosts[kind] and name:find("^" .. kind .. "_") then return kind end
  end
  if hosts["virtual-host"] or hosts["global"] then return "virtual-host" end
  return hosts["muc"] and "muc" or hosts["pubsub"] and "pubsub" or nil
end

-- Releases differ in what they bring: cloud_notify came with 13.0. muc and adhoc are folders without mod_.
local function has_core(name)
  for _, path in ipairs({ core .. "mod_" .. name .. ".lua", core .. "mod_" .. name, core .. name }) do
    if lfs.attributes(path) then return true end
  end
  return lfs.attributes(foundry .. "modules/mod_" .. name .. ".lua") ~= nil
end

local function wanted_names()
  local wanted = set_of(values.PROSODY_ENABLE_MODULES)
  for module, entry in pairs(shipped) do
    if entry.enable ~= false then wanted[module:gsub("^mod_", "")] = true end
  end
  return wanted
end

-- The modules of one kind of host: those of `own` that this Prosody has, what the image ships for the kind, what the
-- environment adds, less what it takes away. Sorted, so that every start is the same.
local function modules_on(kind, own)
  local names, disabled = {}, set_of(values.PROSODY_DISABLE_MODULES)
  for _, name in ipairs(own) do
    if has_core(name) then names[name] = true end
  end
  for name in pairs(wanted_names()) do
    if kind_of(name) == kind then names[name] = true end
  end
  local list = {}
  for name in pairs(names) do
    if not disabled[name] then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

local function storage()
  if values.PROSODY_STORAGE == "sqlite" then return "sql", { driver = "SQLite3", database = "prosody.sqlite" } end
  if values.PROSODY_STORAGE ~= "sql" then return values.PROSODY_STORAGE end
  return "sql", {
    driver = values.PROSODY_SQL_DRIVER, database = values.PROSODY_SQL_DB, host = values.PROSODY_SQL_HOST,
    port = values.PROSODY_SQL_PORT, username = values.PROSODY_SQL_USERNAME, password = values.PROSODY_SQL_PASSWORD,
  }
end

local function is_writable(folder)
  local probe = folder .. "/.probe"
  local file = io.open(probe, "w")
  if not file then return false end
  file:close()
  os.remove(probe)
  return true
end

local function has_ipv6()
  local file = io.open("/proc/net/if_inet6")
  local line = file and file:read()
  if file then file:close() end
  return line ~= nil
end

local default_storage, sql = storage()

return {
  options = values,
  modules_on = modules_on,
  default_storage = default_storage,
  sql = sql,
  -- Where the socket of `prosodyctl shell` and the process id go: some volumes can hold no socket.
  run_folder = is_writable("/run/prosody") and "/run/prosody" or "/var/lib/prosody",
  all_interfaces = has_ipv6() and { "*", "::" } or { "*" },
  has_extra = lfs.attributes("/etc/prosody/conf.d", "mode") == "directory",
}
