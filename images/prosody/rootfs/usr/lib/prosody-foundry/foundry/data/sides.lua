-- The two sides of a move. One is what the environment says; the other has PROSODY_SOURCE_… or PROSODY_TARGET_… in the
-- place of PROSODY_STORAGE, PROSODY_STORES and PROSODY_SQL_…

local environment = require("foundry.environment")
local options = require("foundry.options")

-- os.getenv is another one while settings.lua is read.
local getenv = os.getenv

local drivers = { postgresql = "PostgreSQL", mysql = "MySQL", mariadb = "MySQL" }
local kinds = { internal = "internal", sqlite = "sqlite", sql = "sql", postgresql = "sql", mysql = "sql", mariadb = "sql" }

local function is_storage(name)
  return name == "PROSODY_STORAGE" or name == "PROSODY_STORES" or name:find("^PROSODY_SQL_") ~= nil
end

-- Names of the options of storage, and of their aliases.
local function storage_names()
  local names = {}
  for _, option in ipairs(options) do
    if is_storage(option.name) then
      for _, entry in ipairs(environment.names_of(option)) do names[entry.name] = option.name end
    end
  end
  return names
end

local names = storage_names()

local function own_name(prefix, name)
  return (name:gsub("^PROSODY_", "PROSODY_" .. prefix .. "_"))
end

local function is_set(name)
  local text = getenv(name)
  return text ~= nil and text ~= ""
end

local function has_own_sql(prefix)
  for name in pairs(names) do
    if name:find("^PROSODY_SQL_") and is_set(own_name(prefix, name)) then return true end
  end
  return false
end

-- What stands in the place of os.getenv for a side of that kind.
local function getenv_of(prefix, word)
  local own_sql = has_own_sql(prefix)
  return function(name)
    if not names[name] then return getenv(name) end
    if name == "PROSODY_STORAGE" then return kinds[word] end
    if name == "PROSODY_SQL_DRIVER" and drivers[word] and not is_set(own_name(prefix, name)) then return drivers[word] end
    if name:find("^PROSODY_") and is_set(own_name(prefix, name)) then return getenv(own_name(prefix, name)) end
    -- PROSODY_SQL_… of the environment is the database of both when this side has none of its own.
    local is_sql = names[name]:find("^PROSODY_SQL_") ~= nil
    local wanted = is_sql and not own_sql and kinds[word] == "sql" and not (drivers[word] and names[name] == "PROSODY_SQL_DRIVER")
    return wanted and getenv(name) or nil
  end
end

local function settings_of(other_getenv)
  local settings = {}
  os.getenv = other_getenv
  local done, result = pcall(function() dofile("/usr/lib/prosody-foundry/foundry/settings.lua").configure(settings, "global") end)
  os.getenv = getenv
  if not done then error(result, 0) end
  return { storage = settings.storage, default_storage = settings.default_storage, sql = settings.sql }
end

-- Prosody's options of storage, or nil and what is wrong, one sentence each.
local function read(prefix, word)
  if not kinds[word] then
    return nil, { ("%s is no storage: internal, sqlite, sql, postgresql or mysql."):format(word) }
  end
  local other_getenv = getenv_of(prefix, word)
  local _, problems = environment.read(other_getenv)
  if #problems == 0 then return settings_of(other_getenv) end
  for i, problem in ipairs(problems) do
    problems[i] = problem:gsub("PROSODY_(S[TQ][%u_]+)", function(rest)
      return is_storage("PROSODY_" .. rest) and "PROSODY_" .. prefix .. "_" .. rest or nil
    end)
  end
  return nil, problems
end

return {
  read = read,
  -- Whether a variable is one of these.
  is_known = function(name)
    local rest = name:match("^PROSODY_SOURCE_(.+)$") or name:match("^PROSODY_TARGET_(.+)$")
    return rest ~= nil and names["PROSODY_" .. rest] ~= nil
  end,
}
