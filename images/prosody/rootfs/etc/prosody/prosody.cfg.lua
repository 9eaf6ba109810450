-- Ordinary Prosody configuration, the same for 0.12, 13.0 and trunk. It is not meant to be edited: options come from
-- the environment, everything else goes into conf.d/*.cfg.lua, which is read last.

-- 13.0 wants plain Lua to be asked for by that name; 0.12 does not know the name.
local foundry = (Lua or _G).dofile("/usr/lib/prosody-foundry/foundry/settings.lua");
local ipairs = (Lua or _G).ipairs;

data_path = "/var/lib/prosody";
pidfile = foundry.run_folder .. "/prosody.pid";
admin_socket = foundry.run_folder .. "/prosody.sock";

allow_unencrypted_plain_auth = false;
-- Only where an entry in DNS and a certificate agree may a server without a valid certificate be believed.
tls_server_end_point_hash = "auto";

foundry.configure(_ENV, "global");

modules_enabled = foundry.modules_on("virtual-host", {
  "foundry_report";
  "disco"; "roster"; "saslauth"; "tls"; "dialback"; "limits"; "s2s_bidi";
  "blocklist"; "bookmarks"; "carbons"; "csi_simple"; "mam"; "pep"; "private"; "smacks"; "vcard4"; "vcard_legacy";
  "cloud_notify"; "account_activity"; "register"; "invites"; "invites_adhoc"; "invites_register"; "tombstones";
  "admin_adhoc"; "admin_shell"; "server_contact_info"; "server_info"; "ping"; "time"; "uptime"; "version";
  "lastactivity"; "external_services";
});

for _, host in ipairs(foundry.hosts) do
  VirtualHost(host)
    foundry.configure(_ENV, "virtual-host");
    disco_items = foundry.disco_items_of(host);
end

for _, component in ipairs(foundry.components) do
  local own = component.type == "muc" and { "muc_mam" } or {};
  Component(component.domain)(component.type)
    foundry.configure(_ENV, component.type);
    modules_enabled = foundry.modules_on(component.type, own);
end

for _, component in ipairs(foundry.external_components) do
  Component(component.domain)
    component_secret = component.secret;
end

if foundry.has_extra then
  Include(foundry.extra)
end
