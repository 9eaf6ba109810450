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
  function(values, set_by, say)
    if wants_sql(values) and not sql_driver(values) then
      say("%s needs PROSODY_SQL_DRIVER (PostgreSQL, MySQL or SQLite3).", set_by.PROSODY_STORAGE and "PROSODY_STORAGE=sql" or "PROSODY_STORES")
    end
  end,

  function(values, _, say)
    local driver = sql_driver(values)
    if driver and not package.searchpath("dbd." .. driver:lower(), package.cpath) then
      say("This image has no driver for %s.", driver)
    end
  end,

  function(values, set_by, say, doubted)
    local storage = set_by.PROSODY_STORAGE and values.PROSODY_STORAGE
    if storage and not doubted.PROSODY_STORES and storage ~= "sql" and set_by.PROSODY_SQL_DRIVER and not wants_sql(values)
      and not (storage == "sqlite" and values.PROSODY_SQL_DRIVER == "SQLite3") then
      say("PROSODY_STORAGE=%s does not use %s: leave one out.", storage, set_by.PROSODY_SQL_DRIVER)
    end
  end,

  function(values, set_by, say)
    local driver, name = sql_driver(values), set_by.PROSODY_SQL_TLS or set_by.PROSODY_SQL_TLS_CA
    if name and driver ~= "PostgreSQL" and driver ~= "MySQL" then
      say("%s works with PROSODY_SQL_DRIVER=PostgreSQL or MySQL only.", name)
    elseif values.PROSODY_SQL_TLS == "prefer" and driver == "MySQL" then
      say("%s=prefer works with PROSODY_SQL_DRIVER=PostgreSQL only: MariaDB's library has require or disable.", name)
    end
  end,

  function(values, set_by, say)
    local verify = values.PROSODY_SQL_TLS == "verify-ca" or values.PROSODY_SQL_TLS == "verify-full"
    if verify and not values.PROSODY_SQL_TLS_CA then
      say("%s=%s needs PROSODY_SQL_TLS_CA.", set_by.PROSODY_SQL_TLS, values.PROSODY_SQL_TLS)
    end
  end,
}
