-- Waits, at the start, for a database that does not answer yet; what waiting does not mend is told at once.

local database = require("foundry.database")

local bad_configuration, unavailable = 78, 69 -- EX_CONFIG and EX_UNAVAILABLE of sysexits.h
local told_every = 5 -- seconds

-- What the libraries say of a name that has no address yet, as it is while a container starts: glibc, LuaSocket and
-- MariaDB's each in their own way. "hostname" stands in one of them.
local absences = {
  "[Nn]ame resolution", "[Nn]o address associated", "not known", "Unknown .*host", "[Nn]ame does not resolve",
  "[Aa]ddress family for hostname", "ai_family not supported",
}

-- What they say where the configuration is wrong → a sentence. Names of options in it are replaced by those that were set.
local refusals = {
  { "password authentication failed", "%s does not take user %s with that password: check PROSODY_SQL_USERNAME and PROSODY_SQL_PASSWORD." },
  { "no password supplied", "%s wants a password of user %s: set PROSODY_SQL_PASSWORD_FILE." },
  { "Access denied for user .* to database", "%s does not let user %s into the database: grant it, or check PROSODY_SQL_DB." },
  { "Access denied for user", "%s does not take user %s with that password: check PROSODY_SQL_USERNAME and PROSODY_SQL_PASSWORD." },
  { "role .* does not exist", "%s has no user %s: check PROSODY_SQL_USERNAME." },
  { "database .* does not exist", "%s has no such database for user %s: create it, or check PROSODY_SQL_DB." },
  { "Unknown database", "%s has no such database for user %s: create it, or check PROSODY_SQL_DB." },
  { "permission denied for database", "%s does not let user %s into the database: grant it, or check PROSODY_SQL_DB." },
  { "no pg_hba.conf entry", "%s admits nobody as user %s from here: see its pg_hba.conf, and PROSODY_SQL_TLS where it wants TLS." },
  { "is not allowed to connect", "%s admits nobody as user %s from here." },
  { "does not support SSL", "%s has no TLS for user %s: check PROSODY_SQL_TLS." },
  { "SSL is required", "%s has no TLS for user %s: check PROSODY_SQL_TLS." },
  { "insecure transport", "%s lets user %s in by TLS alone: set PROSODY_SQL_TLS." },
  { "root certificate file", "%s cannot be verified for user %s: PROSODY_SQL_TLS_CA cannot be read." },
  { "does not match host name", "%s shows user %s a certificate for another name: check PROSODY_SQL_HOST." },
  { "is blocked because of many connection errors", "%s refuses this machine for user %s: it saw too many failures, and wants FLUSH HOSTS." },
  { "[Hh]ostname mismatch", "%s shows user %s a certificate for another name: check PROSODY_SQL_HOST." },
  { "Validation of SSL server certificate failed", "%s shows user %s a certificate for another name: check PROSODY_SQL_HOST." },
  { "self.signed", "%s shows user %s a certificate that PROSODY_SQL_TLS_CA does not vouch for." },
  { "[Cc]ertificate", "%s shows user %s a certificate that PROSODY_SQL_TLS_CA does not vouch for." },
}

-- Names of hosts, users and databases are no part of what is said, and may be any word.
local function without_names(reason)
  return (reason:gsub("'[^']*'", "''"):gsub('"[^"]*"', '""'))
end

local function refusal(reason, where, user)
  local said = without_names(reason)
  for _, pattern in ipairs(absences) do
    if said:find(pattern) then return nil end
  end
  for _, entry in ipairs(refusals) do
    if said:find(entry[1]) then return entry[2]:format(where, user) end
  end
end

-- One line; the libraries give several, and the text may quote what the server was given.
local function one_line(reason)
  return (tostring(reason):gsub("^Failed to connect to database: ", ""):gsub("%s+", " "):gsub("%s$", ""))
end

local function connect(sql)
  local called, connection, reason =
    pcall(require("DBI").Connect, sql.driver, sql.database, sql.username, sql.password, sql.host, sql.port)
  if not called or not connection then return nil, one_line(called and reason or connection) end
  connection:close()
  return true
end

local function ask_postgresql(sql, values)
  local mode = values.PROSODY_SQL_TLS or "prefer"
  local server = { at = values.PROSODY_SQL_HOST, port = sql.port, username = sql.username, password = sql.password }
  local called, ok, reason =
    pcall(require("foundry.postgresql").ask, server, values.PROSODY_SQL_DB or "prosody", { mode = mode, ca = values.PROSODY_SQL_TLS_CA })
  if not called or not ok then return nil, one_line(called and reason or ok) end
  return true
end

-- true, or nil and a reason.
local function try(sql, values)
  local ok, reason = connect(sql)
  if ok or sql.driver ~= "PostgreSQL" or values.PROSODY_SQL_HOST:sub(1, 1) == "/" then return ok, reason end
  local before, told = ask_postgresql(sql, values)
  if connect(sql) then return true end
  if not before then return nil, told end
  -- It was there before, and is now: libpq alone does not take it, which is the stricter one with names.
  local now, told_now = ask_postgresql(sql, values)
  if not now then return nil, told_now end
  return nil, values.PROSODY_SQL_TLS == "verify-full" and "does not match host name" or "no connection to the server"
end

-- In slices: a signal is heeded between two of them.
local function sleep(seconds)
  local socket = require("socket")
  for _ = 1, seconds * 10 do socket.sleep(0.1) end
end

-- Answers nothing, or an exit code once the database is known to be of no use.
local function await_database(values, set_by, say)
  if not database.is_remote(values, set_by) then return nil end
  require("foundry.quick-resolver")()
  local now = require("socket").gettime
  local sql, begin, told = database.parameters(values), now(), -math.huge
  local where = ("%s at %s:%d"):format(sql.driver, values.PROSODY_SQL_HOST, sql.port)
  while true do
    local ok, reason = try(sql, values)
    if ok then return nil end
    local sentence = refusal(reason, where, sql.username)
    if sentence then
      say("error", (sentence:gsub("PROSODY_SQL_%u+[%u_]*", function(name) return set_by[name] or name end)))
      return bad_configuration
    end
    local waited = now() - begin
    if waited >= values.PROSODY_SQL_WAIT then
      say("error", ("%s did not answer within %d s (PROSODY_SQL_WAIT): %s"):format(where, values.PROSODY_SQL_WAIT, reason))
      return unavailable
    end
    if now() - told >= told_every then
      say("info", ("Waiting for %s, %d s of %d: %s"):format(where, waited // 1, values.PROSODY_SQL_WAIT, reason))
      told = now()
    end
    sleep(1)
  end
end

return await_database
