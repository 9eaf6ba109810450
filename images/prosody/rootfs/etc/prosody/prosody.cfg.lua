-- Ordinary Prosody configuration, the same for 0.12, 13.0 and trunk. It is not meant to be edited: options come from
-- the environment, everything else goes into conf.d/*.cfg.lua, which is read last.

-- 13.0 wants plain Lua to be asked for by that name; 0.12 does not know the name.
local foundry = (Lua or _G).dofile("/usr/lib/prosody-foundry/settings.lua");
local option = foundry.options;

admins = option.PROSODY_ADMINS;
log = { { levels = { min = option.PROSODY_LOGLEVEL }, to = "console" } };

data_path = "/var/lib/prosody";
pidfile = foundry.run_folder .. "/prosody.pid";
admin_socket = foundry.run_folder .. "/prosody.sock";
plugin_paths = { "/usr/lib/prosody-foundry/modules", "/usr/lib/prosody-modules" };

-- Closed: nobody registers without an invitation, nothing is said unencrypted, a password is never sent.
allow_registration = false;
registration_invite_only = true;
c2s_require_encryption = true;
s2s_require_encryption = true;
s2s_secure_auth = option.PROSODY_S2S_SECURE_AUTH;
authentication = "internal_hashed";
allow_unencrypted_plain_auth = false;
disable_sasl_mechanisms = { "DIGEST-MD5", "PLAIN", "LOGIN" };
certificates = option.PROSODY_CERTIFICATES;

default_storage = foundry.default_storage;
sql = foundry.sql;
archive_expires_after = "1w";

limits = { c2s = { rate = "10kb/s" }, s2sin = { rate = "30kb/s" } };

-- Who can reach the container is decided by what is published: a reverse proxy needs the plain port.
http_interfaces = foundry.all_interfaces;

modules_enabled = foundry.modules_on("virtual-host", {
  "foundry_report";
  "disco"; "roster"; "saslauth"; "tls"; "dialback"; "limits"; "s2s_bidi";
  "blocklist"; "bookmarks"; "carbons"; "csi_simple"; "mam"; "pep"; "private"; "smacks"; "vcard4"; "vcard_legacy";
  "cloud_notify"; "account_activity"; "register"; "invites"; "invites_adhoc"; "invites_register"; "tombstones";
  "admin_adhoc"; "admin_shell"; "server_contact_info"; "ping"; "time"; "uptime"; "version";
});
modules_disabled = option.PROSODY_DISABLE_MODULES;

VirtualHost(option.PROSODY_DOMAIN)

Component("conference." .. option.PROSODY_DOMAIN) "muc"
  name = "Rooms";
  restrict_room_creation = "local";
  modules_enabled = foundry.modules_on("muc", { "muc_mam" });

Component("upload." .. option.PROSODY_DOMAIN) "http_file_share"

local pubsub = foundry.modules_on("pubsub", {});
if #pubsub > 0 then
  Component("pubsub." .. option.PROSODY_DOMAIN) "pubsub"
    modules_enabled = pubsub;
end

if foundry.has_extra then
  Include "conf.d/*.cfg.lua"
end
