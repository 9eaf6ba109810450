-- The database and its library.

local function sql_driver(values)
  if values.PROSODY_STORAGE == "sqlite" then return "SQLite3" end
  return values.PROSODY_SQL_DRIVER
end

local function wants_sql(values)
  if values.PROSODY_STORAGE == "sql" then return true end
  for _, backend in pairs(values.PROSODY_STORES) do
    if backend == "sql" then return true end
  end
  return false
end

return {
  -- Everything else of the database would say the same.
  function(values, set_by, say, doubted)
    if wants_sql(values) and not sql_driver(values) then
      say("%s needs PROSODY_SQL_DRIVER (PostgreSQL, MySQL or SQLite3).", set_by.PROSODY_STORAGE and "PROSODY_STORAGE=sql" or "PROSODY_STORES")
      doubted.PROSODY_SQL_DRIVER = true
    end
  end,

  function(values, _, say)
    local driver = sql_driver(values)
    if driver and not package.searchpath("dbd." .. driver:lower(), package.cpath) then
      say("This image has no driver for %s.", driver)
    end
  end,

  function(values, set_by, say, doubted)
    local storage, driver = set_by.PROSODY_STORAGE and values.PROSODY_STORAGE, set_by.PROSODY_SQL_DRIVER
    if not storage or not driver or storage == "sql" then return end
    local is_used = storage == "sqlite" and values.PROSODY_SQL_DRIVER == "SQLite3" or storage ~= "sqlite" and wants_sql(values)
    if not is_used and not doubted.PROSODY_STORES then
      say("PROSODY_STORAGE=%s does not use %s: leave one out.", storage, driver)
    end
  end,

  function(values, set_by, say)
    if values.PROSODY_SQL_TLS == "prefer" and values.PROSODY_SQL_DRIVER == "MySQL" then
      say("%s=prefer works with PROSODY_SQL_DRIVER=PostgreSQL only: MariaDB's library has require or disable.", set_by.PROSODY_SQL_TLS)
    end
  end,

  function(values, set_by, say)
    local verify = values.PROSODY_SQL_TLS == "verify-ca" or values.PROSODY_SQL_TLS == "verify-full"
    if verify and not values.PROSODY_SQL_TLS_CA then
      say("%s=%s needs PROSODY_SQL_TLS_CA.", set_by.PROSODY_SQL_TLS, values.PROSODY_SQL_TLS)
    end
  end,
}
