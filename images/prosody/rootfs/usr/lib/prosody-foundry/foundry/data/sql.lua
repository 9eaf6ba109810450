-- Prosody's storage in a database, by its own library and in its own tables, read in pages and written in one
-- transaction. `params` are those of the option `sql`.

local by_kind = require("foundry.data.by-kind")
local close_statements = require("foundry.close-statements")
local load_library = require("foundry.data.prosody").load
local rows = require("foundry.data.sql-rows")

local page = 50 -- rows of an archive that are in memory at once

local mark_store = "foundry_commit"

local methods = {}

local function fail(self, reason)
  reason = tostring(reason):gsub("%s+$", "")
  error(("The %s database %s: %s"):format(self.params.driver, self.label, reason), 0)
end

local function select(self, sql, ...)
  local done, result = pcall(self.engine.select, self.engine, sql, ...)
  if not done then fail(self, result) end
  return result
end

local function execute(self, sql, ...)
  local done, result = pcall(self.engine.insert, self.engine, sql, ...)
  if not done then fail(self, result) end
  return result
end

-- A reader of SQLite keeps others from writing for as long as its transaction lasts; with a log beside the database it
-- does not. The other databases give a view of one moment.
local function end_page(self)
  if self.params.driver == "SQLite3" and not self.writing and not self.has_log then self.engine.conn:commit() end
end

local function has_table(self, name)
  local done = pcall(self.engine.select, self.engine, ('SELECT 1 FROM "%s" LIMIT 1'):format(name))
  if not done then self.engine.conn:rollback() end
  return done
end

-- { host =, store =, kind = } of all that is there.
function methods:sections()
  local list = {}
  for kind, name in pairs({ keyval = "prosody", archive = "prosodyarchive" }) do
    if has_table(self, name) then
      for row in select(self, ('SELECT DISTINCT "host", "store" FROM "%s"'):format(name)) do
        if row[2] ~= mark_store then list[#list + 1] = { host = row[1], store = row[2], kind = kind } end
      end
    end
  end
  end_page(self)
  return list
end

function methods:users(section)
  local name = section.kind == "keyval" and "prosody" or "prosodyarchive"
  local users = {}
  local sql = ('SELECT DISTINCT "user" FROM "%s" WHERE "host"=? AND "store"=?'):format(name)
  for row in select(self, sql, section.host, section.store) do users[#users + 1] = row[1] end
  end_page(self)
  return users
end

local keyval_sql = 'SELECT "key", "type", "value" FROM "prosody" WHERE "host"=? AND "user"=? AND "store"=?'

local function read_keyval(self, section, user)
  local done = false
  return function()
    if done then return nil end
    done = true
    local data = rows.join(select(self, keyval_sql, section.host, user, section.store))
    end_page(self)
    return next(data) ~= nil and { user = user, data = data } or nil
  end
end

local archive_sql = [[SELECT "sort_id", "key", "type", "value", "when", "with" FROM "prosodyarchive"
  WHERE "host"=? AND "user"=? AND "store"=? AND "sort_id">? ORDER BY "sort_id" LIMIT ]] .. page

local function read_archive(self, section, user)
  local last, next_row, count = 0, nil, 0
  local function turn_page()
    next_row, count = select(self, archive_sql, section.host, user, section.store, last), 0
    end_page(self)
  end
  turn_page()
  return function()
    local row = next_row()
    if not row and count == page then
      turn_page()
      row = next_row()
    end
    if not row then return nil end
    count = count + 1
    last = math.tointeger(row[1]) or row[1]
    return { user = user, key = row[2], when = rows.number(row[5]), with = row[6], value = rows.decode(row[3], row[4]) }
  end
end

local insert_keyval = [[INSERT INTO "prosody" ("host", "user", "store", "key", "type", "value") VALUES (?, ?, ?, ?, ?, ?)]]
local delete_mark = [[DELETE FROM "prosody" WHERE "store"=?]]
local insert_archive = [[INSERT INTO "prosodyarchive" ("host", "user", "store", "when", "with", "key", "type", "value")
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)]]

local writers = {
  keyval = function(self, section, record)
    for _, row in ipairs(rows.split(record.data)) do
      execute(self, insert_keyval, section.host, record.user, section.store, row.key, row.type, row.value)
    end
  end,
  archive = function(self, section, record)
    local when = record.when
    if self.params.driver ~= "SQLite3" then when = when // 1 | 0 end
    local kind, value = rows.encode(record.value)
    execute(self, insert_archive, section.host, record.user, section.store, when, record.with or "", record.key, kind, value)
  end,
}

by_kind(methods, { keyval = read_keyval, archive = read_archive }, writers)

function methods:flush() end

-- From here on, all until `commit` happens at once or not at all.
function methods:begin()
  self.writing = true
end

-- Takes away all that these hosts have here, but for the stores that `keep` says true of.
function methods:clear(hosts, keep)
  for _, section in ipairs(self:sections()) do
    if hosts[section.host] and not keep(section) then
      local name = section.kind == "keyval" and "prosody" or "prosodyarchive"
      execute(self, ('DELETE FROM "%s" WHERE "host"=? AND "store"=?'):format(name), section.host, section.store)
    end
  end
end

local open

-- A row that comes with all else, and of nobody's.
local function put_mark(self)
  local mark = load_library("util.uuid").generate()
  execute(self, delete_mark, mark_store)
  execute(self, insert_keyval, "", "", mark_store, mark, "string", "")
  return mark
end

-- Whether somebody else sees it; nil where nobody can look.
local function has_mark(self, mark)
  local done, found = pcall(function()
    local other, is_there = open(self.params), false
    for _ in select(other, 'SELECT "value" FROM "prosody" WHERE "store"=? AND "key"=?', mark_store, mark) do is_there = true end
    if is_there and pcall(execute, other, delete_mark, mark_store) then pcall(other.engine.conn.commit, other.engine.conn) end
    other:close()
    return is_there
  end)
  if done then return found end
end

-- What it did not take before is as if it had never been there.
local function is_answering(self)
  return (pcall(function()
    self.engine.conn:rollback()
    for _ in select(self, "SELECT 1") do end
  end))
end

-- The library for PostgreSQL says yes whatever becomes of it. Where it fails, `is_uncertain` tells whether nobody knows if all
-- was kept; else nothing was.
function methods:commit()
  local mark = put_mark(self)
  pcall(self.engine.conn.commit, self.engine.conn)
  self.writing = false
  local answers = is_answering(self)
  local found = has_mark(self, mark)
  if found then return end
  self.is_uncertain = found == nil or not answers
  fail(self, "what was written could not be kept")
end

function methods:close()
  if not self.engine.conn then return end
  self.engine.conn:rollback()
  close_statements(self.engine)
  self.engine.conn:close()
  self.engine.conn = nil
end

-- The library tells its reason in words that hold the password of nobody.
local function connect(self)
  local done, ok, reason = pcall(self.engine.connect, self.engine)
  if not done or not ok then fail(self, reason or ok) end
end

local function tune(self)
  if self.params.driver == "SQLite3" then
    for row in select(self, "PRAGMA journal_mode") do self.has_log = row[1] == "wal" end
    self.engine.conn:commit()
  elseif self.params.driver == "PostgreSQL" then
    execute(self, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
  end
end

local function label_of(params)
  local database = tostring(params.database):match("^dbname='(.-)'") or params.database
  local host = params.host and (params.host:match("^host=([^;]*)") or params.host) or "localhost"
  return params.driver == "SQLite3" and database or ("%s on %s"):format(database, host)
end

-- A running server may be writing from the first moment on.
local function be_patient(engine)
  local set_encoding = engine.set_encoding
  function engine.set_encoding(...)
    for _ in engine:select("PRAGMA busy_timeout = 60000") do end
    return set_encoding(...)
  end
end

function open(params)
  local engine = load_library("util.sql"):create_engine(params, function() end)
  if params.driver == "SQLite3" then be_patient(engine) end
  local self = setmetatable({ name = "sql", params = params, label = label_of(params), engine = engine }, { __index = methods })
  connect(self)
  tune(self)
  return self
end

return { open = open, label_of = label_of }
