-- What Prosody's "sql" says, of the options' values; or nil where no database is named.

local default_ports = { PostgreSQL = 5432, MySQL = 3306 }

-- Seconds. The libraries would wait for ever for a machine that is gone, and all clients with them. PostgreSQL's tells
-- one that is gone from one that thinks for long; MariaDB's does not.
local connect_patience, answer_patience, command_patience = 5, 15, 86400

-- libpq takes a name of a database with = in it for a whole connection string.
local function postgresql(values)
  local function quote(text) return "'" .. tostring(text):gsub("[\\']", "\\%0") .. "'" end
  local parts = {
    "dbname=" .. quote(values.PROSODY_SQL_DB or "prosody"), "application_name=prosody",
    "sslmode=" .. (values.PROSODY_SQL_TLS or "prefer"),
    "connect_timeout=" .. connect_patience, "tcp_user_timeout=" .. connect_patience * 1000,
    "keepalives_idle=" .. connect_patience, "keepalives_interval=2", "keepalives_count=3",
  }
  if values.PROSODY_SQL_TLS_CA then parts[#parts + 1] = "sslrootcert=" .. quote(values.PROSODY_SQL_TLS_CA) end
  return { database = table.concat(parts, " "), host = values.PROSODY_SQL_HOST }
end

-- MariaDB's library takes a name of a host with = in it for one. It cannot check the authority without the name, so
-- verify-ca is as strict as verify-full.
local function mysql(values)
  local parts = {
    "host=" .. values.PROSODY_SQL_HOST, "connect-timeout=" .. connect_patience,
    "read-timeout=" .. answer_patience, "write-timeout=" .. answer_patience,
  }
  local tls = values.PROSODY_SQL_TLS or "disable"
  if tls == "require" then parts[#parts + 1] = "ssl-enforce=1;ssl-verify-server-cert=0" end
  if tls:find("^verify") then
    parts[#parts + 1] = "ssl-enforce=1;ssl-verify-server-cert=1;ssl-ca=" .. (values.PROSODY_SQL_TLS_CA or "")
  end
  return { database = values.PROSODY_SQL_DB or "prosody", host = table.concat(parts, ";") }
end

-- For a command, which asks for all there is, and keeps nobody waiting.
local function patient(host)
  return host and host:gsub("(;%l+%-timeout=)" .. answer_patience .. "%f[%D]", "%1" .. command_patience) or nil
end

local function parameters(values)
  local driver = values.PROSODY_STORAGE == "sqlite" and "SQLite3" or values.PROSODY_SQL_DRIVER
  if not driver then return nil end
  if driver == "SQLite3" then return { driver = driver, database = values.PROSODY_SQL_DB or "prosody.sqlite" } end
  local sql = driver == "PostgreSQL" and postgresql(values) or mysql(values)
  sql.driver = driver
  sql.port = values.PROSODY_SQL_PORT or default_ports[driver]
  sql.username, sql.password = values.PROSODY_SQL_USERNAME, values.PROSODY_SQL_PASSWORD
  return sql
end

local function has_sql_store(values)
  for _, backend in pairs(values.PROSODY_STORES) do
    if backend == "sql" then return true end
  end
  return false
end

-- Where everything is kept that PROSODY_STORES does not name. A database that some stores are in is for these.
local function default_storage(values, set_by)
  local storage = values.PROSODY_STORAGE
  if storage == "sqlite" then return "sql" end
  if storage then return storage end
  return set_by.PROSODY_SQL_DRIVER and not has_sql_store(values) and "sql" or "internal"
end

-- Whether anything is kept in a database server.
local function is_remote(values, set_by)
  local sql = parameters(values)
  if not sql or sql.driver == "SQLite3" then return false end
  return default_storage(values, set_by) == "sql" or has_sql_store(values)
end

return { parameters = parameters, patient = patient, default_storage = default_storage, is_remote = is_remote }
