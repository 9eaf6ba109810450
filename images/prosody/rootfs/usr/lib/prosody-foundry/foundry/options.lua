-- The one table of all environment options. Everything else is made from it: the check at start, `help`, `migrate-env`,
-- the configuration, the reference in the README, the JSON schema and the list of what the tests have to prove.
--
-- name      canonical name; those of prosodyim/prosody's image keep theirs
-- aliases   names of other images: a string, or a table: { name, values = { [their value] = ours } };
--           { name, unit = number, type = } where theirs is read in another way: ours = theirs × unit;
--           { name, narrows = { [value] = narrower } } where theirs only restricts what another name gave
-- type      how the text is read, see parse.lua; `choices`, `least` and `most` narrow it
-- default   a value, not a text; what Prosody has by itself where nothing stands here, told by `usually`
-- secret    never shown, and can be read from the file that <name>_FILE names
-- sets      options of Prosody's it gives a value, globally or on the kind of host that `on` names; none where the image itself
--           does what it says
-- unit      what a number is multiplied by for Prosody
-- by        instead of a plain copy: settings/*.lua makes configuration of it; what for, in a word
-- module    the module that does it, where an image may come without; part_of: the one that does it and that all images have
-- needs     what it cannot be without, see needs.lua: that is an error, where data or safety is at stake; `lest` says what
-- wants     what it has no effect without: the log says so
-- enables   modules that are switched on where the option has a value other than false; `kind` of host as in `on`
-- since     the first series that has it
-- example   a value as the environment has it, for the reference

local day, megabyte = 86400, 1024 * 1024

-- What several options need or want.
local of_ldap, of_http, of_oauth = "PROSODY_AUTHENTICATION=ldap", "PROSODY_AUTHENTICATION=http", "PROSODY_AUTHENTICATION=oauth_external"
local own_accounts = "PROSODY_AUTHENTICATION=internal_hashed"
local any_database, database_server = "PROSODY_SQL_DRIVER or PROSODY_STORAGE=sqlite", "PROSODY_SQL_DRIVER=PostgreSQL|MySQL"
local in_files = "all data is kept in files"

local function group(title, options)
  for _, option in ipairs(options) do option.group = title end
  return options
end

local groups = {
  group("Domain and accounts", {
    {
      name = "PROSODY_DOMAIN", aliases = { "DOMAIN", "XMPP_DOMAIN" }, type = "domain", by = "hosts",
      sets = "VirtualHost", usually = "the first of PROSODY_VIRTUAL_HOSTS, or the container's hostname if it has a dot, or localhost", example = "example.org",
      help = "the domain of the addresses: example.org for user@example.org",
    },
    {
      name = "PROSODY_VIRTUAL_HOSTS", type = "domains", default = {}, by = "hosts",
      sets = "VirtualHost", example = "example.org,example.net", help = "more domains that have addresses, each with rooms and uploads of its own",
    },
    {
      name = "PROSODY_NETWORK_HOSTNAME", type = "domain", sets = { "http_host", "http_default_host", "proxy65_address", "turn_external_host" }, by = "network",
      usually = "the domain of each service", example = "xmpp.example.org",
      help = "the name under which the machine itself is reached, by HTTP, for TURN and for the file transfer proxy",
    },
    {
      name = "PROSODY_ADMINS", aliases = { "ADMIN_JID" }, type = "addresses", default = {}, sets = "admins",
      example = "me@example.org", help = "addresses of the administrators",
    },
    {
      name = "PROSODY_ACCOUNT", aliases = { "LOCAL" }, type = "account", by = "account", sets = "foundry_account",
      usually = "the first of PROSODY_ADMINS", example = "me",
      help = "an account that is made where it does not exist yet: its address, or its part before the @",
    },
    {
      name = "PROSODY_ACCOUNT_PASSWORD", aliases = { "PASSWORD" }, type = "text", secret = true, by = "account",
      sets = "foundry_account", help = "the first password of PROSODY_ACCOUNT; one that exists keeps its own",
    },
  }),
  group("Registration", {
    {
      name = "PROSODY_REGISTRATION",
      aliases = {
        { "ALLOW_REGISTRATION", values = { ["true"] = "open", ["false"] = "closed" } },
        { "PROSODY_ALLOW_REGISTRATION", values = { ["true"] = "open", ["false"] = "closed" } },
        { "REGISTRATION_INVITE_ONLY", values = { ["true"] = "invite" }, narrows = { open = "invite" } },
      },
      type = "choice", choices = { "closed", "invite", "open" }, default = "invite", by = "registration",
      sets = { "allow_registration", "registration_invite_only" },
      help = "who may make an account: nobody, who was invited, or everybody",
    },
    {
      name = "PROSODY_REGISTRATION_MAX", type = "integer", least = 1, default = 3, sets = "registration_throttle_max",
      help = "accounts that one network address may make in PROSODY_REGISTRATION_PERIOD",
      wants = own_accounts, part_of = "register_limits",
    },
    {
      name = "PROSODY_REGISTRATION_PERIOD", type = "period", default = 3600, sets = "registration_throttle_period",
      example = "1h", help = "the time that PROSODY_REGISTRATION_MAX counts in",
      wants = own_accounts, part_of = "register_limits",
    },
    {
      name = "PROSODY_INVITE_EXPIRY", type = "period", default = 7 * day, sets = "invite_expiry", example = "3d",
      help = "how long an invitation can be used",
      wants = own_accounts, part_of = "invites",
    },
    {
      name = "PROSODY_PASSWORD_MIN_LENGTH", type = "integer", least = 1, default = 8, by = "passwords",
      sets = "password_policy", module = "password_policy", help = "characters a new password needs",
      wants = "PROSODY_AUTHENTICATION=internal_hashed|ldap",
    },
  }),
  group("Authentication", {
    {
      name = "PROSODY_AUTHENTICATION", aliases = { "AUTHENTICATION" }, type = "choice",
      choices = { "internal_hashed", "ldap", "http", "oauth_external", "anonymous" }, default = "internal_hashed",
      by = "authentication", sets = "authentication", help = "who knows the passwords",
    },
    {
      name = "PROSODY_ALLOW_PLAIN", type = "boolean", usually = "true with ldap, http and oauth_external, else false",
      by = "authentication", sets = "disable_sasl_mechanisms",
      help = "clients may send the password itself, through TLS; who asks another server for it must",
      wants = "PROSODY_AUTHENTICATION=internal_hashed|ldap|http|oauth_external",
    },
    {
      name = "PROSODY_PASSWORD_HASH", type = "choice", choices = { "SHA-1", "SHA-256" }, default = "SHA-1",
      sets = "password_hash", help = "how new passwords are kept: every client can do SCRAM with SHA-1",
      wants = own_accounts,
    },
    {
      name = "PROSODY_LDAP_SERVER", aliases = { "LDAP_SERVER" }, type = "ldap", sets = "ldap_server", needs = of_ldap,
      usually = "localhost", example = "ldaps://ldap.example.org",
      help = "the LDAP server: host, or host:port, or ldaps://host where TLS is from the start; several are tried in turn",
    },
    {
      name = "PROSODY_LDAP_BASE", aliases = { "LDAP_BASE" }, type = "text", sets = "ldap_base", needs = of_ldap,
      example = "ou=people,dc=example,dc=org", help = "where the accounts are searched",
    },
    {
      name = "PROSODY_LDAP_ROOTDN", aliases = { "LDAP_ROOTDN" }, type = "text", sets = "ldap_rootdn", needs = of_ldap,
      usually = "anonymous", example = "cn=prosody,dc=example,dc=org", help = "who searches",
    },
    {
      name = "PROSODY_LDAP_PASSWORD", aliases = { "LDAP_PASSWORD" }, type = "text", secret = true,
      sets = "ldap_password", needs = { of_ldap, "PROSODY_LDAP_ROOTDN" }, help = "the password of PROSODY_LDAP_ROOTDN",
    },
    {
      name = "PROSODY_LDAP_FILTER", aliases = { "LDAP_FILTER" }, type = "text", sets = "ldap_filter", needs = of_ldap,
      usually = "(uid=$user)", example = "(mail=$user@$host)", help = "which entry is an account's; $user and $host are filled in",
    },
    {
      name = "PROSODY_LDAP_SCOPE", aliases = { "LDAP_SCOPE" }, type = "choice",
      choices = { "subtree", "base", "onelevel" }, default = "subtree", sets = "ldap_scope", needs = of_ldap,
      help = "how deep the search goes",
    },
    {
      name = "PROSODY_LDAP_TLS", aliases = { "LDAP_TLS" }, type = "boolean", default = true, sets = "ldap_tls", by = "ldap",
      needs = of_ldap, help = "the connection to the LDAP server is encrypted by StartTLS; ldaps:// is anyway",
    },
    {
      name = "PROSODY_LDAP_TLS_CA", type = "file", by = "ldap",
      needs = { of_ldap, "PROSODY_LDAP_TLS=true or PROSODY_LDAP_SERVER=ldaps://…" },
      usually = "the public authorities", example = "/etc/prosody/certs/ldap-ca.pem",
      help = "certificates that vouch for the LDAP server",
    },
    {
      name = "PROSODY_LDAP_MODE", aliases = { "LDAP_MODE" }, type = "choice", choices = { "bind", "getpasswd" },
      default = "bind", sets = "ldap_mode", needs = of_ldap,
      help = "the password is tried on the LDAP server, or its userPassword is read (plain text there)",
    },
    {
      name = "PROSODY_AUTH_HTTP_URL", type = "url", sets = "http_auth_url", needs = of_http,
      example = "https://accounts.example.org/check", help = "the address that is asked about a password",
    },
    -- 0.12 has no OAUTHBEARER, and the module's authors vouch for nothing there: its image comes without.
    {
      name = "PROSODY_OAUTH_DISCOVERY_URL", type = "url", sets = "oauth_external_discovery_url", needs = of_oauth, since = "13.0",
      example = "https://id.example.org/.well-known/openid-configuration", help = "where clients learn about the provider",
    },
    {
      name = "PROSODY_OAUTH_VALIDATION_URL", type = "url", sets = "oauth_external_validation_endpoint",
      needs = of_oauth, since = "13.0", example = "https://id.example.org/userinfo", help = "the address that knows a token's owner",
    },
    {
      name = "PROSODY_OAUTH_TOKEN_URL", type = "url", sets = "oauth_external_token_endpoint", needs = of_oauth, since = "13.0",
      example = "https://id.example.org/token", help = "the address that gives a token for a password, for clients without OAuth",
    },
    {
      name = "PROSODY_OAUTH_USERNAME_FIELD", type = "text", sets = "oauth_external_username_field",
      needs = of_oauth, since = "13.0", usually = "preferred_username", example = "nickname", help = "which claim is the account's name",
    },
    {
      name = "PROSODY_OAUTH_CLIENT_ID", type = "text", sets = "oauth_external_client_id", needs = of_oauth, since = "13.0",
      example = "prosody", help = "this server's name at the provider",
    },
    {
      name = "PROSODY_OAUTH_CLIENT_SECRET", type = "text", secret = true, sets = "oauth_external_client_secret",
      needs = { of_oauth, "PROSODY_OAUTH_CLIENT_ID" }, since = "13.0", help = "its password there",
    },
  }),
  group("Storage", {
    {
      name = "PROSODY_STORAGE", aliases = { "STORAGE", "DEFAULT_STORAGE", "PROSODY_DEFAULT_STORAGE" }, type = "choice",
      choices = { "internal", "sqlite", "sql", "memory" }, usually = "internal, or sql with PROSODY_SQL_DRIVER",
      by = "storage", sets = "default_storage",
      help = "where data is kept; sql takes PROSODY_SQL_*; memory forgets all at the end",
    },
    {
      name = "PROSODY_STORES", type = "stores", default = {}, by = "storage", sets = "storage",
      example = "archive:sql,muc_log:sql", help = "stores that are kept elsewhere than the rest",
    },
    {
      name = "PROSODY_SQL_DRIVER", aliases = { "DB_DRIVER", "PROSODY_DB_DRIVER" }, type = "choice",
      choices = { "PostgreSQL", "MySQL", "SQLite3" }, by = "storage", sets = "sql",
      help = "the kind of database; MySQL is MariaDB, too",
    },
    {
      name = "PROSODY_SQL_DB", aliases = { "DB_DATABASE", "DB_NAME", "PROSODY_DB_NAME" }, type = "text", by = "storage", sets = "sql",
      usually = "prosody, or prosody.sqlite", example = "prosody", help = "name of the database",
      needs = any_database, lest = in_files,
    },
    {
      name = "PROSODY_SQL_HOST", aliases = { "DB_HOST", "PROSODY_DB_HOST" }, type = "text", default = "localhost",
      by = "storage", sets = "sql", example = "postgres", help = "host of the database",
      needs = database_server, lest = in_files,
    },
    {
      name = "PROSODY_SQL_PORT", aliases = { "DB_PORT", "PROSODY_DB_PORT" }, type = "port", by = "storage", sets = "sql",
      usually = "the driver's own", example = "5433", help = "port of the database",
      needs = database_server, lest = in_files,
    },
    {
      name = "PROSODY_SQL_USERNAME", aliases = { "DB_USERNAME", "PROSODY_DB_USERNAME" }, type = "text", default = "prosody", by = "storage",
      sets = "sql", help = "user of the database",
      needs = any_database, wants = database_server, lest = in_files,
    },
    {
      name = "PROSODY_SQL_PASSWORD", aliases = { "DB_PASSWORD", "PROSODY_DB_PASSWORD" }, type = "text", secret = true, by = "storage",
      sets = "sql", help = "password of that user",
      needs = any_database, wants = database_server, lest = in_files,
    },
    {
      name = "PROSODY_SQL_TLS", type = "choice", choices = { "disable", "prefer", "require", "verify-ca", "verify-full" },
      by = "storage", sets = "sql", usually = "prefer, or disable with MySQL", example = "verify-full",
      help = "encryption of the connection to the database; with MySQL verify-ca is as strict as verify-full",
      needs = database_server, lest = in_files,
    },
    {
      name = "PROSODY_SQL_TLS_CA", type = "file", by = "storage", sets = "sql", example = "/etc/prosody/certs/database-ca.pem",
      help = "certificates that vouch for the database",
      needs = database_server, lest = in_files,
    },
    {
      name = "PROSODY_SQL_WAIT", type = "period", default = 60, by = "storage", example = "5m",
      help = "how long the start waits for a database that does not answer yet",
      wants = database_server,
    },
  }),
  group("Archive", {
    {
      name = "PROSODY_RETENTION_DAYS", type = "days", default = 7, unit = day, by = "retention",
      sets = { "archive_expires_after", "muc_log_expires_after", "http_file_share_expires_after" },
      example = "30", help = "days that messages and uploaded files are kept, or never",
    },
    {
      name = "PROSODY_ARCHIVE_EXPIRY_DAYS",
      aliases = { "ARCHIVE_EXPIRY_DAYS", { "PROSODY_ARCHIVE_EXPIRES_AFTER", type = "expiry", unit = 1 / day } }, type = "days", unit = day, by = "retention",
      sets = { "archive_expires_after", "muc_log_expires_after" }, usually = "PROSODY_RETENTION_DAYS", example = "365",
      help = "days that messages are kept, or never",
    },
    {
      name = "PROSODY_UPLOAD_EXPIRY_DAYS",
      aliases = { { "HTTP_FILE_SHARE_EXPIRES_AFTER", type = "expiry", unit = 1 / day } }, type = "days", unit = day, by = "retention",
      sets = "http_file_share_expires_after", usually = "PROSODY_RETENTION_DAYS", example = "30",
      help = "days that uploaded files are kept, or never",
      wants = "http_file_share",
    },
    {
      name = "PROSODY_ARCHIVE_POLICY", type = "choice", choices = { "always", "roster", "never" }, by = "archive",
      sets = "default_archive_policy", default = "always",
      help = "whose messages are kept, where the account says nothing: everybody's, or those of contacts",
      part_of = "mam",
    },
  }),
  group("Encryption and federation", {
    {
      name = "PROSODY_CERTIFICATES", type = "folder", default = "/etc/prosody/certs", by = "certificates",
      sets = { "ssl", "certificates" },
      example = "/etc/letsencrypt", help = "folder with the certificates, as certbot, acme.sh, Caddy or Traefik's dump lay it out",
    },
    {
      name = "PROSODY_SELF_SIGNED", type = "boolean", default = true, by = "certificates", sets = "ssl",
      help = "a host without a certificate gets one that nobody trusts, for a first try",
    },
    {
      name = "PROSODY_TLS_PROFILE", type = "choice", choices = { "modern", "intermediate" }, default = "intermediate",
      sets = "tls_profile", help = "Mozilla's profile of TLS versions and ciphers: modern is TLS 1.3 alone",
    },
    {
      name = "PROSODY_C2S_REQUIRE_ENCRYPTION", aliases = { "C2S_REQUIRE_ENCRYPTION" }, type = "boolean", default = true,
      sets = "c2s_require_encryption", help = "clients must use TLS",
    },
    {
      name = "PROSODY_S2S", aliases = { "PROSODY_ENABLE_S2S" }, type = "boolean", default = true, by = "federation",
      sets = "modules_disabled", help = "talk to other servers",
    },
    {
      name = "PROSODY_S2S_REQUIRE_ENCRYPTION", aliases = { "S2S_REQUIRE_ENCRYPTION" }, type = "boolean", default = true,
      sets = "s2s_require_encryption", help = "other servers must use TLS",
      wants = "PROSODY_S2S=true",
    },
    {
      name = "PROSODY_S2S_SECURE_AUTH", aliases = { "S2S_SECURE_AUTH" }, type = "boolean", default = true,
      sets = "s2s_secure_auth", help = "other servers must show a valid certificate",
      wants = "PROSODY_S2S=true",
    },
    {
      name = "PROSODY_S2S_SECURE_DOMAINS", aliases = { "S2S_SECURE_DOMAINS" }, type = "domains", default = {},
      sets = "s2s_secure_domains", example = "example.net", help = "servers that must, although others need not",
      wants = { "PROSODY_S2S=true", "PROSODY_S2S_SECURE_AUTH=false" },
    },
    {
      name = "PROSODY_S2S_INSECURE_DOMAINS", aliases = { "S2S_INSECURE_DOMAINS" }, type = "domains", default = {},
      sets = "s2s_insecure_domains", example = "example.net", help = "servers that need not, although others must",
      wants = { "PROSODY_S2S=true", "PROSODY_S2S_SECURE_AUTH=true" },
    },
    {
      name = "PROSODY_TRUSTED_CAS", type = "file", by = "trust", sets = "ssl", example = "/etc/prosody/certs/our-ca.pem",
      help = "certificates of authorities that are trusted beside the public ones, of other servers and of web addresses",
    },
    {
      name = "PROSODY_USE_DANE", aliases = { "USE_DANE" }, type = "boolean", default = false, sets = { "use_dane", "unbound" },
      by = "dane", help = "certificates of other servers are vouched for by DNSSEC where their domain says so; needs DNS servers that pass it on",
      wants = "PROSODY_S2S=true",
    },
    {
      name = "PROSODY_DNS_RESOLVERS", aliases = { "DNS_RESOLVERS" }, type = "addresses-ip", by = "dns", sets = "unbound",
      usually = "those of the container", example = "9.9.9.9", help = "DNS servers that are asked",
    },
  }),
  group("Limits", {
    {
      name = "PROSODY_C2S_RATE_LIMIT", aliases = { "C2S_RATE_LIMIT", "PROSODY_C2S_LIMIT" }, type = "rate",
      default = "10kb/s", by = "limits", sets = "limits", example = "20kb/s", help = "what one client may send",
      part_of = "limits",
    },
    {
      name = "PROSODY_S2S_RATE_LIMIT", aliases = { "S2S_RATE_LIMIT", "PROSODY_S2S_LIMIT" }, type = "rate",
      default = "30kb/s", by = "limits", sets = "limits", example = "1mb/s", help = "what one other server may send",
      wants = "PROSODY_S2S=true", part_of = "limits",
    },
    {
      name = "PROSODY_C2S_STANZA_SIZE_LIMIT", type = "size", default = 256 * 1024, least = 10000,
      sets = "c2s_stanza_size_limit", example = "512kb", help = "the largest stanza of a client",
    },
    {
      name = "PROSODY_S2S_STANZA_SIZE_LIMIT", type = "size", default = 512 * 1024, least = 10000,
      sets = "s2s_stanza_size_limit", example = "1mb", help = "the largest stanza of another server",
      wants = "PROSODY_S2S=true",
    },
    {
      name = "PROSODY_CONNECTIONS_PER_ADDRESS", type = "integer", least = 1, default = 200, sets = "foundry_connections_per_address",
      example = "1000", help = "connections that one network address may have at a time, but no trusted proxy's and not the engine's own",
    },
    {
      name = "PROSODY_SESSIONS_PER_ACCOUNT", type = "integer", least = 1, default = 20, sets = "foundry_sessions_per_account",
      help = "how often an account may be logged in at a time",
    },
    {
      name = "PROSODY_LOGIN_FAILURES", type = "integer", least = 1, default = 10, sets = "foundry_login_failures",
      help = "wrong passwords for one account that are taken from one network address in PROSODY_LOGIN_FAILURES_PERIOD, and ten times as many for all accounts",
    },
    {
      name = "PROSODY_LOGIN_FAILURES_PERIOD", type = "period", default = 600, sets = "foundry_login_failures_period",
      example = "1h", help = "the time that PROSODY_LOGIN_FAILURES counts in",
    },
  }),
  group("Ports and HTTP", {
    {
      name = "PROSODY_C2S_PORTS", type = "ports", default = { 5222 }, sets = "c2s_ports", help = "for clients, with StartTLS",
    },
    {
      name = "PROSODY_C2S_DIRECT_TLS_PORTS", type = "ports", default = { 5223 }, sets = "c2s_direct_tls_ports",
      help = "for clients, TLS from the start",
    },
    {
      name = "PROSODY_S2S_PORTS", type = "ports", default = { 5269 }, sets = "s2s_ports", help = "for servers, with StartTLS",
      wants = "PROSODY_S2S=true",
    },
    {
      name = "PROSODY_S2S_DIRECT_TLS_PORTS", type = "ports", default = { 5270 }, sets = "s2s_direct_tls_ports",
      help = "for servers, TLS from the start",
      wants = "PROSODY_S2S=true",
    },
    {
      name = "PROSODY_HTTP_PORTS", aliases = { "PROSODY_HTTP_PORT" }, type = "ports", default = { 5280 },
      sets = "http_ports", help = "HTTP, for a reverse proxy",
    },
    {
      name = "PROSODY_HTTPS_PORTS", aliases = { "PROSODY_HTTPS_PORT" }, type = "ports", default = { 5281 },
      sets = "https_ports", help = "HTTPS",
    },
    {
      name = "PROSODY_HTTP_EXTERNAL_URL", type = "url", sets = "http_external_url", example = "https://xmpp.example.org/",
      help = "the address of HTTP as the world sees it, where a reverse proxy has another one",
    },
    {
      name = "PROSODY_TRUSTED_PROXIES", type = "networks", default = { "127.0.0.1", "::1" }, sets = "trusted_proxies",
      example = "172.18.0.0/16", help = "reverse proxies whose X-Forwarded-For is believed",
    },
    {
      name = "PROSODY_HTTP_MAX_CONTENT_SIZE", aliases = { "HTTP_MAX_CONTENT_SIZE" }, type = "size",
      sets = "http_max_content_size", default = megabyte, example = "10mb", help = "the largest body of a request, uploads apart",
    },
    {
      name = "PROSODY_WEB_CLIENTS", type = "boolean", default = true, by = "web",
      sets = "modules_enabled", help = "BOSH, WebSocket and the document that leads web clients there",
    },
    {
      name = "PROSODY_IPV6", type = "boolean", by = "network", usually = "true where the container has it", sets = "interfaces",
      help = "listen and connect over IPv6",
    },
  }),
  group("Rooms", {
    {
      name = "PROSODY_MUC_DOMAIN", aliases = { "DOMAIN_MUC" }, type = "component", by = "components", sets = "Component",
      usually = "conference.<domain>", example = "rooms.example.org", help = "the domain of the rooms, or none",
    },
    {
      name = "PROSODY_MUC_NAME", type = "text", on = "muc", sets = "name", default = "Rooms", help = "what the service is called",
    },
    {
      name = "PROSODY_MUC_CREATION", type = "choice", choices = { "local", "admin", "everybody" }, default = "local",
      on = "muc", by = "rooms", sets = "restrict_room_creation", help = "who may make rooms",
    },
    {
      name = "PROSODY_MUC_DEFAULT_PUBLIC", type = "boolean", default = false, on = "muc", sets = "muc_room_default_public",
      help = "new rooms are listed",
    },
    {
      name = "PROSODY_MUC_DEFAULT_MEMBERS_ONLY", type = "boolean", default = false, on = "muc",
      sets = "muc_room_default_members_only", help = "new rooms are for members",
    },
    {
      name = "PROSODY_MUC_DEFAULT_PERSISTENT", type = "boolean", default = false, on = "muc",
      sets = "muc_room_default_persistent", help = "new rooms stay when they are empty",
    },
    {
      name = "PROSODY_MUC_HISTORY", type = "integer", least = 0, default = 20, on = "muc",
      sets = { "max_history_messages", "muc_room_default_history_length" }, help = "messages shown to who comes in",
    },
    {
      name = "PROSODY_MUC_EVENT_RATE", type = "number", least = 0, default = 20, on = "muc", sets = "muc_event_rate",
      example = "5", help = "what all without a role in a room may say and do there a second, six seconds' worth at once",
    },
    {
      name = "PROSODY_MUC_ARCHIVE", type = "boolean", default = true, on = "muc", sets = "muc_log_by_default",
      help = "messages of new rooms are kept",
      part_of = "muc_mam",
    },
  }),
  group("Uploads and other components", {
    {
      name = "PROSODY_UPLOAD_DOMAIN", aliases = { "DOMAIN_HTTP_UPLOAD" }, type = "component", by = "components",
      sets = "Component", usually = "upload.<domain>", example = "files.example.org", help = "the domain of uploads, or none",
    },
    {
      name = "PROSODY_UPLOAD_LIMIT_MB", aliases = { { "HTTP_FILE_SHARE_SIZE_LIMIT", type = "size", unit = 1 / megabyte } },
      type = "number", least = 0, unit = megabyte, default = 10, on = "http_file_share",
      by = "components", sets = "http_file_share_size_limit", example = "100", help = "megabytes of the largest file",
    },
    {
      name = "PROSODY_UPLOAD_DAILY_QUOTA_MB", aliases = { { "HTTP_FILE_SHARE_DAILY_QUOTA", type = "size", unit = 1 / megabyte } },
      type = "number", least = 0, unit = megabyte, on = "http_file_share", sets = "http_file_share_daily_quota",
      usually = "ten of the largest files", example = "500", help = "megabytes of one account in a day",
    },
    {
      name = "PROSODY_UPLOAD_STORAGE_GB", type = "number", least = 0, unit = 1024 * megabyte, on = "http_file_share",
      sets = "http_file_share_global_quota", usually = "unlimited", example = "50", help = "gigabytes of all files together",
    },
    {
      name = "PROSODY_PROXY65_DOMAIN", aliases = { "DOMAIN_PROXY" }, type = "component", by = "components", sets = "Component",
      usually = "none", example = "proxy.example.org", help = "the domain of the file transfer proxy",
    },
    {
      name = "PROSODY_PROXY65_PORT", type = "port", default = 5000, sets = "proxy65_ports", by = "proxy65", help = "its port",
      wants = "proxy65",
    },
    {
      name = "PROSODY_PUBSUB_DOMAIN", aliases = { "DOMAIN_PUBSUB" }, type = "component", by = "components", sets = "Component",
      usually = "none", example = "pubsub.example.org", help = "the domain of publish-subscribe nodes",
    },
    {
      name = "PROSODY_COMPONENTS", type = "components", default = {}, by = "components", sets = "Component",
      example = "rooms.example.org:muc,files.example.org:http_file_share",
      help = "components of the server as domain:type; muc and http_file_share stand for the usual ones",
    },
    {
      name = "PROSODY_EXTERNAL_COMPONENTS", aliases = { "EXTERNAL_COMPONENTS" }, type = "external", default = {}, secret = true,
      by = "components", sets = "Component", example = "irc.example.org:secret",
      help = "programs that connect as components, as domain:secret, or domain alone with PROSODY_COMPONENT_SECRET",
    },
    {
      name = "PROSODY_COMPONENT_SECRET", aliases = { "COMPONENT_SECRET" }, type = "text", secret = true, sets = "component_secret",
      help = "the secret of external components that have none of their own",
      wants = "PROSODY_EXTERNAL_COMPONENTS",
    },
    {
      name = "PROSODY_COMPONENT_PORTS", type = "ports", default = { 5347 }, sets = "component_ports", help = "where they connect",
      wants = "PROSODY_EXTERNAL_COMPONENTS",
    },
    {
      name = "PROSODY_COMPONENT_INTERFACES", type = "interfaces", default = { "127.0.0.1", "::1" }, by = "network",
      sets = "component_interfaces", example = "*", help = "network addresses that they can reach: * for all of the container's",
      wants = "PROSODY_EXTERNAL_COMPONENTS",
    },
  }),
  group("Calls", {
    {
      name = "PROSODY_TURN_SECRET", aliases = { "TURN_SECRET", "TURN_CREDENTIALS" }, type = "text", secret = true,
      sets = "turn_external_secret", enables = { "turn_external" },
      help = "what this server and the TURN server share; it switches the service on",
      part_of = "turn_external",
    },
    {
      name = "PROSODY_TURN_HOST", aliases = { "TURN_HOST" }, type = "text", sets = "turn_external_host", by = "network",
      usually = "PROSODY_NETWORK_HOSTNAME", example = "turn.example.org", help = "host of the TURN server",
      needs = "PROSODY_TURN_SECRET",
    },
    {
      name = "PROSODY_TURN_PORT", aliases = { "TURN_PORT" }, type = "port", sets = "turn_external_port", usually = "3478",
      help = "its port",
      wants = "PROSODY_TURN_SECRET", part_of = "turn_external",
    },
    {
      name = "PROSODY_TURN_TLS_PORT", aliases = { "TURN_TLS_PORT", "TURNS_PORT" }, type = "port", by = "network",
      sets = { "turn_external_tls_port", "external_services" },
      usually = "none", example = "5349", help = "its port with TLS",
      wants = "PROSODY_TURN_SECRET", part_of = "turn_external",
    },
    {
      name = "PROSODY_TURN_TCP", type = "boolean", default = false, sets = "turn_external_tcp", help = "it takes TCP, too",
      wants = "PROSODY_TURN_SECRET", part_of = "turn_external",
    },
    {
      name = "PROSODY_TURN_TTL", aliases = { "TURN_TTL" }, type = "period", default = day, sets = "turn_external_ttl",
      help = "how long its passwords are good",
      wants = "PROSODY_TURN_SECRET", part_of = "turn_external",
    },
  }),
  group("Contact", (function()
    local contacts = {}
    for _, role in ipairs({ "abuse", "admin", "feedback", "sales", "security", "support", "status" }) do
      contacts[#contacts + 1] = {
        name = "PROSODY_CONTACT_" .. role:upper(), aliases = { "SERVER_CONTACT_INFO_" .. role:upper() }, type = "links",
        default = {}, by = "contact", sets = "contact_info", example = "mailto:" .. role .. "@example.org",
        help = "where to write about " .. role, part_of = "server_contact_info",
        usually = role == "admin" and "PROSODY_ADMINS" or nil,
      }
    end
    return contacts
  end)()),
  group("Push and message policy", {
    {
      name = "PROSODY_PUSH_WITH_BODY", type = "boolean", default = false, module = "cloud_notify", sets = "push_notification_with_body",
      help = "push services see the text of messages",
    },
    {
      name = "PROSODY_PUSH_WITH_SENDER", type = "boolean", default = false, module = "cloud_notify", sets = "push_notification_with_sender",
      help = "push services see who wrote",
    },
    {
      name = "PROSODY_E2E_POLICY_CHAT", aliases = { "E2E_POLICY_CHAT" }, type = "choice",
      choices = { "none", "optional", "required" }, default = "none", sets = "e2e_policy_chat", by = "encrypted", module = "e2e_policy",
      help = "messages between two must be end-to-end encrypted; optional only warns",
    },
    {
      name = "PROSODY_E2E_POLICY_MUC", aliases = { "E2E_POLICY_MUC" }, type = "choice",
      choices = { "none", "optional", "required" }, default = "none", sets = "e2e_policy_muc", by = "encrypted", module = "e2e_policy",
      help = "the same in rooms",
    },
    {
      name = "PROSODY_E2E_POLICY_WHITELIST", aliases = { "E2E_POLICY_WHITELIST" }, type = "addresses", default = {},
      module = "e2e_policy", sets = "e2e_policy_whitelist", example = "bot@example.org", help = "addresses that need not",
      needs = "PROSODY_E2E_POLICY_CHAT or PROSODY_E2E_POLICY_MUC",
    },
    {
      name = "PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_CHAT", aliases = { "E2E_POLICY_MESSAGE_OPTIONAL_CHAT" }, type = "text",
      module = "e2e_policy", sets = "e2e_policy_message_optional_chat", usually = "the module's own", help = "what a chat is told when it could be encrypted",
      needs = "PROSODY_E2E_POLICY_CHAT or PROSODY_E2E_POLICY_MUC", wants = "PROSODY_E2E_POLICY_CHAT=optional",
    },
    {
      name = "PROSODY_E2E_POLICY_MESSAGE_REQUIRED_CHAT", aliases = { "E2E_POLICY_MESSAGE_REQUIRED_CHAT" }, type = "text",
      module = "e2e_policy", sets = "e2e_policy_message_required_chat", usually = "the module's own", help = "what a chat is told when it has to be",
      needs = "PROSODY_E2E_POLICY_CHAT or PROSODY_E2E_POLICY_MUC", wants = "PROSODY_E2E_POLICY_CHAT=required",
    },
    {
      name = "PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_MUC", aliases = { "E2E_POLICY_MESSAGE_OPTIONAL_MUC" }, type = "text",
      module = "e2e_policy", sets = "e2e_policy_message_optional_muc", usually = "the module's own", help = "what a room is told when it could be encrypted",
      needs = "PROSODY_E2E_POLICY_CHAT or PROSODY_E2E_POLICY_MUC", wants = "PROSODY_E2E_POLICY_MUC=optional",
    },
    {
      name = "PROSODY_E2E_POLICY_MESSAGE_REQUIRED_MUC", aliases = { "E2E_POLICY_MESSAGE_REQUIRED_MUC" }, type = "text",
      module = "e2e_policy", sets = "e2e_policy_message_required_muc", usually = "the module's own", help = "what a room is told when it has to be",
      needs = "PROSODY_E2E_POLICY_CHAT or PROSODY_E2E_POLICY_MUC", wants = "PROSODY_E2E_POLICY_MUC=required",
    },
  }),
  group("Modules", {
    {
      name = "PROSODY_ENABLE_MODULES", aliases = { "PROSODY_MODULES_ENABLED" }, type = "modules", default = {}, by = "modules", sets = "modules_enabled",
      example = "admin_blocklist,http_oauth2", help = "more modules for the domains, with or without mod_",
    },
    {
      name = "PROSODY_DISABLE_MODULES", aliases = { "PROSODY_MODULES_DISABLED" }, type = "modules", default = {}, by = "modules", sets = "modules_disabled",
      example = "csi_simple", help = "modules to leave out everywhere",
    },
    {
      name = "PROSODY_MUC_MODULES", type = "modules", default = {}, by = "modules", sets = "modules_enabled", on = "muc",
      example = "muc_notifications", help = "more modules for the rooms",
    },
    {
      name = "PROSODY_UPLOAD_MODULES", type = "modules", default = {}, by = "modules", sets = "modules_enabled",
      on = "http_file_share", help = "more modules for the uploads",
    },
    {
      name = "PROSODY_PUBSUB_MODULES", type = "modules", default = {}, by = "modules", sets = "modules_enabled", on = "pubsub",
      help = "more modules for publish-subscribe",
    },
    {
      name = "PROSODY_PLUGIN_PATHS", aliases = { "PLUGIN_PATHS" }, type = "folders", default = { "/etc/prosody/modules" },
      by = "modules", sets = "plugin_paths", example = "/etc/prosody/modules", help = "folders with modules of your own, which come before the image's",
    },
  }),
  group("Logs, statistics, memory", {
    {
      name = "PROSODY_LOGLEVEL", aliases = { "PROSODY_LOG_LEVEL", "LOG_LEVEL" }, type = "choice",
      choices = { "debug", "info", "warn", "error" }, default = "info", by = "log", sets = "log",
      help = "the least important messages that are shown",
    },
    {
      name = "PROSODY_LOG_TIMESTAMPS", type = "boolean", default = false, by = "log", sets = "log",
      help = "each line of the log begins with its time, in UTC; `docker logs --timestamps` has it anyway",
    },
    {
      name = "PROSODY_STATISTICS", type = "choice", choices = { "none", "internal", "statsd" }, default = "none", by = "statistics",
      sets = "statistics",
      help = "count what happens: internal serves it at /metrics to PROSODY_METRICS_NETWORK, statsd sends it where statistics_config in a file in conf.d says",
    },
    {
      name = "PROSODY_STATISTICS_INTERVAL", type = "period", words = { "manual" }, default = 60, sets = "statistics_interval", by = "statistics",
      help = "how often it is summed up; manual: whenever /metrics is read",
      needs = "PROSODY_STATISTICS=internal|statsd",
    },
    {
      name = "PROSODY_METRICS_NETWORK", aliases = { "PROSODY_METRICS_ALLOWED_CIDR" }, type = "network", by = "statistics",
      sets = "openmetrics_allow_cidr", usually = "the container itself", example = "172.18.0.0/16", help = "who may read /metrics",
      needs = "PROSODY_STATISTICS=internal", part_of = "http_openmetrics",
    },
    {
      -- Prosody's own default looks at all memory each time that it grew by a twentieth: with thousands of clients that is most
      -- of what the server does.
      name = "PROSODY_GC", type = "choice", choices = { "generational", "incremental" }, default = "generational",
      by = "memory", sets = "gc",
      help = "how memory is collected; incremental takes a little less of it, and two to three times the CPU",
    },
  }),
  group("Raw configuration", {
    {
      name = "PROSODY_EXTRA_CONFIG", aliases = { "EXTRA_CONFIG" }, type = "glob", default = "/etc/prosody/conf.d/*.cfg.lua",
      by = "extra", sets = "Include", help = "a file, or files, of Prosody configuration, read last in the order of their names",
    },
  }),
}

local list = {}
for _, options in ipairs(groups) do
  for _, option in ipairs(options) do list[#list + 1] = option end
end
return list
