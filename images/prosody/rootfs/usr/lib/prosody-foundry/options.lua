-- The one table of all environment options, and how they are read. Everything else is made from it: the check at
-- start, `help`, the configuration, the reference in the README.

local path_of_modules = { "/usr/lib/prosody-modules/", "/usr/lib/prosody/modules/" }

local options = {
  {
    name = "PROSODY_DOMAIN", aliases = { "DOMAIN", "XMPP_DOMAIN" }, type = "domain", default = "localhost",
    sets = "VirtualHost, and the components conference.<domain> and upload.<domain>",
    help = "the domain of the addresses: example.org for user@example.org",
  },
  {
    name = "PROSODY_ADMINS", type = "addresses", default = {},
    sets = "admins", help = "addresses of the administrators, separated by commas",
  },
  {
    name = "PROSODY_CERTIFICATES", type = "folder", default = "/etc/prosody/certs",
    sets = "certificates", help = "folder with <domain>.crt and .key, or <domain>/fullchain.pem and privkey.pem",
  },
  {
    name = "PROSODY_STORAGE", type = "choice", choices = { "internal", "sqlite", "sql", "memory" }, default = "internal",
    sets = "default_storage", help = "where data is kept; sql takes PROSODY_SQL_*; memory forgets all at the end",
  },
  {
    name = "PROSODY_SQL_DRIVER", aliases = { "DB_DRIVER" }, type = "choice",
    choices = { "PostgreSQL", "MySQL", "SQLite3" }, sets = "sql.driver", help = "the SQL database of PROSODY_STORAGE=sql",
  },
  {
    name = "PROSODY_SQL_DB", aliases = { "DB_DATABASE" }, type = "text", default = "prosody",
    sets = "sql.database", help = "name of the SQL database",
  },
  {
    name = "PROSODY_SQL_HOST", aliases = { "DB_HOST" }, type = "text", default = "localhost",
    sets = "sql.host", help = "host of the SQL database",
  },
  {
    name = "PROSODY_SQL_PORT", aliases = { "DB_PORT" }, type = "port",
    sets = "sql.port", help = "port of the SQL database, unless it is the driver's usual one",
  },
  {
    name = "PROSODY_SQL_USERNAME", aliases = { "DB_USERNAME" }, type = "text", default = "prosody",
    sets = "sql.username", help = "user of the SQL database",
  },
  {
    name = "PROSODY_SQL_PASSWORD", aliases = { "DB_PASSWORD" }, type = "text", secret = true,
    sets = "sql.password", help = "password of that user",
  },
  {
    name = "PROSODY_S2S_SECURE_AUTH", aliases = { "S2S_SECURE_AUTH" }, type = "boolean", default = true,
    sets = "s2s_secure_auth", help = "other servers must show a valid certificate",
  },
  {
    name = "PROSODY_LOGLEVEL", aliases = { "PROSODY_LOG_LEVEL", "LOG_LEVEL" }, type = "choice",
    choices = { "debug", "info", "warn", "error" }, default = "info",
    sets = "log", help = "the least important messages that are shown",
  },
  {
    name = "PROSODY_ENABLE_MODULES", type = "modules", default = {},
    sets = "modules_enabled", help = "more modules, separated by commas, with or without mod_",
  },
  {
    name = "PROSODY_DISABLE_MODULES", type = "modules", default = {},
    sets = "modules_disabled", help = "modules to leave out, separated by commas",
  },
}

local function split(text)
  local items = {}
  for item in text:gmatch("[^%s,]+") do items[#items + 1] = item end
  return items
end

-- Edits from one word to the other: Levenshtein, one row at a time.
local function distance(from, to)
  local row = {}
  for j = 0, #to do row[j] = j end
  for i = 1, #from do
    local diagonal = row[0]
    row[0] = i
    for j = 1, #to do
      local cost = from:byte(i) == to:byte(j) and 0 or 1
      diagonal, row[j] = row[j], math.min(row[j] + 1, row[j - 1] + 1, diagonal + cost)
    end
  end
  return row[#to]
end

local function did_you_mean(word, known)
  local best, steps
  for _, candidate in ipairs(known) do
    local needed = distance(word, candidate)
    if not steps or needed < steps then best, steps = candidate, needed end
  end
  if not best or steps > math.max(2, #word // 3) then return "" end
  return (" Did you mean %s?"):format(best)
end

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local function has_module(name)
  for _, folder in ipairs(path_of_modules) do
    for _, pattern in ipairs({ "mod_%s/mod_%s.lua", "mod_%s/%s/mod_%s.lua", "mod_%s.lua", "%s/mod_%s.lua" }) do
      if exists(folder .. pattern:gsub("%%s", (name:gsub("%%", "%%%%")))) then return true end
    end
  end
  return false
end

local function module_names()
  local names = {}
  local found, lfs = pcall(require, "lfs")
  for _, folder in ipairs(found and path_of_modules or {}) do
    local opened, each, state = pcall(lfs.dir, folder)
    for entry in opened and each or function() end, state do
      names[#names + 1] = entry:match("^mod_([%w_-]+)")
    end
  end
  return names
end

local booleans = {
  ["true"] = true, yes = true, on = true, ["1"] = true,
  ["false"] = false, no = false, off = false, ["0"] = false,
}

-- type → function(text, option) that gives the value, or nil and what is wrong with the text.
local parse = {
  text = function(text) return text end,

  boolean = function(text)
    local value = booleans[text:lower()]
    if value == nil then return nil, "is neither true nor false (true, yes, on, 1; false, no, off, 0)." end
    return value
  end,

  choice = function(text, option)
    for _, choice in ipairs(option.choices) do
      if choice:lower() == text:lower() then return choice end
    end
    local hint = did_you_mean(text, option.choices)
    return nil, ("is none of %s.%s"):format(table.concat(option.choices, ", "), hint)
  end,

  -- Bytes above 127 are let through: Prosody itself prepares names in other scripts.
  domain = function(text)
    local bad = #text > 253 or text:find("[^%w.\128-\255-]") or ("." .. text .. "."):find("%.%-") or text:find("..", 1, true)
      or text:find("^%.") or text:find("[.-]$")
    if bad then return nil, "is no domain name." end
    return text:lower()
  end,

  addresses = function(text)
    local addresses = split(text)
    for _, address in ipairs(addresses) do
      if not address:find("^[^@/]+@[^@/]+$") then return nil, ("holds %q, which is no address (user@domain)."):format(address) end
    end
    return addresses
  end,

  folder = function(text)
    if text:sub(1, 1) ~= "/" then return nil, "is no absolute path." end
    return text
  end,

  port = function(text)
    local port = math.tointeger(tonumber(text))
    if not port or port < 1 or port > 65535 then return nil, "is no port (1 to 65535)." end
    return port
  end,

  modules = function(text)
    local names = {}
    for _, item in ipairs(split(text)) do
      local name = item:gsub("^mod_", "")
      if not has_module(name) then
        return nil, ("holds %q, which is no module of this image.%s"):format(item, did_you_mean(name, module_names()))
      end
      names[#names + 1] = name
    end
    return names
  end,
}

-- A secret is known by its file too.
local function names_of(option)
  local names = { option.name }
  for _, alias in ipairs(option.aliases or {}) do names[#names + 1] = alias end
  if option.secret then
    for i = 1, #names do names[#names + 1] = names[i] .. "_FILE" end
  end
  return names
end

-- What is set, as { name, text }; an empty variable counts as not set.
local function settings_of(option, getenv)
  local found = {}
  for _, name in ipairs(names_of(option)) do
    local text = getenv(name)
    if text and text ~= "" then found[#found + 1] = { name = name, text = text } end
  end
  return found
end

local function read_secret(path)
  local file, reason = io.open(path)
  if not file then return nil, ("cannot be read: %s"):format(reason) end
  local text, failure = file:read("a")
  file:close()
  if not text then return nil, ("cannot be read: %s"):format(failure) end
  return (text:gsub("[\r\n]+$", ""))
end

local function read_option(option, getenv)
  local found = settings_of(option, getenv)
  if #found == 0 then return option.default end
  local first = found[1]
  for _, other in ipairs(found) do
    if other.text ~= first.text or other.name:find("_FILE$") ~= first.name:find("_FILE$") then
      return nil, ("%s and %s are both set and differ: leave one out."):format(first.name, other.name)
    end
  end
  local text, unreadable = first.text, nil
  if option.secret and first.name:find("_FILE$") then text, unreadable = read_secret(first.text) end
  if not text then return nil, ("%s %s."):format(first.name, unreadable) end
  local value, wrong = parse[option.type](text, option)
  if value == nil then return nil, ("%s=%s %s"):format(first.name, option.secret and "…" or text, wrong) end
  return value
end

-- What options demand of each other.
local function check_together(values, problems)
  if values.PROSODY_SQL_DRIVER and values.PROSODY_STORAGE == "internal" then values.PROSODY_STORAGE = "sql" end
  if values.PROSODY_STORAGE == "sql" and not values.PROSODY_SQL_DRIVER then
    problems[#problems + 1] = "PROSODY_STORAGE=sql needs PROSODY_SQL_DRIVER (PostgreSQL, MySQL or SQLite3)."
  end
  local driver = values.PROSODY_STORAGE == "sqlite" and "SQLite3" or values.PROSODY_SQL_DRIVER
  if driver and not package.searchpath("dbd." .. driver:lower(), package.cpath) then
    problems[#problems + 1] = ("This image has no driver for %s."):format(driver)
  end
end

-- Values by canonical name, and a list of problems, one sentence each. Reads the environment only through `getenv`.
local function read(getenv)
  local values, problems = {}, {}
  for _, option in ipairs(options) do
    local value, problem = read_option(option, getenv)
    values[option.name] = value
    problems[#problems + 1] = problem
  end
  check_together(values, problems)
  return values, problems
end

-- Kubernetes and Docker links put these into every container beside a service that is called prosody.
local function is_service_link(name, text)
  return name:find("SERVICE_HOST$") or name:find("SERVICE_PORT") or name:find("PORT_%d+_%u%u%u")
    or (name:find("_PORT$") and text:find("^%a+://"))
end

-- A problem for each variable called PROSODY_… that nothing reads.
local function find_unknown(environment)
  local known, problems = {}, {}
  for _, option in ipairs(options) do
    for _, name in ipairs(names_of(option)) do known[#known + 1], known[name] = name, true end
  end
  for name, text in pairs(environment) do
    if name:find("^PROSODY_") and not known[name] and not is_service_link(name, text) then
      problems[#problems + 1] = ("%s is no option of this image.%s"):format(name, did_you_mean(name, known))
    end
  end
  table.sort(problems)
  return problems
end

return { list = options, read = read, find_unknown = find_unknown, names_of = names_of, did_you_mean = did_you_mean }
