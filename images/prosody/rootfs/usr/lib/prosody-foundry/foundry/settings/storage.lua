-- Where data is kept.

local database = require("foundry.database")
local sqlite = require("foundry.patient-sqlite")

-- Prosody's log tells, with all it can tell, the address of the database, and 0.12 the password in it.
local is_hidden = false
local function hide_password()
  if is_hidden or not rawget(_G, "prosody") then return end
  local found, sql = pcall(require("foundry.core"), "util.sql")
  if not found then return end
  local address_of = sql.db2uri
  function sql.db2uri(params)
    return address_of({
      driver = params.driver, username = params.username, host = params.host, port = params.port, database = params.database,
    })
  end
  is_hidden = true
end

return function(context, set)
  local values, set_by = context.values, context.set_by
  set("global", "default_storage", database.default_storage(values, set_by))
  set("global", "storage", next(values.PROSODY_STORES) and values.PROSODY_STORES or nil)
  if values.PROSODY_SQL_PASSWORD then hide_password() end
  if database.is_remote(values, set_by) then require("foundry.quick-resolver")() end
  sqlite.wait_for_locks()
  local sql = database.parameters(values)
  if sql and sql.driver == "SQLite3" then sqlite.begin_anew() end
  set("global", "sql", sql)
end
