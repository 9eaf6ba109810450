-- Ordinary Prosody configuration, the same for 0.12, 13.0 and trunk. It is not meant to be edited: options come from
-- the environment, everything else goes into conf.d/*.cfg.lua, which is read last.

-- 13.0 wants plain Lua to be asked for by that name; 0.12 does not know the name.
local foundry = (Lua or _G).dofile("/usr/lib/prosody-foundry/foundry/settings.lua");
local ipairs = (Lua or _G).ipairs;

data_path = foundry.data_folder;
-- Who shares the group of the server shares its data and its sockets.
umask = "007";
run_as_root = foundry.run_as_root;
-- `prosodyctl install` has no place here: by itself it would be the first folder that code is loaded from, among the data.
installer_plugin_path = "/usr/lib/prosody-foundry/installed";
pidfile = foundry.run_folder .. "/prosody.pid";
admin_socket = foundry.run_folder .. "/prosody.sock";

allow_unencrypted_plain_auth = false;
-- Seconds until somebody who connected has to have logged in.
c2s_timeout = 60;
s2s_timeout = 60;

-- How many users' and rooms' state is kept at hand; none is taken before it is used. By Prosody's own figures a server with
-- more than a thousand users a day writes one list of them all for every message, and counts an archive before adding to it.
archive_cleanup_date_cache_size = 100000;
muc_log_cleanup_date_cache_size = 100000;
storage_archive_item_limit_cache_size = 100000;
blocklist_cache_size = 10000;
muc_room_cache_size = 1000;

foundry.configure(_ENV, "global");

modules_enabled = foundry.modules_on("virtual-host", {
  "foundry_report"; "foundry_certificates"; "foundry_health"; "foundry_series"; "foundry_account"; "foundry_hold";
  "foundry_patience"; "foundry_outage"; "foundry_kept"; "foundry_memory"; "foundry_long_paths"; "foundry_connections";
  "foundry_logins"; "foundry_rates"; "foundry_paths"; "foundry_bosh";
  "disco"; "roster"; "saslauth"; "tls"; "dialback"; "limits"; "s2s_bidi";
  "blocklist"; "bookmarks"; "carbons"; "csi_simple"; "mam"; "pep"; "private"; "smacks"; "vcard4"; "vcard_legacy";
  "sasl2"; "sasl2_bind2"; "sasl2_fast"; "sasl2_sm"; "sasl_ssdp";
  "cloud_notify"; "account_activity"; "register"; "tombstones";
  "admin_adhoc"; "admin_shell"; "ping"; "time"; "uptime"; "version";
  "lastactivity"; "external_services";
});

for _, host in ipairs(foundry.hosts) do
  VirtualHost(host)
    foundry.configure(_ENV, "virtual-host", host);
end

for _, component in ipairs(foundry.components) do
  local own = component.type == "muc" and { "muc_mam"; "foundry_kept" } or {};
  Component(component.domain)(component.type)
    foundry.configure(_ENV, component.type, component.domain);
    modules_enabled = foundry.modules_on(component.type, own, component.domain);
end

for _, component in ipairs(foundry.external_components) do
  Component(component.domain)
    foundry.configure(_ENV, "component", component.domain);
    component_secret = component.secret;
end

for file in foundry.each_extra_file() do
  Include(file);
end
