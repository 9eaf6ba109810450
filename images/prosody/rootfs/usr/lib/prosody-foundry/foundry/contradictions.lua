-- What options demand of each other. Each rule gets the values and the names they were set by, and gives a sentence or
-- nothing.

local options = require("foundry.options")
local shipped = require("foundry.shipped")
local did_you_mean = require("foundry.nearest")
local hosts = require("foundry.hosts")
local lfs = require("lfs")

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

local function all_modules(values)
  local names = {}
  for _, option in ipairs(options) do
    if option.type == "modules" and option.name ~= "PROSODY_DISABLE_MODULES" then
      for _, name in ipairs(values[option.name] or {}) do names[#names + 1] = { option = option.name, name = name } end
    end
  end
  return names
end

local function host_set(values)
  local set = {}
  for _, host in ipairs(hosts.list_hosts(values)) do set[host] = true end
  return set
end

local function holds(list, item)
  for _, known in ipairs(list) do
    if known == item then return true end
  end
  return false
end

local rules = {
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

  function(values, set_by, say)
    local storage = set_by.PROSODY_STORAGE and values.PROSODY_STORAGE
    if storage and storage ~= "sql" and set_by.PROSODY_SQL_DRIVER and not wants_sql(values)
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

  -- Files that Prosody itself would look at only when it needs them.
  function(values, set_by, say)
    for _, option in ipairs(options) do
      local path = option.type == "file" and set_by[option.name] and values[option.name]
      local file, reason = io.open(path or "/dev/null")
      if file then file:close() else say("%s cannot be read: %s.", set_by[option.name], reason) end
    end
  end,

  -- An option of one way to authenticate does nothing with another.
  function(values, set_by, say)
    for _, option in ipairs(options) do
      if option.needs and set_by[option.name] and values.PROSODY_AUTHENTICATION ~= option.needs then
        say("%s needs PROSODY_AUTHENTICATION=%s.", set_by[option.name], option.needs)
      end
    end
  end,

  function(values, _, say)
    local needed = { ldap = "PROSODY_LDAP_BASE", http = "PROSODY_AUTH_HTTP_URL", oauth_external = "PROSODY_OAUTH_VALIDATION_URL" }
    local name = needed[values.PROSODY_AUTHENTICATION]
    if name and not values[name] then say("PROSODY_AUTHENTICATION=%s needs %s.", values.PROSODY_AUTHENTICATION, name) end
  end,

  function(values, _, say)
    if not shipped.has_module("auth_" .. values.PROSODY_AUTHENTICATION, values.PROSODY_PLUGIN_PATHS) then
      say("PROSODY_AUTHENTICATION=%s needs mod_auth_%s, which this image does not have.", values.PROSODY_AUTHENTICATION,
        values.PROSODY_AUTHENTICATION)
    end
    if values.PROSODY_AUTHENTICATION == "ldap" and not package.searchpath("lualdap", package.cpath) then
      say("PROSODY_AUTHENTICATION=ldap needs Lua's LDAP library, which this image does not have.")
    end
  end,

  function(values, set_by, say)
    if values.PROSODY_AUTHENTICATION ~= "internal_hashed" and set_by.PROSODY_ACCOUNT_PASSWORD then
      say("%s makes an account, which PROSODY_AUTHENTICATION=%s cannot.", set_by.PROSODY_ACCOUNT_PASSWORD, values.PROSODY_AUTHENTICATION)
    end
  end,

  function(values, set_by, say)
    if set_by.PROSODY_ACCOUNT and not set_by.PROSODY_ACCOUNT_PASSWORD then
      say("%s needs PROSODY_ACCOUNT_PASSWORD, or PROSODY_ACCOUNT_PASSWORD_FILE.", set_by.PROSODY_ACCOUNT)
    end
    local account = values.PROSODY_ACCOUNT or values.PROSODY_ADMINS[1]
    if not set_by.PROSODY_ACCOUNT_PASSWORD then return end
    if not account then return say("%s needs PROSODY_ACCOUNT, or one of PROSODY_ADMINS.", set_by.PROSODY_ACCOUNT_PASSWORD) end
    local host = account:match("@(.+)$")
    if host and not host_set(values)[host] then
      say("%s=%s is of none of this server's domains: %s.", set_by.PROSODY_ACCOUNT or set_by.PROSODY_ADMINS, account,
        table.concat(hosts.list_hosts(values), ", "))
    end
  end,

  function(values, set_by, say)
    if values.PROSODY_REGISTRATION == "open" and values.PROSODY_AUTHENTICATION ~= "internal_hashed" then
      say("%s=open makes accounts, which PROSODY_AUTHENTICATION=%s cannot.", "PROSODY_REGISTRATION", values.PROSODY_AUTHENTICATION)
    end
    if set_by.PROSODY_TURN_HOST and not values.PROSODY_TURN_SECRET then
      say("%s needs PROSODY_TURN_SECRET.", set_by.PROSODY_TURN_HOST)
    end
    if set_by.PROSODY_METRICS_NETWORK and values.PROSODY_STATISTICS == "none" then
      say("%s needs PROSODY_STATISTICS=internal.", set_by.PROSODY_METRICS_NETWORK)
    end
  end,

  -- What a module does that this image has not got.
  function(values, set_by, say)
    for _, option in ipairs(options) do
      local is_off = values[option.name] == option.default or values[option.name] == "none"
      if option.module and set_by[option.name] and not is_off and not shipped.has_module(option.module, values.PROSODY_PLUGIN_PATHS) then
        say("%s needs mod_%s, which this image does not have.", set_by[option.name], option.module)
      end
    end
  end,

  -- What there is none of.
  function(values, set_by, say)
    local kinds, words = {}, { muc = "rooms", http_file_share = "uploads", pubsub = "a PROSODY_PUBSUB_DOMAIN" }
    for _, component in ipairs(hosts.list_components(values)) do kinds[component.type] = true end
    for _, option in ipairs(options) do
      if option.on and set_by[option.name] and not kinds[option.on] then
        say("%s needs %s, and this server has none.", set_by[option.name], words[option.on] or option.on)
      end
    end
  end,

  function(values, set_by, say)
    for _, option in ipairs(options) do
      local is_detail = option.module == "e2e_policy" and not option.choices
      if is_detail and set_by[option.name] and values.PROSODY_E2E_POLICY_CHAT == "none" and values.PROSODY_E2E_POLICY_MUC == "none" then
        say("%s needs PROSODY_E2E_POLICY_CHAT or PROSODY_E2E_POLICY_MUC.", set_by[option.name])
      end
    end
    if set_by.PROSODY_STATISTICS_INTERVAL and values.PROSODY_STATISTICS == "none" then
      say("%s needs PROSODY_STATISTICS=internal.", set_by.PROSODY_STATISTICS_INTERVAL)
    end
    for _, name in ipairs({ "PROSODY_REGISTRATION_MAX", "PROSODY_REGISTRATION_PERIOD", "PROSODY_INVITE_EXPIRY" }) do
      if set_by[name] and values.PROSODY_REGISTRATION == "closed" then
        say("%s has nothing to limit with PROSODY_REGISTRATION=closed.", set_by[name])
      end
    end
  end,

  -- Rooms that are not right below the users' domain: 0.12 looks at nothing else.
  function(values, set_by, say)
    if shipped.is_since("13.0") or values.PROSODY_MUC_CREATION ~= "local" then return end
    for _, component in ipairs(hosts.list_components(values)) do
      if component.type == "muc" and not holds(hosts.list_hosts(values), (component.domain:gsub("^[^.]+%.", ""))) then
        say("%s: in Prosody %s nobody could make rooms at %s, which is not right below a domain of this server. Set %s.",
          component.option, shipped.release, component.domain, "PROSODY_MUC_CREATION to everybody or admin")
      end
    end
  end,

  -- Files and folders that somebody named, and that are not there.
  function(values, set_by, say)
    for _, folder in ipairs(set_by.PROSODY_PLUGIN_PATHS and values.PROSODY_PLUGIN_PATHS or {}) do
      if lfs.attributes(folder, "mode") ~= "directory" then say("%s: there is no folder %s.", set_by.PROSODY_PLUGIN_PATHS, folder) end
    end
    local extra = values.PROSODY_EXTRA_CONFIG
    if set_by.PROSODY_EXTRA_CONFIG and not extra:find("[*?]") and not lfs.attributes(extra, "mode") then
      say("%s: there is no file %s.", set_by.PROSODY_EXTRA_CONFIG, extra)
    elseif set_by.PROSODY_EXTRA_CONFIG and lfs.attributes(extra:match("^(.*)/"), "mode") ~= "directory" then
      say("%s: there is no folder %s.", set_by.PROSODY_EXTRA_CONFIG, extra:match("^(.*)/"))
    end
  end,

  -- Prosody itself would go on without, and trust nobody.
  function(values, set_by, say)
    local path = values.PROSODY_TRUSTED_CAS
    if not path then return end
    local file, reason = io.open(path)
    local text = file and file:read("a")
    if file then file:close() end
    if not text then return say("%s cannot be read: %s.", set_by.PROSODY_TRUSTED_CAS, reason or path .. ": is a folder") end
    if not text:find("-----BEGIN CERTIFICATE-----", 1, true) then
      say("%s=%s holds no certificate (PEM).", set_by.PROSODY_TRUSTED_CAS, path)
    end
  end,

  -- The names of modules.
  function(values, _, say)
    local more = values.PROSODY_PLUGIN_PATHS
    local disabled = {}
    for _, name in ipairs(values.PROSODY_DISABLE_MODULES) do disabled[name] = true end
    for _, wanted in ipairs(all_modules(values)) do
      if not shipped.has_module(wanted.name, more) then
        say("%s holds %q, which is no module of this image.%s", wanted.option, wanted.name, did_you_mean(wanted.name, shipped.module_names(more)))
      elseif disabled[wanted.name] then
        say("%s and PROSODY_DISABLE_MODULES both hold %q: leave one out.", wanted.option, wanted.name)
      end
    end
    for _, component in ipairs(values.PROSODY_COMPONENTS) do
      if not shipped.has_module(component.type, more) then
        say("PROSODY_COMPONENTS holds the type %q, which is no module of this image.%s", component.type,
          did_you_mean(component.type, shipped.module_names(more)))
      end
    end
    for _, name in ipairs(values.PROSODY_DISABLE_MODULES) do
      if not shipped.has_module(name, more) then
        say("PROSODY_DISABLE_MODULES holds %q, which is no module of this image.%s", name, did_you_mean(name, shipped.module_names(more)))
      end
    end
  end,

  -- Who listens where.
  function(values, _, say)
    local taken = {}
    for _, option in ipairs(options) do
      local value = option.name:find("_PORTS?$") and (option.type == "ports" or option.name == "PROSODY_PROXY65_PORT") and values[option.name]
      for _, port in ipairs(type(value) == "table" and value or { value or nil }) do
        if taken[port] then say("%s and %s both hold the port %d.", taken[port], option.name, port) end
        taken[port] = option.name
      end
    end
  end,

  -- Which domain is what.
  function(values, _, say)
    local taken = host_set(values)
    local function take(name, domain)
      if taken[domain] then say("%s holds %s, which is in use already.", name, domain) end
      taken[domain] = true
    end
    for _, component in ipairs(hosts.list_components(values)) do take(component.option, component.domain) end
    for _, component in ipairs(values.PROSODY_EXTERNAL_COMPONENTS) do
      take("PROSODY_EXTERNAL_COMPONENTS", component.domain)
      if not component.secret and not values.PROSODY_COMPONENT_SECRET then
        say("PROSODY_EXTERNAL_COMPONENTS holds %s without a secret, and there is no PROSODY_COMPONENT_SECRET.", component.domain)
      end
    end
  end,
}

return function(values, set_by)
  local problems = {}
  local function say(sentence, ...) problems[#problems + 1] = sentence:format(...) end
  for _, rule in ipairs(rules) do rule(values, set_by, say) end
  return problems
end
