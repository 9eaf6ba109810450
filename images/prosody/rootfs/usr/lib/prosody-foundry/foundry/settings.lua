-- What prosody.cfg.lua asks for: the options as Prosody has them, the hosts and components, the modules of each.

local foundry = "/usr/lib/prosody-foundry/?"
if not package.path:find(foundry, 1, true) then
  package.path = foundry .. ".lua;" .. package.path
  package.cpath = foundry .. ".so;" .. package.cpath
end

local lfs = require("lfs")
local options = require("foundry.options")
local environment = require("foundry.environment")
local database = require("foundry.database")
local shipped = require("foundry.shipped")

local values, _, set_by = environment.read(os.getenv)

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

local function is_writable(folder)
  local probe = folder .. "/.probe"
  local file = io.open(probe, "w")
  if not file then return false end
  file:close()
  os.remove(probe)
  return true
end

local function has_ipv6()
  local file = io.open("/proc/net/if_inet6")
  local line = file and file:read()
  if file then file:close() end
  return line ~= nil
end

local domain = values.PROSODY_DOMAIN or values.PROSODY_VIRTUAL_HOSTS[1] or "localhost"
local ipv6 = values.PROSODY_IPV6
if ipv6 == nil then ipv6 = has_ipv6() end

-- Each domain once, the first one first.
local function list_hosts()
  local hosts, seen = {}, {}
  for _, host in ipairs({ domain, table.unpack(values.PROSODY_VIRTUAL_HOSTS) }) do
    if not seen[host] then hosts[#hosts + 1] = host end
    seen[host] = true
  end
  return hosts
end

local function has_component(kind)
  for _, component in ipairs(values.PROSODY_COMPONENTS) do
    if component.type == kind then return true end
  end
  return false
end

-- The usual components, unless PROSODY_COMPONENTS names one of their kind; then the others, as { domain =, type = }.
local function list_components()
  local list = {}
  local function add(name, kind, usual)
    if not name and usual and not has_component(kind) then name = usual .. "." .. domain end
    if name and name ~= "none" then list[#list + 1] = { domain = name, type = kind } end
  end
  add(values.PROSODY_MUC_DOMAIN, "muc", "conference")
  add(values.PROSODY_UPLOAD_DOMAIN, "http_file_share", "upload")
  add(values.PROSODY_PROXY65_DOMAIN, "proxy65")
  add(values.PROSODY_PUBSUB_DOMAIN, "pubsub")
  for _, component in ipairs(values.PROSODY_COMPONENTS) do list[#list + 1] = component end
  return list
end

-- Most modules load on every kind of host; they are of use on one.
local function kind_of(name)
  local entry = shipped.modules["mod_" .. name]
  if not entry then return "virtual-host" end
  local hosts = set_of(entry.hosts)
  for _, kind in ipairs({ "muc", "pubsub" }) do
    if hosts[kind] and name:find("^" .. kind .. "_") then return kind end
  end
  if hosts["virtual-host"] or hosts["global"] then return "virtual-host" end
  return hosts["muc"] and "muc" or hosts["pubsub"] and "pubsub" or nil
end

local lists = {
  ["virtual-host"] = values.PROSODY_ENABLE_MODULES, muc = values.PROSODY_MUC_MODULES,
  http_file_share = values.PROSODY_UPLOAD_MODULES, pubsub = values.PROSODY_PUBSUB_MODULES,
}

local function names_by_environment(kind)
  local names = set_of(lists[kind] or {})
  -- PROSODY_ENABLE_MODULES may name a module of another kind of host: it goes where it is of use.
  for _, name in ipairs(values.PROSODY_ENABLE_MODULES) do
    if kind_of(name) == kind then names[name] = true elseif kind == "virtual-host" and kind_of(name) then names[name] = nil end
  end
  return names
end

local function names_by_image(kind)
  local names = {}
  for module, entry in pairs(shipped.modules) do
    local name = module:gsub("^mod_", "")
    if entry.enable ~= false and kind_of(name) == kind then names[name] = true end
  end
  return names
end

local function names_by_options(kind)
  local names = {}
  for _, option in ipairs(options) do
    if option.enables and values[option.name] and (option.on or "virtual-host") == kind then
      for _, name in ipairs(option.enables) do names[name] = true end
    end
  end
  return names
end

local extra = {} -- modules that parts of this file switch on, by kind of host
local function enable(kind, ...)
  extra[kind] = extra[kind] or {}
  for _, name in ipairs({ ... }) do table.insert(extra[kind], name) end
end

-- Sorted, so that every start is the same. `own` are those of Prosody's that the image wants where this release has them.
local function modules_on(kind, own)
  local names, disabled = {}, set_of(values.PROSODY_DISABLE_MODULES)
  local function add(set)
    for name in pairs(set) do names[name] = true end
  end
  for _, name in ipairs(own) do
    if shipped.has_core(name) then names[name] = true end
  end
  add(names_by_image(kind))
  add(names_by_options(kind))
  add(set_of(extra[kind] or {}))
  add(names_by_environment(kind))
  local list = {}
  for name in pairs(names) do
    if not disabled[name] then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

local derived = {} -- Prosody's option → value, of those that are no plain copy

local function expiry(days)
  return days == "never" and "never" or math.tointeger(days * 86400 // 1)
end

local function account()
  local name = values.PROSODY_ACCOUNT or values.PROSODY_ADMINS[1]
  if not name or not values.PROSODY_ACCOUNT_PASSWORD then return nil end
  return { address = name:find("@", 1, true) and name or name .. "@" .. domain, password = values.PROSODY_ACCOUNT_PASSWORD }
end

local function contacts()
  local info = {}
  for _, option in ipairs(options) do
    local role = option.name:match("^PROSODY_CONTACT_(%u+)$")
    if role and #values[option.name] > 0 then info[role:lower()] = values[option.name] end
  end
  if not info.admin then
    for _, admin in ipairs(values.PROSODY_ADMINS) do info.admin = info.admin or {}; table.insert(info.admin, "xmpp:" .. admin) end
  end
  return info
end

-- PLAIN is the one mechanism that hands over a password that something else checks.
local function refused_mechanisms()
  local plain = values.PROSODY_ALLOW_PLAIN
  if plain == nil then plain = values.PROSODY_AUTHENTICATION ~= "internal_hashed" end
  return plain and { "DIGEST-MD5" } or { "DIGEST-MD5", "PLAIN", "LOGIN" }
end

local function interfaces(list)
  local all = {}
  for _, name in ipairs(list) do
    if ipv6 or not name:find(":", 1, true) then all[#all + 1] = name end
    if name == "*" and ipv6 then all[#all + 1] = "::" end
  end
  return all
end

local hostname = values.PROSODY_NETWORK_HOSTNAME or domain
local archive = values.PROSODY_ARCHIVE_EXPIRY_DAYS or values.PROSODY_RETENTION_DAYS
local uploads = values.PROSODY_UPLOAD_EXPIRY_DAYS or values.PROSODY_RETENTION_DAYS

derived.http_default_host = hostname
derived.foundry_account = account()
derived.allow_registration = values.PROSODY_REGISTRATION ~= "closed"
derived.registration_invite_only = values.PROSODY_REGISTRATION ~= "open"
derived.password_policy = { length = values.PROSODY_PASSWORD_MIN_LENGTH }
derived.authentication = values.PROSODY_AUTHENTICATION
derived.disable_sasl_mechanisms = refused_mechanisms()
derived.foundry_ldap_tls_ca = values.PROSODY_LDAP_TLS_CA
derived.default_storage = database.default_storage(values, set_by)
derived.storage = next(values.PROSODY_STORES) and values.PROSODY_STORES or nil
derived.sql = database.parameters(values)
derived.foundry_sql_wait = values.PROSODY_SQL_WAIT
derived.archive_expires_after = expiry(archive)
derived.muc_log_expires_after = expiry(archive)
-- A number in all series, and 0.12 knows no word for it.
derived.http_file_share_expires_after = uploads == "never" and 100 * 365 * 86400 or expiry(uploads)
derived.default_archive_policy = ({ always = true, never = false, roster = "roster" })[values.PROSODY_ARCHIVE_POLICY]
derived.use_dane = values.PROSODY_USE_DANE
derived.unbound = values.PROSODY_DNS_RESOLVERS and { resolvconf = false, forward = values.PROSODY_DNS_RESOLVERS } or nil
derived.limits = { c2s = { rate = values.PROSODY_C2S_RATE_LIMIT }, s2sin = { rate = values.PROSODY_S2S_RATE_LIMIT } }
derived.use_ipv6 = ipv6
derived.interfaces = interfaces({ "*" })
derived.http_interfaces = interfaces({ "*" })
derived.https_interfaces = interfaces({ "*" })
derived.component_interfaces = interfaces(values.PROSODY_COMPONENT_INTERFACES)
derived.turn_external_host = values.PROSODY_TURN_HOST or hostname
derived.proxy65_address = values.PROSODY_NETWORK_HOSTNAME
derived.proxy65_ports = { values.PROSODY_PROXY65_PORT }
derived.contact_info = contacts()
derived.e2e_policy_chat = values.PROSODY_E2E_POLICY_CHAT
derived.e2e_policy_muc = values.PROSODY_E2E_POLICY_MUC
derived.modules_disabled = values.PROSODY_DISABLE_MODULES
derived.statistics = values.PROSODY_STATISTICS == "internal" and "internal" or nil
derived.statistics_interval = values.PROSODY_STATISTICS_INTERVAL
derived.openmetrics_allow_cidr = values.PROSODY_METRICS_NETWORK
derived.gc = values.PROSODY_GC and { mode = values.PROSODY_GC } or nil
derived.log = { { levels = { min = values.PROSODY_LOGLEVEL }, to = "console" } }
derived.plugin_paths = { "/usr/lib/prosody-foundry/modules" }
for _, folder in ipairs(values.PROSODY_PLUGIN_PATHS) do
  if lfs.attributes(folder, "mode") == "directory" then table.insert(derived.plugin_paths, folder) end
end
table.insert(derived.plugin_paths, "/usr/lib/prosody-modules")

if values.PROSODY_WEB_CLIENTS then enable("virtual-host", "bosh", "websocket", "http_altconnect") end
if values.PROSODY_STATISTICS == "internal" then enable("virtual-host", "http_openmetrics") end
if values.PROSODY_E2E_POLICY_CHAT ~= "none" or values.PROSODY_E2E_POLICY_MUC ~= "none" then enable("virtual-host", "e2e_policy") end
if values.PROSODY_REGISTRATION == "open" then enable("virtual-host", "register_limits", "watchregistrations") end
if not values.PROSODY_S2S then
  derived.modules_disabled = { "s2s", "dialback", "s2s_bidi", table.unpack(values.PROSODY_DISABLE_MODULES) }
end
-- A module that this image has not got, or that is Prosody's own in some releases only.
for kind, names in pairs(extra) do
  local there = {}
  for _, name in ipairs(names) do
    if shipped.has_module(name, values.PROSODY_PLUGIN_PATHS) then there[#there + 1] = name end
  end
  extra[kind] = there
end

-- The LDAP library takes its authorities from a file or the environment alone, and looks when it is loaded.
if values.PROSODY_LDAP_TLS_CA then require("util.pposix").setenv("LDAPTLS_CACERT", values.PROSODY_LDAP_TLS_CA) end

local restrict = { ["local"] = "local", admin = true, everybody = false }

-- Prosody's options for hosts of this kind ("global" for all), as a table.
local function options_on(kind)
  local found = {}
  for _, option in ipairs(options) do
    local value = values[option.name]
    if not option.by and (option.on or "global") == kind and value ~= nil then
      if option.unit then value = value * option.unit // 1 | 0 end
      for _, name in ipairs(type(option.sets) == "table" and option.sets or { option.sets }) do found[name] = value end
    end
  end
  if kind == "global" then
    for name, value in pairs(derived) do found[name] = value end
  elseif kind == "muc" then
    found.restrict_room_creation = restrict[values.PROSODY_MUC_CREATION]
  end
  return found
end

return {
  options = values,
  set_by = set_by,
  domain = domain,
  hosts = list_hosts(),
  components = list_components(),
  external_components = values.PROSODY_EXTERNAL_COMPONENTS,
  modules_on = modules_on,
  -- Gives the configuration `into` the options of that kind of host.
  configure = function(into, kind)
    for name, value in pairs(options_on(kind)) do into[name] = value end
  end,
  -- Where the socket of `prosodyctl shell` and the process id go: some volumes can hold no socket.
  run_folder = is_writable("/run/prosody") and "/run/prosody" or "/var/lib/prosody",
  extra = values.PROSODY_EXTRA_CONFIG,
  has_extra = lfs.attributes((values.PROSODY_EXTRA_CONFIG:gsub("/[^/]*$", "")), "mode") == "directory",
}
