import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureProsodyImage, usualSeries } from "../fixtures/prosody-image.ts";
import { runImage } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

let image: string;

beforeAll(async () => {
  await useEngine();
  image = await ensureProsodyImage(usualSeries);
});

async function migrate(file: string, ...words: string[]) {
  const args = ["run", "--rm", "--interactive", "--network=none", image, "migrate-env", ...words];
  const { exitCode, stdout, stderr } = await runCommand("docker", args, { input: file, accept: "any" });
  return { exitCode, ours: stdout.replace(/\n$/u, "").split("\n"), said: stderr.trimEnd().split("\n") };
}

/** Environments of other images, and what becomes of them. */
const moves: [string, { theirs: string; syntax?: string[]; ours: string[]; said: RegExp[]; exitCode: number }][] = [
  [
    "SaraSmiseth's",
    {
      theirs: `# our server\r\nexport DOMAIN="example.org"\r\nREGISTRATION_INVITE_ONLY=true\r\nALLOW_REGISTRATION=true
DB_DRIVER=PostgreSQL # the new one\r\nDB_HOST='db'\r\nDB_PASSWORD='s3cr#et $x'\r\nE2E_POLICY_CHAT=none
HTTP_FILE_SHARE_SIZE_LIMIT=104857600\r\nHTTP_FILE_SHARE_EXPIRES_AFTER=604800\r\nSERVER_CONTACT_INFO_ABUSE=mailto:a@example.org
LDAP_ADMIN_FILTER=(admin=true)\r\n__FLUSH_LOG=yes\r\n`,
      syntax: ["--compose"],
      ours: [
        "PROSODY_DOMAIN=example.org",
        "PROSODY_REGISTRATION=invite",
        "PROSODY_SQL_DRIVER=PostgreSQL",
        "PROSODY_SQL_HOST=db",
        "PROSODY_SQL_PASSWORD='s3cr#et $x'",
        "PROSODY_UPLOAD_EXPIRY_DAYS=7",
        "PROSODY_UPLOAD_LIMIT_MB=100",
        "PROSODY_CONTACT_ABUSE=mailto:a@example.org",
        "PROSODY_E2E_POLICY_CHAT=none",
      ],
      said: [
        /^LDAP_ADMIN_FILTER: .*PROSODY_ADMINS/u,
        /^__FLUSH_LOG: /u,
        /^PROSODY_ARCHIVE_EXPIRY_DAYS is not set: .*365/u,
        /^That image keeps messages in the store archive2/u,
        /^DOMAIN_PROXY is not set: .*PROSODY_PROXY65_DOMAIN/u,
        /^DOMAIN_PUBSUB is not set: .*PROSODY_PUBSUB_DOMAIN/u,
      ],
      exitCode: 3,
    },
  ],
  [
    "the official image's",
    {
      theirs: `LOCAL=me\nDOMAIN=example.org\nPASSWORD="it is \\"secret\\""\nPROSODY_VIRTUAL_HOSTS=example.org,example.net
PROSODY_COMPONENTS=rooms.example.org:muc\nPROSODY_COMPONENT_SECRET=x\nPROSODY_EXTERNAL_COMPONENTS=irc.example.org
PROSODY_CERTIFICATES=certs\n__FLUSH_LOG=yes\n`,
      syntax: ["--compose"],
      ours: [
        "PROSODY_DOMAIN=example.org",
        "PROSODY_VIRTUAL_HOSTS=example.org,example.net",
        "PROSODY_ACCOUNT=me",
        'PROSODY_ACCOUNT_PASSWORD=it is "secret"',
        "PROSODY_CERTIFICATES=certs",
        "PROSODY_COMPONENTS=rooms.example.org:muc",
        "PROSODY_EXTERNAL_COMPONENTS=irc.example.org",
        "PROSODY_COMPONENT_SECRET=x",
      ],
      said: [/^__FLUSH_LOG: /u],
      exitCode: 0,
    },
  ],
  [
    "OpusVL's",
    {
      theirs: `PROSODY_DEFAULT_STORAGE=internal\nPROSODY_STORAGE_archive=sql\nPROSODY_STORAGE_muc_log=sql\nPROSODY_DB_NAME=chat
PROSODY_DB_DRIVER=PostgreSQL\nPROSODY_DB_PASSWORD_FILE=/run/secrets/db\nPROSODY_ARCHIVE_EXPIRES_AFTER=1m
PROSODY_MODULES_ENABLED=mod_lastlog\nPROSODY_NETWORK_BACKEND=epoll\n`,
      ours: [
        "PROSODY_STORAGE=internal",
        "PROSODY_STORES=archive:sql,muc_log:sql",
        "PROSODY_SQL_DRIVER=PostgreSQL",
        "PROSODY_SQL_DB=chat",
        "PROSODY_SQL_PASSWORD_FILE=/run/secrets/db",
        "PROSODY_ARCHIVE_EXPIRY_DAYS=31",
        "PROSODY_ENABLE_MODULES=mod_lastlog",
      ],
      said: [/^PROSODY_NETWORK_BACKEND: /u, /^PROSODY_DB_HOST is not set: .*PROSODY_SQL_HOST=postgresql/u],
      exitCode: 3,
    },
  ],
  [
    "Tob1as's and ichuan's",
    {
      theirs: `TZ=Europe/Berlin\nPUID=1000\nENABLE_CONFD=1\nSELECT_COMMUNITY_MODULES="lastlog mod_vjud"\nADMIN_JID=me@example.org
CAPTCHA_PRIVATE=hush\n`,
      syntax: ["--compose"],
      ours: ["PROSODY_ADMINS=me@example.org", "PROSODY_ENABLE_MODULES=lastlog,vjud"],
      said: [/^TZ: /u, /^PUID: .*--user/u, /^ENABLE_CONFD: .*conf\.d/u, /^CAPTCHA_PRIVATE: /u],
      exitCode: 3,
    },
  ],
  [
    "Snikket's and Jitsi's",
    {
      theirs: `SNIKKET_DOMAIN=example.org\nSNIKKET_ADMIN_EMAIL=me@example.org\nSNIKKET_TWEAK_STORAGE=sqlite\nSNIKKET_MAX_USER_CLIENTS=9\nSNIKKET_SMTP_URL=smtp://x
GC_TYPE=generational\nJVB_AUTH_PASSWORD=hush\nPROSODY_ENABLE_METRICS=1\n`,
      ours: [
        "PROSODY_DOMAIN=example.org",
        "PROSODY_STORAGE=sqlite",
        "PROSODY_SESSIONS_PER_ACCOUNT=9",
        "PROSODY_CONTACT_ADMIN=mailto:me@example.org",
        "PROSODY_STATISTICS=internal",
        "PROSODY_GC=generational",
      ],
      said: [/^SNIKKET_SMTP_URL: /u, /^JVB_AUTH_PASSWORD: /u, /^PROSODY_MUC_DOMAIN is not set: .*groups\./u],
      exitCode: 3,
    },
  ],
];

describe("migrate-env", () => {
  it.each(moves)("turns %s environment into ours", async (_, { theirs, syntax = [], ours, said, exitCode }) => {
    const found = await migrate(theirs, ...syntax);
    expect(found.ours).toEqual(ours);
    for (const sentence of said) expect(found.said.some((line) => sentence.test(line))).toBe(true);
    expect(found.said).toHaveLength(said.length);
    expect(found.exitCode).toBe(exitCode);
  });

  it("gives what the image then takes", async () => {
    const { ours } = await migrate("DOMAIN=example.org\nDOMAIN_MUC=rooms.example.org\nLOG_LEVEL=warn\n");
    const env = Object.fromEntries(ours.map((line) => [line.replace(/=.*/u, ""), line.replace(/^[^=]*=/u, "")]));
    expect(await runImage(image, env, ["about"])).toMatchObject({ exitCode: 0 });
  });

  it("says what would keep the server from starting, and what is no line of an environment", async () => {
    const found = await migrate(
      "PROSODY_SQL_HOST=db\nPROSODY_STORAGE=sql\n- A=b\nS2S_SECURE_AUTH=perhaps\nPROSODY_DOMIAN=x\n",
    );
    expect(found).toMatchObject({ exitCode: 3, ours: ["PROSODY_STORAGE=sql", "PROSODY_SQL_HOST=db"] });
    expect(found.said).toEqual([
      "line 3 is no NAME=value of `docker run --env-file`.",
      "S2S_SECURE_AUTH: its value is neither true nor false (true, yes, on, 1; false, no, off, 0).",
      "PROSODY_DOMIAN: it is not known. Did you mean PROSODY_DOMAIN?",
      "The server would not start: PROSODY_STORAGE=sql needs PROSODY_SQL_DRIVER (PostgreSQL, MySQL or SQLite3).",
    ]);
  });

  it("never tells a secret, whatever is wrong with it", async () => {
    const secrets = ["PASSWORD", "DB_PASSWORD", "LDAP_PASSWORD", "CAPTCHA_PRIVATE", "JWT_APP_SECRET", "NOBODYS_TOKEN"];
    const file = secrets.map((name) => `${name}='hush "hush" $hush #'`).join("\n");
    for (const words of [[], ["--compose"]]) {
      const found = await migrate(file, ...words);
      expect(found.said.some((line) => line.startsWith("PASSWORD: ") || line.startsWith("CAPTCHA_PRIVATE: "))).toBe(
        true,
      );
      expect(found.said.join("\n")).not.toContain("hush");
    }
  });

  /** An option's name, what is behind its = in a file, what Compose takes that for, and what it is in our file of Compose's. */
  const values: [name: string, docker: string, compose: string, written: string][] = [
    ["PROSODY_ACCOUNT_PASSWORD", "a #b", "a", "a"],
    ["PROSODY_LDAP_PASSWORD", "a#b", "a#b", "a#b"],
    ["PROSODY_LDAP_FILTER", "'a b'", "a b", "a b"],
    ["PROSODY_OAUTH_CLIENT_SECRET", '"a\\"b\\\\ #" # c', 'a"b\\ #', `'a"b\\ #'`],
    ["PROSODY_SQL_PASSWORD", "it's 'so'", "it's 'so'", "it's 'so'"],
    ["PROSODY_MUC_NAME", "  a ", "a", "a"],
    ["PROSODY_COMPONENT_SECRET", `"'it's' \\$x \\\\"`, "'it's' $x \\", `"'it's' \\$x \\\\"`],
    ["PROSODY_TURN_SECRET", "plain", "plain", "plain"],
  ];
  const linesOf = (column: 1 | 2 | 3): string[] => values.map((row) => `${row[0]}=${row[column]}`);
  const theirFile = linesOf(1).join("\n");

  it("keeps values whole, as Docker does, and says where Compose would not", async () => {
    const found = await migrate(theirFile);
    expect(found.ours.toSorted()).toEqual(linesOf(1).toSorted());
    const told = found.said.flatMap((line) => /^(\w+): all behind the = is its value, as for/u.exec(line)?.[1] ?? []);
    expect(told).toEqual(values.filter(([, docker, compose]) => docker !== compose).map(([name]) => name));
    const folder = await mkdtemp(path.join(tmpdir(), "env-file-"));
    await writeFile(path.join(folder, "ours.env"), `${found.ours.join("\n")}\n`);
    const script = `for _, name in ipairs({${values.map(([name]) => `"${name}"`).join()}}) do print(name .. "=" .. os.getenv(name)) end`;
    const words = [`--env-file=${folder}/ours.env`, "--entrypoint=/usr/bin/lua5.4", image, "-e", script];
    const { stdout } = await runCommand("docker", ["run", "--rm", "--network=none", ...words]);
    await rm(folder, { recursive: true });
    expect(stdout).toBe(`${theirFile}\n`);
  });

  it("reads values as Compose does with --compose, and writes them so that it reads them again", async () => {
    const found = await migrate(`export ${theirFile.replaceAll("\n", "\r\n")}`, "--compose");
    expect(found.ours.toSorted()).toEqual(linesOf(3).toSorted());
    expect(found.said.join("\n")).not.toMatch(/Compose/u);
    expect((await migrate(found.ours.join("\n"), "--compose")).ours).toEqual(found.ours);
  });

  it("says which names stand alone, which variables are in values, and which lines are no assignment", async () => {
    const file = "DOMAIN\nPASSWORD=a${HOME}\nexport LOG_LEVEL=warn\nC2S_RATE_LIMIT='1kb/s'2\n";
    const docker = await migrate(file);
    expect(docker.said).toEqual([
      "line 3 is no NAME=value of `docker run --env-file`.",
      expect.stringMatching(/^PASSWORD: all behind the =/u),
      expect.stringMatching(/^C2S_RATE_LIMIT: all behind the =/u),
      "DOMAIN: the file has its name alone, and its value comes from elsewhere.",
      "C2S_RATE_LIMIT: its value is no rate (10kb/s, 1mb/s).",
      expect.stringMatching(/^The server would not start: PROSODY_ACCOUNT_PASSWORD needs/u),
    ]);
    expect(docker.exitCode).toBe(3);
    const compose = await migrate(file, "--compose");
    expect(compose.said).toEqual([
      "line 4 is no NAME=value.",
      "PASSWORD: Docker Compose puts variables in the place of what begins with $ in it; here it stays as it is.",
      "DOMAIN: the file has its name alone, and its value comes from elsewhere.",
      expect.stringMatching(/^The server would not start: PROSODY_ACCOUNT_PASSWORD needs/u),
    ]);
    expect(compose.ours).toEqual(["PROSODY_ACCOUNT_PASSWORD='a${HOME}'", "PROSODY_LOGLEVEL=warn"]);
  });

  it("says what would be of no effect, and takes LDAP's addresses", async () => {
    const found = await migrate(
      "AUTH_TYPE=ldap\nLDAP_URL=ldaps://ldap.example.org/\nLDAP_BASE=dc=example\nTURN_PORT=3479\n",
    );
    expect(found.ours).toContain("PROSODY_LDAP_SERVER=ldaps://ldap.example.org");
    expect(found.said).toContain("PROSODY_TURN_PORT has no effect without PROSODY_TURN_SECRET.");
    expect(found.exitCode).toBe(0);
  });

  it("knows every variable of the general images", async () => {
    const found = await migrate(theirNames.map((name) => `${name}=1`).join("\n"));
    expect(found.said.filter((line) => line.includes("is not known"))).toEqual([]);
  });
});

const official = `LOCAL DOMAIN PASSWORD PROSODY_PLUGIN_PATHS PROSODY_ADMINS PROSODY_ENABLE_MODULES PROSODY_DISABLE_MODULES
  PROSODY_TURN_SECRET PROSODY_TURN_HOST PROSODY_TURN_PORT PROSODY_TURN_TLS_PORT PROSODY_RETENTION_DAYS PROSODY_ARCHIVE_EXPIRY_DAYS
  PROSODY_UPLOAD_EXPIRY_DAYS PROSODY_UPLOAD_LIMIT_MB PROSODY_UPLOAD_STORAGE_GB PROSODY_DNS_RESOLVERS PROSODY_USE_DANE
  PROSODY_S2S_SECURE_AUTH PROSODY_C2S_RATE_LIMIT PROSODY_S2S_RATE_LIMIT PROSODY_STORAGE PROSODY_SQL_DRIVER PROSODY_SQL_DB
  PROSODY_SQL_HOST PROSODY_SQL_USERNAME PROSODY_SQL_PASSWORD PROSODY_LOGLEVEL PROSODY_STATISTICS PROSODY_STATISTICS_INTERVAL
  PROSODY_CERTIFICATES PROSODY_VIRTUAL_HOSTS PROSODY_NETWORK_HOSTNAME PROSODY_COMPONENTS PROSODY_MUC_MODULES
  PROSODY_EXTERNAL_COMPONENTS PROSODY_COMPONENT_SECRET PROSODY_EXTRA_CONFIG __FLUSH_LOG`;

const others = `ALLOW_REGISTRATION REGISTRATION_INVITE_ONLY DOMAIN_HTTP_UPLOAD DOMAIN_MUC DOMAIN_PROXY DOMAIN_PUBSUB DB_DRIVER
  DB_DATABASE DB_HOST DB_PORT DB_USERNAME DB_PASSWORD E2E_POLICY_CHAT E2E_POLICY_MUC E2E_POLICY_WHITELIST
  E2E_POLICY_MESSAGE_OPTIONAL_CHAT E2E_POLICY_MESSAGE_REQUIRED_CHAT E2E_POLICY_MESSAGE_OPTIONAL_MUC
  E2E_POLICY_MESSAGE_REQUIRED_MUC LOG_LEVEL C2S_REQUIRE_ENCRYPTION S2S_REQUIRE_ENCRYPTION S2S_SECURE_AUTH
  SERVER_CONTACT_INFO_ABUSE SERVER_CONTACT_INFO_ADMIN SERVER_CONTACT_INFO_FEEDBACK SERVER_CONTACT_INFO_SALES
  SERVER_CONTACT_INFO_SECURITY SERVER_CONTACT_INFO_SUPPORT AUTHENTICATION LDAP_BASE LDAP_SERVER LDAP_ROOTDN LDAP_PASSWORD
  LDAP_FILTER LDAP_SCOPE LDAP_TLS LDAP_MODE LDAP_ADMIN_FILTER HTTP_MAX_CONTENT_SIZE HTTP_FILE_SHARE_EXPIRES_AFTER
  HTTP_FILE_SHARE_SIZE_LIMIT HTTP_FILE_SHARE_DAILY_QUOTA ADMIN_JID CAPTCHA_PRIVATE CAPTCHA_PUBLIC SINCE TZ
  SELECT_COMMUNITY_MODULES ENABLE_CONFD ENABLE_MODULE_PATHS LUA_VERSION PROSODY_CONFIGDIR PROSODY_LOG_LEVEL
  PROSODY_MODULES_AVAILABLE PROSODY_MODULES_ENABLED PROSODY_MODULES_DISABLED PROSODY_DEFAULT_STORAGE PROSODY_STORAGE_archive
  PROSODY_NETWORK_BACKEND PROSODY_ALLOW_REGISTRATION PROSODY_C2S_REQUIRE_ENCRYPTION PROSODY_S2S_REQUIRE_ENCRYPTION
  PROSODY_S2S_INSECURE_DOMAINS PROSODY_S2S_SECURE_DOMAINS PROSODY_DB_DRIVER PROSODY_DB_NAME PROSODY_DB_HOST PROSODY_DB_PORT
  PROSODY_DB_USERNAME PROSODY_DB_PASSWORD PROSODY_AUTHENTICATION PROSODY_ARCHIVE_EXPIRES_AFTER PROSODY_EXTRA_CFG
  PROSODY_ENABLE_DEFAULT_VIRTUALHOST PROSODY_DEFAULT_VIRTUALHOST PROSODY_IMPORT_CERTIFICATE_HOSTNAMES
  PROSODY_IMPORT_CERTIFICATE_DIRECTORIES PROSODY_VERSION PUID PGID PROSODY_MODULES CUSTOM_MODULES XMPP_DOMAIN`;

const theirNames = `${official} ${others}`.split(/\s+/u);
