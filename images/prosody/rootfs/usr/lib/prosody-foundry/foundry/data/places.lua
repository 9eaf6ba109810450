-- A place is where all data of a server is: a backend for each host and store, as the configuration says. Places are
-- read from, { sections, users, read }; writers.lua makes one to write to.

local lfs = require("lfs")
local load_library = require("foundry.data.prosody").load
local internal = require("foundry.data.internal")
local patient = require("foundry.database").patient
local sql = require("foundry.data.sql")

local function data_folder() return prosody.paths.data end

-- As Prosody fills them in.
local function complete(params)
  params = params or { driver = "SQLite3" }
  local database = params.database
  if params.driver == "SQLite3" then
    database = load_library("util.paths").resolve_relative_path(data_folder(), database or "prosody.sqlite")
  end
  return {
    driver = params.driver, database = database, host = patient(params.host), port = params.port,
    username = params.username, password = params.password,
  }
end

-- What no two databases share.
local function identity_of(params)
  return table.concat({ params.driver, params.database, params.host or "", tostring(params.port or "") }, "\0")
end

local function driver_name(get, host, store)
  local storage = get(host, "storage")
  if type(storage) == "string" then return storage end
  return type(storage) == "table" and storage[store] or get(host, "default_storage") or "internal"
end

-- { key =, name =, params = } of the backend a store of a host is kept in.
local function locate(self, host, store)
  local name = driver_name(self.get, host, store)
  if name ~= "sql" then return { key = name, name = name } end
  local params = complete(self.get(host, "sql"))
  return { key = identity_of(params), name = name, params = params }
end

local function is_missing(params)
  return params.driver == "SQLite3" and not lfs.attributes(params.database, "mode")
end

local openers = {
  internal = function() return internal.open(data_folder()) end,
  -- A database that does not exist would be made by being opened.
  sql = function(found) return not is_missing(found.params) and sql.open(found.params) or nil end,
}

local methods = {}

-- The backend of a section; nil where nothing is kept that outlives the server.
function methods:backend_of(section)
  local found = locate(self, section.host, section.store)
  local opener = openers[found.name]
  if not opener then return nil end
  if self.opened[found.key] == nil then self.opened[found.key] = opener(found) or false end
  return self.opened[found.key] or nil
end

-- One section for each backend that any store is kept in.
local function examples(self)
  local list, seen = {}, {}
  for host in pairs(self.hosts) do
    local stores = { [""] = true }
    local storage = self.get(host, "storage")
    for store in pairs(type(storage) == "table" and storage or {}) do stores[store] = true end
    for store in pairs(stores) do
      local found = locate(self, host, store)
      if not seen[found.key] then list[#list + 1] = { host = host, store = store, found = found } end
      seen[found.key] = true
    end
  end
  return list
end

local function is_before(a, b)
  if a.host ~= b.host then return a.host < b.host end
  if a.store ~= b.store then return a.store < b.store end
  return a.kind < b.kind
end

-- All that is there, but for what lies about in a backend that the configuration does not name for it.
function methods:sections()
  local list = {}
  for _, example in ipairs(examples(self)) do
    local backend = self:backend_of(example)
    for _, section in ipairs(backend and backend:sections() or {}) do
      if self:backend_of(section) == backend then list[#list + 1] = section end
    end
  end
  table.sort(list, is_before)
  return list
end

function methods:users(section)
  local users = self:backend_of(section):users(section)
  table.sort(users)
  return users
end

function methods:read(section, user)
  return self:backend_of(section):read(section, user)
end

-- Names of the kinds of storage, for people; and one that keeps nothing, or that this cannot read.
function methods:describe()
  local names, strange = {}, nil
  for _, example in ipairs(examples(self)) do
    local found = example.found
    names[#names + 1] = found.params and ("%s %s"):format(found.params.driver, sql.label_of(found.params)) or found.name
    if not openers[found.name] and example.store == "" then strange = found.name end
  end
  table.sort(names)
  return table.concat(names, ", "), strange
end

function methods:is_same(other)
  local keys = {}
  for _, example in ipairs(examples(self)) do keys[example.found.key] = true end
  for _, example in ipairs(examples(other)) do
    if not keys[example.found.key] then return false end
  end
  return true
end

function methods:close()
  for _, backend in pairs(self.opened) do
    if backend then backend:close() end
  end
  self.opened = {}
end

local stored = { storage = true, default_storage = true, sql = true }

-- `settings`, if given, are options of storage that stand in the place of those of the configuration.
local function open(settings)
  local config = load_library("core.configmanager")
  local hosts = { ["*"] = true }
  for host in pairs(config.getconfig()) do hosts[host] = true end
  local function get(host, option)
    if settings and stored[option] then return settings[option] end
    return config.get(host, option)
  end
  return setmetatable({ get = get, hosts = hosts, opened = {} }, { __index = methods })
end

return { open = open, locate = locate, examples = examples, is_before = is_before, data_folder = data_folder }
