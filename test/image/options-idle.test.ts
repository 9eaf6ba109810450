import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { askHelp } from "../fixtures/option-files.ts";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { startProsody } from "../fixtures/prosody-server.ts";
import { refusalOf } from "../fixtures/refusal.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const Option = z.looseObject({
  name: z.string(),
  needs: z.array(z.string()),
  wants: z.array(z.string()),
  on: z.string().optional(),
});

beforeAll(useEngine);

const without = (name: string, what: string): string => `${name} has no effect without ${what}`;

/** Those that do something whatever else is set, and those whose rule is one of its own. */
const always = `PROSODY_DOMAIN PROSODY_VIRTUAL_HOSTS PROSODY_NETWORK_HOSTNAME PROSODY_ADMINS PROSODY_ACCOUNT
  PROSODY_ACCOUNT_PASSWORD PROSODY_REGISTRATION PROSODY_AUTHENTICATION PROSODY_STORAGE PROSODY_STORES PROSODY_SQL_DRIVER
  PROSODY_RETENTION_DAYS PROSODY_ARCHIVE_EXPIRY_DAYS PROSODY_ARCHIVE_POLICY PROSODY_CERTIFICATES PROSODY_SELF_SIGNED
  PROSODY_TLS_PROFILE PROSODY_C2S_REQUIRE_ENCRYPTION PROSODY_S2S PROSODY_TRUSTED_CAS PROSODY_DNS_RESOLVERS
  PROSODY_CONNECTIONS_PER_ADDRESS PROSODY_SESSIONS_PER_ACCOUNT PROSODY_LOGIN_FAILURES
  PROSODY_LOGIN_FAILURES_PERIOD PROSODY_C2S_RATE_LIMIT PROSODY_C2S_STANZA_SIZE_LIMIT PROSODY_C2S_PORTS PROSODY_C2S_DIRECT_TLS_PORTS PROSODY_HTTP_PORTS
  PROSODY_HTTPS_PORTS PROSODY_HTTP_EXTERNAL_URL PROSODY_TRUSTED_PROXIES PROSODY_HTTP_MAX_CONTENT_SIZE PROSODY_WEB_CLIENTS
  PROSODY_IPV6 PROSODY_MUC_DOMAIN PROSODY_UPLOAD_DOMAIN PROSODY_PROXY65_DOMAIN PROSODY_PUBSUB_DOMAIN PROSODY_COMPONENTS
  PROSODY_EXTERNAL_COMPONENTS PROSODY_TURN_SECRET PROSODY_PUSH_WITH_BODY PROSODY_PUSH_WITH_SENDER PROSODY_E2E_POLICY_CHAT
  PROSODY_E2E_POLICY_MUC PROSODY_ENABLE_MODULES PROSODY_DISABLE_MODULES PROSODY_PLUGIN_PATHS PROSODY_LOGLEVEL
  PROSODY_LOG_TIMESTAMPS PROSODY_STATISTICS PROSODY_GC PROSODY_EXTRA_CONFIG`.split(/\s+/u);

describe("an option that does nothing by itself", () => {
  it("is known as such", async () => {
    const options = z.array(Option).parse(JSON.parse(await askHelp(await ensureProsodyImage(usualSeries), "--json")));
    const alone = options.filter(({ needs, wants, on }) => needs.length + wants.length === 0 && on === undefined);
    const others = alone.map(({ name }) => name).filter((name) => !name.startsWith("PROSODY_CONTACT_"));
    expect(others.toSorted()).toEqual(always.toSorted());
  });

  const inFiles = "without, all data is kept in files.";
  it.each<[string, Record<string, string>, string[]]>([
    [
      "a database without a driver",
      {
        DB_HOST: "db",
        DB_PORT: "5432",
        DB_DATABASE: "chat",
        PROSODY_DB_USERNAME: "chat",
        PROSODY_SQL_PASSWORD: "hush",
        PROSODY_SQL_TLS: "require",
        PROSODY_SQL_TLS_CA: "/etc/hostname",
        PROSODY_SQL_WAIT: "5m",
      },
      [
        `DB_DATABASE needs PROSODY_SQL_DRIVER or PROSODY_STORAGE=sqlite: ${inFiles}`,
        `DB_HOST needs PROSODY_SQL_DRIVER=PostgreSQL or MySQL: ${inFiles}`,
        `DB_PORT needs PROSODY_SQL_DRIVER=PostgreSQL or MySQL: ${inFiles}`,
        `PROSODY_DB_USERNAME needs PROSODY_SQL_DRIVER or PROSODY_STORAGE=sqlite: ${inFiles}`,
        `PROSODY_SQL_PASSWORD needs PROSODY_SQL_DRIVER or PROSODY_STORAGE=sqlite: ${inFiles}`,
        `PROSODY_SQL_TLS needs PROSODY_SQL_DRIVER=PostgreSQL or MySQL: ${inFiles}`,
        `PROSODY_SQL_TLS_CA needs PROSODY_SQL_DRIVER=PostgreSQL or MySQL: ${inFiles}`,
      ],
    ],
    [
      "a server of SQLite",
      { DB_DRIVER: "SQLite3", DB_HOST: "db", DB_DATABASE: "chat.sqlite" },
      [`DB_HOST needs PROSODY_SQL_DRIVER=PostgreSQL or MySQL: ${inFiles}`],
    ],
    [
      "a database beside SQLite",
      { PROSODY_STORAGE: "sqlite", PROSODY_SQL_DRIVER: "PostgreSQL", PROSODY_STORES: "archive:sql" },
      ["PROSODY_STORAGE=sqlite does not use PROSODY_SQL_DRIVER: leave one out."],
    ],
    [
      "what LDAP does not use",
      {
        PROSODY_AUTHENTICATION: "ldap",
        PROSODY_LDAP_BASE: "dc=example",
        PROSODY_LDAP_PASSWORD: "hush",
        PROSODY_LDAP_TLS: "false",
        PROSODY_LDAP_TLS_CA: "/etc/hostname",
      },
      [
        "PROSODY_LDAP_PASSWORD needs PROSODY_LDAP_ROOTDN.",
        "PROSODY_LDAP_TLS_CA needs PROSODY_LDAP_TLS=true or PROSODY_LDAP_SERVER=ldaps://….",
      ],
    ],
  ])("is an error where data or safety is at stake: %s", async (_, env, sentences) => {
    expect((await refusalOf(usualSeries, { env })).toSorted()).toEqual(sentences);
  });

  const idle = {
    PROSODY_C2S_PORTS: "5222,5000,5347",
    PROSODY_S2S: "false",
    PROSODY_S2S_PORTS: "5555",
    S2S_SECURE_AUTH: "false",
    PROSODY_S2S_SECURE_DOMAINS: "example.net",
    PROSODY_USE_DANE: "true",
    PROSODY_TURN_PORT: "3479",
    TURNS_PORT: "5350",
    PROSODY_TURN_TCP: "true",
    PROSODY_TURN_TTL: "1h",
    PROSODY_PROXY65_PORT: "5001",
    PROSODY_COMPONENT_SECRET: "hush",
    PROSODY_COMPONENT_INTERFACES: "*",
    DB_DRIVER: "SQLite3",
    DB_PASSWORD: "hush",
    PROSODY_SQL_WAIT: "5m",
    PROSODY_RETENTION_DAYS: "5",
    PROSODY_ARCHIVE_EXPIRY_DAYS: "5",
    PROSODY_UPLOAD_EXPIRY_DAYS: "5",
    PROSODY_DISABLE_MODULES: "limits",
    PROSODY_C2S_RATE_LIMIT: "1mb/s",
    PROSODY_EXTRA_CONFIG: "/etc/prosody/conf.d/*.none",
    TZ: "Europe/Berlin",
    LDAP_ADMIN_FILTER: "(hush=hush)",
    SNIKKET_LOGLEVEL: "warn",
  };

  it.each(imageSeries)("is told by a warning in %s where nothing is, and no port is taken by it", async (series) => {
    const server = await startProsody({ image: await ensureProsodyImage(series), env: idle });
    onTestFinished(async () => server.close());
    const log = await server.log();
    expect(log).not.toContain("hush");
    const told = [...log.matchAll(/^prosody-foundry\twarn\t(.*)$/gmu)].map(([, sentence]) => sentence);
    const sql = "without PROSODY_SQL_DRIVER=PostgreSQL or MySQL.";
    expect(told).toEqual([
      "LDAP_ADMIN_FILTER is not read: Prosody asks LDAP about administrators no more since 13.0: name them in PROSODY_ADMINS.",
      "SNIKKET_LOGLEVEL is not read: that is PROSODY_LOGLEVEL here.",
      expect.stringMatching(/^TZ is not read: all times are told in UTC; .*PROSODY_LOG_TIMESTAMPS=true/u),
      `DB_PASSWORD has no effect ${sql}`,
      `PROSODY_SQL_WAIT has no effect ${sql}`,
      without("S2S_SECURE_AUTH", "PROSODY_S2S=true."),
      without("PROSODY_S2S_SECURE_DOMAINS", "PROSODY_S2S=true."),
      without("PROSODY_USE_DANE", "PROSODY_S2S=true."),
      without("PROSODY_C2S_RATE_LIMIT", "mod_limits, which PROSODY_DISABLE_MODULES leaves out."),
      without("PROSODY_S2S_PORTS", "PROSODY_S2S=true."),
      without("PROSODY_PROXY65_PORT", "PROSODY_PROXY65_DOMAIN."),
      without("PROSODY_COMPONENT_SECRET", "PROSODY_EXTERNAL_COMPONENTS."),
      without("PROSODY_COMPONENT_INTERFACES", "PROSODY_EXTERNAL_COMPONENTS."),
      ...["PROSODY_TURN_PORT", "TURNS_PORT", "PROSODY_TURN_TCP", "PROSODY_TURN_TTL"].map((name) =>
        without(name, "PROSODY_TURN_SECRET."),
      ),
      "PROSODY_RETENTION_DAYS has no effect beside PROSODY_ARCHIVE_EXPIRY_DAYS and PROSODY_UPLOAD_EXPIRY_DAYS.",
      "PROSODY_EXTRA_CONFIG: there is no such file.",
    ]);
  });
});

describe("PROSODY_EXTERNAL_COMPONENTS", () => {
  const file = "A secret with a comma or a space in it goes into a file, a line for each component.";
  it.each<[string, Record<string, string>, string]>([
    ["is no name", { EXTERNAL_COMPONENTS: "irc.example.org:pa55,hush" }, `what is no domain:secret. ${file}`],
    [
      "looks like a name",
      { PROSODY_EXTERNAL_COMPONENTS: "irc.example.org:pa55 hu.sh", PROSODY_COMPONENT_SECRET: "hush" },
      `what has no secret, after one that has: put names without one first. ${file}`,
    ],
  ])(
    "PROSODY_EXTERNAL_COMPONENTS: what is cut off a secret and %s is refused, and told nobody",
    async (_, env, said) => {
      const [name = ""] = Object.keys(env);
      const told = await refusalOf(usualSeries, { env });
      expect(told).toEqual([`${name} holds, as number 2, ${said}`]);
      expect(told.join("")).not.toContain("hu.sh");
    },
  );

  it("PROSODY_EXTERNAL_COMPONENTS_FILE: several on a line are no secret of the first", async () => {
    const told = await refusalOf(usualSeries, {
      env: { PROSODY_EXTERNAL_COMPONENTS_FILE: "/run/secrets/all" },
      files: {
        "/run/secrets/all": { text: "a.example.org:hush\nb.example.org:hush,c.example.org:hush\n", mode: 0o644 },
      },
    });
    expect(told).toEqual([
      "PROSODY_EXTERNAL_COMPONENTS_FILE holds, on line 2, several components: each has a line of its own in a file.",
    ]);
  });
});
