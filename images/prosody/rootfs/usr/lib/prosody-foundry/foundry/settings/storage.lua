-- Where data is kept.

-- libpq takes a name with = in it for a whole connection string.
local function postgresql_name(name, values, set_by)
  if not set_by.PROSODY_SQL_TLS and not values.PROSODY_SQL_TLS_CA then return name end
  local function quote(text) return "'" .. text:gsub("[\\']", "\\%0") .. "'" end
  local parts = { "dbname=" .. quote(name), "sslmode=" .. (values.PROSODY_SQL_TLS or "prefer") }
  if values.PROSODY_SQL_TLS_CA then parts[#parts + 1] = "sslrootcert=" .. quote(values.PROSODY_SQL_TLS_CA) end
  return table.concat(parts, " ")
end

local function sql(values, set_by)
  local driver = values.PROSODY_STORAGE == "sqlite" and "SQLite3" or values.PROSODY_SQL_DRIVER
  if not driver then return nil end
  if driver == "SQLite3" then return { driver = driver, database = values.PROSODY_SQL_DB or "prosody.sqlite" } end
  local name = values.PROSODY_SQL_DB or "prosody"
  return {
    driver = driver, database = driver == "PostgreSQL" and postgresql_name(name, values, set_by) or name,
    host = values.PROSODY_SQL_HOST, port = values.PROSODY_SQL_PORT,
    username = values.PROSODY_SQL_USERNAME, password = values.PROSODY_SQL_PASSWORD,
  }
end

local function default_storage(values, set_by)
  local storage = values.PROSODY_STORAGE
  if storage == "sqlite" then return "sql" end
  if storage then return storage end
  return set_by.PROSODY_SQL_DRIVER and not next(values.PROSODY_STORES) and "sql" or "internal"
end

return function(context, set)
  local values, set_by = context.values, context.set_by
  set("global", "default_storage", default_storage(values, set_by))
  set("global", "storage", next(values.PROSODY_STORES) and values.PROSODY_STORES or nil)
  set("global", "sql", sql(values, set_by))
  set("global", "foundry_sql_wait", values.PROSODY_SQL_WAIT)
end
