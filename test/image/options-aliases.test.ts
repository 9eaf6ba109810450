import { runCommand } from "@prosody-foundry/kit";
import { beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { ensureProsodyImage, usualSeries } from "../fixtures/prosody-image.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const file = "/tmp/secret";
const inFile = "irc.example:hush";

/** A name and the option it is another one of; what it is set to; what the option then is, where that is not the same. */
type Row = [title: string, text: string, value?: string];
const rows: Row[] = [
  ["DOMAIN: is PROSODY_DOMAIN", "chat.example"],
  ["XMPP_DOMAIN: is PROSODY_DOMAIN", "chat.example"],
  ["ADMIN_JID: is PROSODY_ADMINS", "me@chat.example"],
  ["LOCAL: is PROSODY_ACCOUNT", "me"],
  ["PASSWORD: is PROSODY_ACCOUNT_PASSWORD", "hush"],
  ["ALLOW_REGISTRATION: is PROSODY_REGISTRATION", "true", "open"],
  ["PROSODY_ALLOW_REGISTRATION: is PROSODY_REGISTRATION", "no", "closed"],
  ["AUTHENTICATION: is PROSODY_AUTHENTICATION", "anonymous"],
  ["LDAP_SERVER: is PROSODY_LDAP_SERVER", "ldap.example"],
  ["LDAP_BASE: is PROSODY_LDAP_BASE", "dc=example"],
  ["LDAP_ROOTDN: is PROSODY_LDAP_ROOTDN", "cn=me"],
  ["LDAP_PASSWORD: is PROSODY_LDAP_PASSWORD", "hush"],
  ["LDAP_FILTER: is PROSODY_LDAP_FILTER", "(uid=$user)(a=b)"],
  ["LDAP_SCOPE: is PROSODY_LDAP_SCOPE", "onelevel"],
  ["LDAP_TLS: is PROSODY_LDAP_TLS", "false"],
  ["LDAP_MODE: is PROSODY_LDAP_MODE", "getpasswd"],
  ["STORAGE: is PROSODY_STORAGE", "memory"],
  ["DEFAULT_STORAGE: is PROSODY_STORAGE", "memory"],
  ["PROSODY_DEFAULT_STORAGE: is PROSODY_STORAGE", "memory"],
  ["DB_DRIVER: is PROSODY_SQL_DRIVER", "MySQL"],
  ["PROSODY_DB_DRIVER: is PROSODY_SQL_DRIVER", "MySQL"],
  ["DB_DATABASE: is PROSODY_SQL_DB", "chat"],
  ["DB_NAME: is PROSODY_SQL_DB", "chat"],
  ["PROSODY_DB_NAME: is PROSODY_SQL_DB", "chat"],
  ["DB_HOST: is PROSODY_SQL_HOST", "db"],
  ["PROSODY_DB_HOST: is PROSODY_SQL_HOST", "db"],
  ["DB_PORT: is PROSODY_SQL_PORT", "5433"],
  ["PROSODY_DB_PORT: is PROSODY_SQL_PORT", "5433"],
  ["DB_USERNAME: is PROSODY_SQL_USERNAME", "chat"],
  ["PROSODY_DB_USERNAME: is PROSODY_SQL_USERNAME", "chat"],
  ["DB_PASSWORD: is PROSODY_SQL_PASSWORD", "hush"],
  ["PROSODY_DB_PASSWORD: is PROSODY_SQL_PASSWORD", "hush"],
  ["ARCHIVE_EXPIRY_DAYS: is PROSODY_ARCHIVE_EXPIRY_DAYS", "3"],
  ["PROSODY_ARCHIVE_EXPIRES_AFTER: is PROSODY_ARCHIVE_EXPIRY_DAYS", "2w", "14.0"],
  ["PROSODY_ARCHIVE_EXPIRES_AFTER: is PROSODY_ARCHIVE_EXPIRY_DAYS", "1m", "31.0"],
  ["PROSODY_ARCHIVE_EXPIRES_AFTER: is PROSODY_ARCHIVE_EXPIRY_DAYS", "6 months", "186.0"],
  ["PROSODY_ARCHIVE_EXPIRES_AFTER: is PROSODY_ARCHIVE_EXPIRY_DAYS", "1y", "365.25"],
  ["PROSODY_ARCHIVE_EXPIRES_AFTER: is PROSODY_ARCHIVE_EXPIRY_DAYS", "never"],
  ["HTTP_FILE_SHARE_EXPIRES_AFTER: is PROSODY_UPLOAD_EXPIRY_DAYS", "86400", "1.0"],
  ["HTTP_FILE_SHARE_EXPIRES_AFTER: is PROSODY_UPLOAD_EXPIRY_DAYS", "-1", "never"],
  ["C2S_REQUIRE_ENCRYPTION: is PROSODY_C2S_REQUIRE_ENCRYPTION", "false"],
  ["PROSODY_ENABLE_S2S: is PROSODY_S2S", "false"],
  ["S2S_REQUIRE_ENCRYPTION: is PROSODY_S2S_REQUIRE_ENCRYPTION", "false"],
  ["S2S_SECURE_AUTH: is PROSODY_S2S_SECURE_AUTH", "false"],
  ["S2S_SECURE_DOMAINS: is PROSODY_S2S_SECURE_DOMAINS", "friend.example"],
  ["S2S_INSECURE_DOMAINS: is PROSODY_S2S_INSECURE_DOMAINS", "friend.example"],
  ["USE_DANE: is PROSODY_USE_DANE", "true"],
  ["DNS_RESOLVERS: is PROSODY_DNS_RESOLVERS", "192.0.2.1"],
  ["C2S_RATE_LIMIT: is PROSODY_C2S_RATE_LIMIT", "3kb/s"],
  ["PROSODY_C2S_LIMIT: is PROSODY_C2S_RATE_LIMIT", "3kb/s"],
  ["S2S_RATE_LIMIT: is PROSODY_S2S_RATE_LIMIT", "3kb/s"],
  ["PROSODY_S2S_LIMIT: is PROSODY_S2S_RATE_LIMIT", "3kb/s"],
  ["PROSODY_HTTP_PORT: is PROSODY_HTTP_PORTS", "8080"],
  ["PROSODY_HTTPS_PORT: is PROSODY_HTTPS_PORTS", "8443"],
  ["HTTP_MAX_CONTENT_SIZE: is PROSODY_HTTP_MAX_CONTENT_SIZE", "2mb", "2097152"],
  ["DOMAIN_MUC: is PROSODY_MUC_DOMAIN", "rooms.example"],
  ["DOMAIN_HTTP_UPLOAD: is PROSODY_UPLOAD_DOMAIN", "files.example"],
  ["HTTP_FILE_SHARE_SIZE_LIMIT: is PROSODY_UPLOAD_LIMIT_MB", "5242880", "5.0"],
  ["HTTP_FILE_SHARE_DAILY_QUOTA: is PROSODY_UPLOAD_DAILY_QUOTA_MB", "52428800", "50.0"],
  ["DOMAIN_PROXY: is PROSODY_PROXY65_DOMAIN", "proxy.example"],
  ["DOMAIN_PUBSUB: is PROSODY_PUBSUB_DOMAIN", "nodes.example"],
  ["EXTERNAL_COMPONENTS: is PROSODY_EXTERNAL_COMPONENTS", "irc.example:hush"],
  ["COMPONENT_SECRET: is PROSODY_COMPONENT_SECRET", "hush"],
  ["TURN_SECRET: is PROSODY_TURN_SECRET", "hush"],
  ["TURN_CREDENTIALS: is PROSODY_TURN_SECRET", "hush"],
  ["TURN_HOST: is PROSODY_TURN_HOST", "turn.example"],
  ["TURN_PORT: is PROSODY_TURN_PORT", "3479"],
  ["TURN_TLS_PORT: is PROSODY_TURN_TLS_PORT", "5350"],
  ["TURNS_PORT: is PROSODY_TURN_TLS_PORT", "5350"],
  ["TURN_TTL: is PROSODY_TURN_TTL", "1h", "3600"],
  ["SERVER_CONTACT_INFO_ABUSE: is PROSODY_CONTACT_ABUSE", "mailto:a@b.example"],
  ["SERVER_CONTACT_INFO_ADMIN: is PROSODY_CONTACT_ADMIN", "mailto:a@b.example"],
  ["SERVER_CONTACT_INFO_FEEDBACK: is PROSODY_CONTACT_FEEDBACK", "mailto:a@b.example"],
  ["SERVER_CONTACT_INFO_SALES: is PROSODY_CONTACT_SALES", "mailto:a@b.example"],
  ["SERVER_CONTACT_INFO_SECURITY: is PROSODY_CONTACT_SECURITY", "mailto:a@b.example"],
  ["SERVER_CONTACT_INFO_SUPPORT: is PROSODY_CONTACT_SUPPORT", "mailto:a@b.example"],
  ["SERVER_CONTACT_INFO_STATUS: is PROSODY_CONTACT_STATUS", "mailto:a@b.example"],
  ["E2E_POLICY_CHAT: is PROSODY_E2E_POLICY_CHAT", "optional"],
  ["E2E_POLICY_MUC: is PROSODY_E2E_POLICY_MUC", "optional"],
  ["E2E_POLICY_WHITELIST: is PROSODY_E2E_POLICY_WHITELIST", "bot@example.org"],
  ["E2E_POLICY_MESSAGE_OPTIONAL_CHAT: is PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_CHAT", "encrypt!"],
  ["E2E_POLICY_MESSAGE_REQUIRED_CHAT: is PROSODY_E2E_POLICY_MESSAGE_REQUIRED_CHAT", "encrypt!"],
  ["E2E_POLICY_MESSAGE_OPTIONAL_MUC: is PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_MUC", "encrypt!"],
  ["E2E_POLICY_MESSAGE_REQUIRED_MUC: is PROSODY_E2E_POLICY_MESSAGE_REQUIRED_MUC", "encrypt!"],
  ["PROSODY_MODULES_ENABLED: is PROSODY_ENABLE_MODULES", "motd"],
  ["PROSODY_MODULES_DISABLED: is PROSODY_DISABLE_MODULES", "motd"],
  ["PLUGIN_PATHS: is PROSODY_PLUGIN_PATHS", "/mine"],
  ["PROSODY_LOG_LEVEL: is PROSODY_LOGLEVEL", "warn"],
  ["LOG_LEVEL: is PROSODY_LOGLEVEL", "warn"],
  ["PROSODY_METRICS_ALLOWED_CIDR: is PROSODY_METRICS_NETWORK", "10.0.0.0/8"],
  ["EXTRA_CONFIG: is PROSODY_EXTRA_CONFIG", "/mine.cfg.lua"],
  ["PROSODY_ACCOUNT_PASSWORD_FILE: is PROSODY_ACCOUNT_PASSWORD", file],
  ["PASSWORD_FILE: is PROSODY_ACCOUNT_PASSWORD", file],
  ["PROSODY_LDAP_PASSWORD_FILE: is PROSODY_LDAP_PASSWORD", file],
  ["LDAP_PASSWORD_FILE: is PROSODY_LDAP_PASSWORD", file],
  ["PROSODY_OAUTH_CLIENT_SECRET_FILE: is PROSODY_OAUTH_CLIENT_SECRET", file],
  ["PROSODY_SQL_PASSWORD_FILE: is PROSODY_SQL_PASSWORD", file],
  ["DB_PASSWORD_FILE: is PROSODY_SQL_PASSWORD", file],
  ["PROSODY_DB_PASSWORD_FILE: is PROSODY_SQL_PASSWORD", file],
  ["PROSODY_EXTERNAL_COMPONENTS_FILE: is PROSODY_EXTERNAL_COMPONENTS", file],
  ["EXTERNAL_COMPONENTS_FILE: is PROSODY_EXTERNAL_COMPONENTS", file],
  ["PROSODY_COMPONENT_SECRET_FILE: is PROSODY_COMPONENT_SECRET", file],
  ["COMPONENT_SECRET_FILE: is PROSODY_COMPONENT_SECRET", file],
  ["PROSODY_TURN_SECRET_FILE: is PROSODY_TURN_SECRET", file],
  ["TURN_SECRET_FILE: is PROSODY_TURN_SECRET", file],
  ["TURN_CREDENTIALS_FILE: is PROSODY_TURN_SECRET", file],
];

/** What the options are, each where one of its other names is set alone, and where nothing is: asked in one container. */
const found = new Map<Row | undefined, { value: string; unset: string }>();
const Found = z.array(z.tuple([z.string(), z.string(), z.string()])).length(rows.length);

beforeAll(async () => {
  await useEngine();
  const given = rows.map(([title, text]) => [...namesOf(title), text].map((word) => `[==[${word}]==]`).join(", "));
  const script = `
    package.path = "/usr/lib/prosody-foundry/?.lua;" .. package.path
    io.open("${file}", "w"):write("${inFile}\\n"):close()
    local environment = require("foundry.environment")
    local function show(value)
      if type(value) ~= "table" then return tostring(value) end
      if value.domain then return value.domain .. ":" .. value.secret end
      local items = {}
      for _, item in ipairs(value) do items[#items + 1] = show(item) end
      return table.concat(items, ",")
    end
    local function ask(name, given)
      local values = environment.read(function(wanted) return given[wanted] end)
      return ("%q"):format(show(values[name]))
    end
    local answers = {}
    for _, row in ipairs({ ${given.map((row) => `{ ${row} }`).join(", ")} }) do
      local other, name, text = table.unpack(row)
      answers[#answers + 1] = ("[%q,%s,%s]"):format(other, ask(name, { [other] = text }), ask(name, {}))
    end
    print("[" .. table.concat(answers, ",") .. "]")`;
  const image = await ensureProsodyImage(usualSeries);
  const args = ["run", "--rm", "--interactive", "--network=none", "--entrypoint=/usr/bin/lua5.4", image, "-"];
  const { stdout } = await runCommand("docker", args, { input: script });
  for (const [index, [, value, unset]] of Found.parse(JSON.parse(stdout)).entries())
    found.set(rows[index], { value, unset });
});

function namesOf(title: string): string[] {
  return title.split(": is ");
}

it.each(rows.map((row) => [row[0], row] as const))("%s", (_, row) => {
  const [, text, value = text === file ? inFile : text] = row;
  expect(found.get(row)?.value).toBe(value);
  expect(found.get(row)?.unset).not.toBe(value);
});
