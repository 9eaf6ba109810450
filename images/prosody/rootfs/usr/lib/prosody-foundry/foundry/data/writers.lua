-- A place that is written anew: all of it takes effect at `commit`, or nothing does. What was written can be read back
-- before that.

local load_library = require("foundry.data.prosody").load
local files = require("foundry.data.files")
local internal = require("foundry.data.internal")
local places = require("foundry.data.places")
local sql = require("foundry.data.sql")
local staging = require("foundry.data.staging")
local path_decode = load_library("util.datamanager").path_decode

-- Prosody's own module makes the tables, as this release wants them, when a host of that configuration first asks.
local function make_tables(params, number)
  local host = ("tables-%d.invalid"):format(number)
  load_library("core.configmanager").set(host, "sql", params)
  prosody.hosts[host] = load_library("util.startup").make_host(host)
  local storage = load_library("core.storagemanager")
  storage.initialize_host(host)
  local driver = storage.load_driver(host, "sql")
  local done, reason = false, "Prosody's storage_sql does not load"
  if driver then
    local called, found, problem = pcall(function() return driver:open("accounts", "keyval"):get("nobody") end)
    done, reason = called and not problem, problem or found
  end
  if not done then
    error(("The %s database %s cannot be used: %s"):format(params.driver, sql.label_of(params), tostring(reason)), 0)
  end
end

local methods = {}

-- What lies in a database that the place keeps elsewhere is not its data: it may be the source's.
local function open_sql(self, found)
  self.count = self.count + 1
  -- Where nobody answers it says so once, and Prosody's own module in several lines of its log.
  sql.open(found.params):close()
  make_tables(found.params, self.count)
  local backend = sql.open(found.params)
  backend:begin()
  local function keep(section)
    return self.keep(section) or places.locate(self.place, section.host, section.store).key ~= found.key
  end
  if self.replace then backend:clear(self.hosts, keep) end
  return backend
end

local function tree(self)
  self.tree = self.tree or staging.prepare(places.data_folder(), self.command)
  return self.tree
end

-- Where a section goes.
local function backend_of(self, section)
  local found = places.locate(self.place, section.host, section.store)
  if self.opened[found.key] then return self.opened[found.key] end
  local backend
  if found.name == "sql" then
    backend = open_sql(self, found)
  elseif found.name == "internal" then
    backend = internal.open(tree(self))
  else
    error(("Storage %q cannot be written to."):format(found.name), 0)
  end
  self.opened[found.key] = backend
  return backend
end

function methods:write(section, record)
  backend_of(self, section):write(section, record)
end

-- Makes room for a file beside the stores; answers the path to write it to.
function methods:stage(path)
  local at = tree(self) .. "/" .. path
  staging.make_parents(at)
  self.has_files = true
  return at
end

-- A backend of the place that nothing was written to has something to lose all the same.
local function open_others(self)
  for _, example in ipairs(places.examples(self.place)) do
    local name = example.found.name
    if (name == "sql" or name == "internal") and not self.keep(example) then backend_of(self, example) end
  end
end

function methods:flush()
  open_others(self)
  for _, backend in pairs(self.opened) do backend:flush() end
end

function methods:sections()
  local list = {}
  for _, backend in pairs(self.opened) do
    for _, section in ipairs(backend:sections()) do
      if backend_of(self, section) == backend and self.hosts[section.host] and not self.keep(section) then list[#list + 1] = section end
    end
  end
  table.sort(list, places.is_before)
  return list
end

function methods:users(section)
  local users = backend_of(self, section):users(section)
  table.sort(users)
  return users
end

function methods:read(section, user)
  return backend_of(self, section):read(section, user)
end

local function host_of(path) return path_decode(path:match("^[^/]+")) end

-- Paths that go when the staged files come.
local function list_gone(self)
  local gone, folder = {}, places.data_folder()
  for _, path in ipairs(files.stores_of(folder)) do
    local name = path:match("[^/]+$")
    local section = { host = host_of(path), store = path_decode((name:gsub("%.%l+$", ""))) }
    local found = places.locate(self.place, section.host, section.store)
    if self.hosts[section.host] and self.opened[found.key] and found.name == "internal" and not self.keep(section) then
      gone[#gone + 1] = path
    end
  end
  if self.with_files then
    for _, path in ipairs(files.others_of(folder)) do
      if self.hosts[host_of(path)] then gone[#gone + 1] = path end
    end
  end
  return gone
end

local function list_databases(self)
  local list = {}
  for _, backend in pairs(self.opened) do
    if backend.commit then list[#list + 1] = backend end
  end
  return list
end

-- Where the first one refuses, all is as it was.
local function commit_databases(self, databases, folder)
  local is_note_needed = #databases > (self.tree and 0 or 1)
  local was_unfinished = is_note_needed and staging.begin(folder, self.command)
  for i, backend in ipairs(databases) do
    local done, problem = pcall(backend.commit, backend)
    if not done and i == 1 and not backend.is_uncertain then
      if is_note_needed and not was_unfinished then staging.settle(folder) end
      error(problem, 0)
    elseif not done then
      error(("%s. Nobody knows what of it was kept: run this again."):format((tostring(problem):gsub("%.$", ""))), 0)
    end
  end
end

-- What may fail comes first: room for the plan, then the databases, then what only takes another name.
function methods:commit()
  local folder = places.data_folder()
  local has_tree = self.tree or self.with_files
  if has_tree then
    tree(self)
    staging.plan(folder, list_gone(self))
    staging.sync_all(folder)
  end
  commit_databases(self, list_databases(self), folder)
  if has_tree then staging.decide(folder) end
  self.done = true
  if has_tree then staging.finish(folder, self.command) end
  staging.settle(folder)
end

function methods:close()
  for _, backend in pairs(self.opened) do backend:close() end
  if self.tree and not self.done then staging.drop(places.data_folder()) end
end

-- `command`: who does so; `hosts`: whose data is written; `replace`: what they have there goes; `keep(section)`: but for these; `with_files`: the
-- files beside the stores are replaced, too.
local function open(place, wishes)
  local self = setmetatable({ place = place, opened = {}, count = 0 }, { __index = methods })
  for name, value in pairs(wishes) do self[name] = value end
  return self
end

return { open = open }
