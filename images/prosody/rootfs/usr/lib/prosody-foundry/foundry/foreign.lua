-- Variables of other Prosody images that are no alias of an option, because they are read in another way or have no
-- counterpart. Name → name of ours; or { to = ours, map = { [theirs, lower case] = text of ours } }; or
-- { to = ours, make = function(text) → text of ours or nil }; or the sentence that says what to do instead.
-- A sentence in { nothing = … } is told, and is nothing to do.

local parse = require("foundry.parse")

local yes_no = { ["true"] = "true", ["1"] = "true", yes = "true", on = "true", ["false"] = "false", ["0"] = "false", no = "false", off = "false" }
local function when_on(text) return { ["true"] = text, ["1"] = text, yes = text, on = text, ["false"] = "", ["0"] = "", no = "", off = "" } end

local function modules(text)
  local names = {}
  for name in text:gmatch("[%w_-]+") do names[#names + 1] = name:gsub("^mod_", "") .. "" end
  return table.concat(names, ",")
end

local function mail(text) return "mailto:" .. text end

local in_modules = "mount the folder with your modules as /etc/prosody/modules; PROSODY_ENABLE_MODULES switches them on."
local in_conf = "mount a file as /etc/prosody/conf.d/<name>.cfg.lua instead."
local user = "start the container with --user <user>:<group>, which owns the volume."
local certificates = "mount certificates, as certbot or acme.sh keep them, as /etc/prosody/certs: no import is needed."
local by_image = "the image's tag chooses the Prosody series."
local captcha = "mod_register_web has captchas: PROSODY_ENABLE_MODULES=register_web, and its options in conf.d."
local of_container = { nothing = "it is the container's own." }

local variables = {
  -- the process
  __FLUSH_LOG = { nothing = "the log is never held back here." },
  TZ = "all times are told in UTC; `docker logs --timestamps` or PROSODY_LOG_TIMESTAMPS=true puts them before the lines of the log.",
  PUID = user, PGID = user,
  LUA_VERSION = { nothing = "there is one Lua in the image." },
  PROSODY_VERSION = by_image, PROSODY_NETWORK_BACKEND = "Prosody's own choice is kept; a file in conf.d can set network_backend.",
  PROSODY_CONFIGDIR = "the configuration is in /etc/prosody; " .. in_conf,
  SINCE = "it was shown on a web page of that image, which this one does not have.",
  PATH = of_container, HOME = of_container, HOSTNAME = of_container, PWD = of_container, TERM = of_container, LANG = of_container,
  -- modules
  PROSODY_MODULES = in_modules, CUSTOM_MODULES = in_modules, PROSODY_MODULES_AVAILABLE = in_modules, ENABLE_MODULE_PATHS = in_modules,
  SELECT_COMMUNITY_MODULES = { to = "PROSODY_ENABLE_MODULES", make = modules },
  -- files
  ENABLE_CONFD = { nothing = "/etc/prosody/conf.d/*.cfg.lua is always read." },
  PROSODY_EXTRA_CFG = { nothing = "/etc/prosody/conf.d/*.cfg.lua is always read." },
  PROSODY_IMPORT_CERTIFICATE_HOSTNAMES = certificates, PROSODY_IMPORT_CERTIFICATE_DIRECTORIES = certificates,
  -- accounts
  CAPTCHA_PRIVATE = captcha, CAPTCHA_PUBLIC = captcha,
  LDAP_ADMIN_FILTER = "Prosody asks LDAP about administrators no more since 13.0: name them in PROSODY_ADMINS.",
  PROSODY_DEFAULT_VIRTUALHOST = { to = "PROSODY_VIRTUAL_HOSTS" },
  PROSODY_ENABLE_DEFAULT_VIRTUALHOST = "PROSODY_VIRTUAL_HOSTS names the domains.",

  -- Snikket
  SNIKKET_DOMAIN = "PROSODY_DOMAIN",
  SNIKKET_ADMIN_EMAIL = { to = "PROSODY_CONTACT_ADMIN", make = mail },
  SNIKKET_ABUSE_EMAIL = { to = "PROSODY_CONTACT_ABUSE", make = mail },
  SNIKKET_SECURITY_EMAIL = { to = "PROSODY_CONTACT_SECURITY", make = mail },
  SNIKKET_RETENTION_DAYS = "PROSODY_RETENTION_DAYS",
  SNIKKET_UPLOAD_STORAGE_GB = "PROSODY_UPLOAD_STORAGE_GB",
  SNIKKET_DAILY_UPLOAD_LIMIT_PER_USER_GB = {
    to = "PROSODY_UPLOAD_DAILY_QUOTA_MB",
    make = function(text) return tonumber(text) and ("%d"):format(tonumber(text) * 1024 // 1) end,
  },
  SNIKKET_LOGLEVEL = "PROSODY_LOGLEVEL",
  SNIKKET_TLS_PROFILE = { to = "PROSODY_TLS_PROFILE", map = { modern = "modern", intermediate = "intermediate" } },
  SNIKKET_PROXY65_PORT = "PROSODY_PROXY65_PORT",
  SNIKKET_MAX_USER_CLIENTS = "PROSODY_SESSIONS_PER_ACCOUNT",
  SNIKKET_TWEAK_DNSSEC = { to = "PROSODY_USE_DANE", map = yes_no },
  SNIKKET_TWEAK_EXTRA_CONFIG = "PROSODY_EXTRA_CONFIG",
  SNIKKET_TWEAK_IPV6 = { to = "PROSODY_IPV6", map = yes_no },
  SNIKKET_TWEAK_STORAGE = { to = "PROSODY_STORAGE", map = { files = "internal", sqlite = "sqlite" } },
  SNIKKET_TWEAK_INTERNAL_HTTP_PORT = "PROSODY_HTTP_PORTS",
  SNIKKET_TWEAK_PROMETHEUS = { to = "PROSODY_STATISTICS", map = when_on("internal") },
  SNIKKET_TWEAK_SHARE_DOMAIN = "PROSODY_UPLOAD_DOMAIN",
  SNIKKET_TWEAK_TURNSERVER_DOMAIN = "PROSODY_TURN_HOST",
  SNIKKET_TWEAK_TURNSERVER_SECRET = "PROSODY_TURN_SECRET",
  SNIKKET_TWEAK_TURNSERVER_PORT = "PROSODY_TURN_PORT",
  SNIKKET_TWEAK_GC3 = { to = "PROSODY_GC", map = when_on("generational") },
  SNIKKET_TWEAK_S2S_STATUS = { to = "PROSODY_ENABLE_MODULES", map = when_on("s2s_status") },
  SNIKKET_TWEAK_PUSH2 = { to = "PROSODY_ENABLE_MODULES", map = when_on("push2") },
  SNIKKET_CERTBOT_OPTIONS = certificates, SNIKKET_CERTBOT_KEY_OPTIONS = certificates, SNIKKET_CERTS_WAIT = certificates,

  -- Jitsi Meet
  AUTH_TYPE = { to = "PROSODY_AUTHENTICATION", map = { internal = "internal_hashed", ldap = "ldap" } },
  PROSODY_AUTH_TYPE = { to = "PROSODY_AUTHENTICATION", map = { internal = "internal_hashed", ldap = "ldap" } },
  LDAP_URL = { to = "PROSODY_LDAP_SERVER", make = function(text) return (parse.ldap(text)) end },
  LDAP_BINDDN = "PROSODY_LDAP_ROOTDN", LDAP_BINDPW = "PROSODY_LDAP_PASSWORD",
  LDAP_START_TLS = { to = "PROSODY_LDAP_TLS", map = yes_no },
  GLOBAL_MODULES = { to = "PROSODY_ENABLE_MODULES", make = modules },
  XMPP_MODULES = { to = "PROSODY_ENABLE_MODULES", make = modules },
  XMPP_MUC_MODULES = { to = "PROSODY_MUC_MODULES", make = modules },
  XMPP_MUC_DOMAIN = "PROSODY_MUC_DOMAIN",
  XMPP_PORT = "PROSODY_C2S_PORTS", PROSODY_S2S_PORT = "PROSODY_S2S_PORTS",
  PROSODY_ENABLE_METRICS = { to = "PROSODY_STATISTICS", map = when_on("internal") },
  PUBLIC_URL = "PROSODY_HTTP_EXTERNAL_URL",
  GC_TYPE = { to = "PROSODY_GC", map = { incremental = "incremental", generational = "generational" } },
  ENABLE_IPV6 = { to = "PROSODY_IPV6", map = yes_no },
  ENABLE_XMPP_WEBSOCKET = { to = "PROSODY_WEB_CLIENTS", map = yes_no },
  TURNS_HOST = "PROSODY_TURN_HOST is one host for both.",
  TURN_TRANSPORT = { to = "PROSODY_TURN_TCP", map = { tcp = "true", udp = "false" } },
  GLOBAL_CONFIG = in_conf, XMPP_CONFIGURATION = in_conf, XMPP_MUC_CONFIGURATION = in_conf, PROSODY_LOG_CONFIG = in_conf,
}

-- What begins so is a setting of another program of those bundles.
local families = {
  { "^SNIKKET_", "it belongs to Snikket's own services, which this image does not have." },
  { "^TWEAK_SNIKKET_", "it belongs to Snikket's own services, which this image does not have." },
  { "^PROSODY_STORAGE_", nil },
  { "^J[VI][BCGR][A-Z]*_", "it belongs to Jitsi Meet, which this image does not serve." },
  { "^JWT_", "it belongs to Jitsi Meet, which this image does not serve." },
  { "^MATRIX_", "it belongs to Jitsi Meet, which this image does not serve." },
  { "^VISITORS_", "it belongs to Jitsi Meet, which this image does not serve." },
  { "^XMPP_", "it belongs to Jitsi Meet, which this image does not serve." },
  { "^PROSODY_VISITOR", "it belongs to Jitsi Meet, which this image does not serve." },
  { "^PROSODY_RATE_LIMIT", "it belongs to Jitsi Meet, which this image does not serve." },
  { "^PROSODY_RESERVATION", "it belongs to Jitsi Meet, which this image does not serve." },
}

-- OpusVL has a variable for each store.
local function by_store(name, text)
  local store = name:match("^PROSODY_STORAGE_([%w_]+)$")
  if store then return "PROSODY_STORES", store:lower() .. ":" .. text end
end

-- What there is here instead of a variable of another image's, in a sentence, or nil; and the option that it may be meant for.
local function instead_of(name)
  if by_store(name, "") then return "PROSODY_STORES has the backends of all stores.", "PROSODY_STORES" end
  local rule = variables[name]
  local to = type(rule) == "table" and rule.to or rule
  if type(to) == "string" then
    if to:find("^PROSODY_[%u%d_]+$") then return ("that is %s here."):format(to), to end
    return to
  end
  if rule then return rule.nothing end
  for _, family in ipairs(families) do
    if name:find(family[1]) then return family[2] end
  end
end

-- Variables that SaraSmiseth's image alone has.
local saras = { "DOMAIN_MUC", "DOMAIN_HTTP_UPLOAD", "E2E_POLICY_CHAT" }

-- What an image does by itself where nothing is set, and ours does not.
local defaults = {
  {
    of = { "DOMAIN_MUC", "DOMAIN_HTTP_UPLOAD", "DB_DATABASE", "E2E_POLICY_CHAT", "ALLOW_REGISTRATION", "SERVER_CONTACT_INFO_ADMIN" },
    unset = "DB_DRIVER", say = "that image keeps data in SQLite (/usr/local/var/lib/prosody/prosody.sqlite): PROSODY_STORAGE=sqlite.",
  },
  {
    of = { "DOMAIN_MUC", "DOMAIN_HTTP_UPLOAD", "DB_DRIVER", "E2E_POLICY_CHAT" }, unset = "ALLOW_REGISTRATION",
    say = "that image lets everybody register; this one who is invited. PROSODY_REGISTRATION=open is the same.",
  },
  {
    of = { "DOMAIN_MUC", "DOMAIN_HTTP_UPLOAD", "DB_DRIVER", "ALLOW_REGISTRATION" }, unset = "E2E_POLICY_CHAT",
    say = "that image demands end-to-end encryption: PROSODY_E2E_POLICY_CHAT=required and PROSODY_E2E_POLICY_MUC=required.",
  },
  {
    of = saras, unset = "PROSODY_ARCHIVE_EXPIRY_DAYS",
    say = "that image keeps messages for a year, this one for a week: PROSODY_ARCHIVE_EXPIRY_DAYS=365.",
  },
  { of = saras, say = "That image keeps messages in the store archive2: archive_store = \"archive2\" in a file in conf.d finds them." },
  {
    of = saras, unset = "DOMAIN_PROXY",
    say = "that image has a file transfer proxy at proxy.<domain>: PROSODY_PROXY65_DOMAIN.",
  },
  {
    of = saras, unset = "DOMAIN_PUBSUB",
    say = "that image has a publish-subscribe service at pubsub.<domain>: PROSODY_PUBSUB_DOMAIN.",
  },
  {
    of = { "PROSODY_DB_DRIVER", "PROSODY_DB_NAME", "PROSODY_DB_PASSWORD", "PROSODY_DB_PASSWORD_FILE" }, unset = "PROSODY_DB_HOST",
    say = "that image looks for its database at postgresql: PROSODY_SQL_HOST=postgresql.",
  },
  { of = { "LDAP_SERVER" }, unset = "LDAP_TLS", say = "the connection to the LDAP server is encrypted here: PROSODY_LDAP_TLS=false if it cannot." },
  {
    of = { "SNIKKET_DOMAIN" }, unset = "PROSODY_MUC_DOMAIN",
    say = "Snikket has rooms at groups.<domain> and uploads at share.<domain>: PROSODY_MUC_DOMAIN and PROSODY_UPLOAD_DOMAIN.",
  },
}

return { variables = variables, families = families, by_store = by_store, instead_of = instead_of, defaults = defaults }
