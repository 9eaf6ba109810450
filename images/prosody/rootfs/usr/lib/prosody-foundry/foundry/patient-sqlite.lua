-- The server, prosodyctl and a backup use one file of SQLite: who finds it locked waits. By itself the library fails at
-- once, and Prosody sets nothing.

local close_statements = require("foundry.close-statements")

local patience = 20000 -- milliseconds
local tries = 20
local is_patient, is_persistent = false, false

local function have_patience(connection)
  local statement = connection:prepare("PRAGMA busy_timeout = " .. patience)
  if not statement then return end
  statement:execute()
  statement:close()
end

-- Before anything connects; prosodyctl has no other moment for it.
local function wait_for_locks()
  local found, DBI = pcall(require, "DBI")
  if is_patient or not found then return end
  is_patient = true
  local connect = DBI.Connect
  function DBI.Connect(driver, ...)
    local connection, reason = connect(driver, ...)
    if connection and driver == "SQLite3" then have_patience(connection) end
    return connection, reason
  end
end

local function is_locked(engine, reason)
  return engine.params.driver == "SQLite3" and engine.conn and tostring(reason):find("database is locked", 1, true)
end

-- One of two that have read and now want to write cannot be waited for: it has to begin anew, and is told so at once.
local function begin_anew()
  if is_persistent or not rawget(_G, "prosody") then return end
  local found, sql = pcall(require("foundry.core"), "util.sql")
  if not found then return end
  is_persistent = true
  local engine = getmetatable(sql.create_engine(nil, { driver = "SQLite3", database = "" })).__index
  local transaction = engine._transaction
  function engine:_transaction(...)
    for _ = 2, tries do
      local ok, result, more, most = transaction(self, ...)
      if ok or not is_locked(self, result) then return ok, result, more, most end
      close_statements(self)
    end
    return transaction(self, ...)
  end
end

return { wait_for_locks = wait_for_locks, begin_anew = begin_anew }
