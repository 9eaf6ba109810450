import { compareText } from "@prosody-foundry/kit";
import type { LuaValue } from "./load-lua.ts";
import type { ShippedFile } from "./load-request.ts";

const service = "http://127.0.0.1:9/";
const secret = "not-a-secret-0123456789abcdef0123456789abcdef";

/**
 * Options that some modules refuse to load without, with harmless values: every address is a closed port of the
 * container itself. Each is here because a module reads it at load time and stops when it is not there.
 */
export const loadOptions: { readonly [option: string]: LuaValue } = {
  admin_contact_address: "admin@foundry.test",
  auth_custom_http: { post_url: service },
  authz_delegate_to: "foundry.test",
  component_client: { host: "127.0.0.1", port: 9, secret },
  component_post_url: service,
  component_secret: secret,
  couchdb_url: service,
  dnsbls: ["dnsbl.foundry.test"],
  forgejo_secret: secret,
  github_secret: secret,
  http_auth_url: service,
  http_upload_external_base_url: service,
  http_upload_external_secret: secret,
  ldap: {
    hostname: "127.0.0.1",
    bind_dn: "cn=foundry",
    bind_password: secret,
    user: { basedn: "ou=users", filter: "(objectClass=*)", usernamefield: "uid", namefield: "cn" },
    groups: { basedn: "ou=groups", memberfield: "member", namefield: "cn" },
  },
  ldap_base: "ou=users",
  log_http_file: "/tmp/foundry/data/http.log",
  mongodb: { connection: { host: "127.0.0.1" }, dbname: "foundry" },
  muc_create_api_url: service,
  muc_members_json_url: service,
  muc_rtbl_jid: "blocklist.foundry.test",
  oauth_client_id: "foundry",
  oauth_client_secret: secret,
  oauth_url: service,
  sentry: { dsn: "http://key@127.0.0.1:9/1" },
  support_room: "help@muc.test",
  tos_documents: [{ title: "Terms", sources: [{ url: service, type: "text/html" }] }],
  tos_version: "1",
  unified_push_secret: secret,
};

/** Those of the options above that a module's own code names: it was loaded with them set, and may not load without. */
export function optionsNamedIn(files: readonly ShippedFile[]): string[] {
  const code = files
    .filter(({ path }) => path.endsWith(".lua"))
    .map(({ bytes }) => Buffer.from(bytes).toString("latin1"));
  const isNamed = (option: string): boolean =>
    code.some((text) => text.includes(`"${option}"`) || text.includes(`'${option}'`));
  return Object.keys(loadOptions).filter(isNamed).toSorted(compareText);
}
