import { runCommand } from "@prosody-foundry/kit";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { makeNetwork } from "../fixtures/peer.ts";
import { startPostgresql } from "../fixtures/peer-postgresql.ts";
import { tryLogin } from "../fixtures/login.ts";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { runImage, startProsody } from "../fixtures/prosody-server.ts";
import { type BadWishes, refusalOf } from "../fixtures/refusal.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const Options = z.array(z.looseObject({ name: z.string(), secret: z.boolean() }));

beforeAll(async () => {
  await useEngine();
});

const conf = (name: string): string => `/etc/prosody/conf.d/${name}.cfg.lua`;

async function complaints(series: string, env: Readonly<Record<string, string>>): Promise<string[]> {
  return (await refusalOf(series, { env })).toSorted();
}

/** One of each thing that can be wrong, each with something beside it that would be right if it were. */
const manyFaults: BadWishes = {
  env: {
    PROSODY_SQL_DRIVR: "PostgreSQL",
    PROSODY_STORAGE: "sql",
    PROSODY_STATISTICS: "interal",
    PROSODY_METRICS_NETWORK: "10.0.0.0/8",
    PROSODY_ACCOUNT: "me",
    PROSODY_ACCOUNT_PASSWORD_FILE: "/run/secrets/password",
    PROSODY_LDAP_BASE: "dc=example",
    PROSODY_VIRTUAL_HOSTS: "rooms.example.org",
    PROSODY_MUC_DOMAIN: "rooms.example.org",
    PROSODY_MUC_CREATION: "everybody",
    PROSODY_ENABLE_MODULES: "pign,own,broken",
    PROSODY_COMPONENTS: "x.example.org:mcu",
  },
  files: {
    "/run/secrets/password": { text: "hush", mode: 0o600 },
    "/etc/prosody/prosody.cfg.lua": "",
    "/etc/prosody/modules/mod_own.lua": "",
    "/etc/prosody/modules/mod_broken.lua": "module:hook(",
    [conf("a")]: 'VirtualHost "example.org"\n  modules_enabled = { "blocklst", "pign" }\n',
    [conf("b")]: "a = 1\nb = = 2\n",
    [conf("c")]: "local x\ny = x.z\n",
    [conf("d")]: { text: "", mode: 0o600 },
    [conf("e")]: 'Component "e.example.org" "pubsubb"\n',
    [conf("f")]: 'Component "rooms.example.org" "muc"\n',
  },
  run: ["--tmpfs=/var/lib/prosody:ro"],
};

const sentences = [
  "/etc/prosody/prosody.cfg.lua is not read: this image is configured by PROSODY_… variables, and what they cannot say goes into files called /etc/prosody/conf.d/*.cfg.lua. Move it there, or take it away.",
  `${conf("a")} wants the module "blocklst", which is not in this image. Did you mean blocklist?`,
  `${conf("a")} wants the module "pign", which is not in this image. Did you mean ping?`,
  `${conf("b")}, line 2: unexpected symbol near '='.`,
  `${conf("c")}, line 2: attempt to index a nil value (local 'x').`,
  `Cannot read ${conf("d")}: Permission denied.`,
  `${conf("e")} wants the module "pubsubb", which is not in this image. Did you mean pubsub?`,
  `${conf("f")}: Component "rooms.example.org" clashes with previously defined VirtualHost "rooms.example.org", for services use a sub-domain like conference.rooms.example.org.`,
  "PROSODY_ACCOUNT_PASSWORD_FILE cannot be read: /run/secrets/password: Permission denied.",
  'PROSODY_COMPONENTS holds the type "mcu", which is no module of this image. Did you mean muc?',
  'PROSODY_ENABLE_MODULES holds "pign", which is no module of this image. Did you mean ping?',
  "PROSODY_LDAP_BASE needs PROSODY_AUTHENTICATION=ldap.",
  "PROSODY_MUC_DOMAIN holds rooms.example.org, which is in use already.",
  "PROSODY_SQL_DRIVR is no option of this image. Did you mean PROSODY_SQL_DRIVER?",
  "PROSODY_STATISTICS=interal is none of none, internal, statsd. Did you mean internal?",
  'The module "broken" cannot be loaded: /etc/prosody/modules/mod_broken.lua, line 1: unexpected symbol near <eof>.',
  "User 999 cannot write to /var/lib/prosody, which is read-only: mount a volume or a tmpfs at /var/lib/prosody.",
];

describe.each(imageSeries)("a bad environment of %s", (series) => {
  it("is reported whole, with the nearest names, before Prosody starts", async () => {
    const found = await complaints(series, {
      PROSODY_DOMIAN: "example.org",
      DOMAIN: "-bad..name",
      PROSODY_ADMINS: "me",
      PROSODY_S2S_SECURE_AUTH: "nope",
      PROSODY_LOGLEVEL: "inof",
      PROSODY_STORAGE: "sql",
      PROSODY_SQL_PORT: "0",
      PROSODY_SQL_PASSWORD_FILE: "/run/secret",
      PROSODY_COMPONENT_SECRET_FILE: "/etc",
      PROSODY_TURN_SECRET: "hush",
      TURN_CREDENTIALS: "hush hush",
      PROSODY_ENABLE_MODULES: "ping,mod_pign",
      PROSODY_COMPONENTS: "x.example.org:mcu",
      PROSODY_RETENTION_DAYS: "week",
      PROSODY_C2S_RATE_LIMIT: "fast",
      PROSODY_METRICS_NETWORK: "10.0.0.0/33",
    });
    expect(found).toEqual(
      [
        "DOMAIN=-bad..name is no domain name.",
        'PROSODY_ADMINS=me holds "me", which is no address (user@domain).',
        "PROSODY_C2S_RATE_LIMIT=fast is no rate (10kb/s, 1mb/s).",
        'PROSODY_COMPONENTS holds the type "mcu", which is no module of this image. Did you mean muc?',
        "PROSODY_COMPONENT_SECRET_FILE cannot be read: Is a directory.",
        "PROSODY_DOMIAN is no option of this image. Did you mean PROSODY_DOMAIN?",
        'PROSODY_ENABLE_MODULES holds "pign", which is no module of this image. Did you mean ping?',
        "PROSODY_LOGLEVEL=inof is none of debug, info, warn, error. Did you mean info?",
        "PROSODY_METRICS_NETWORK=10.0.0.0/33 is no IP address or network (10.0.0.0/8).",
        "PROSODY_RETENTION_DAYS=week is no number of days above 0 (a million at most), nor never.",
        "PROSODY_S2S_SECURE_AUTH=nope is neither true nor false (true, yes, on, 1; false, no, off, 0).",
        "PROSODY_SQL_PASSWORD_FILE cannot be read: /run/secret: No such file or directory.",
        "PROSODY_SQL_PORT=0 is no port (1 to 65535).",
        "PROSODY_STORAGE=sql needs PROSODY_SQL_DRIVER (PostgreSQL, MySQL or SQLite3).",
        "PROSODY_TURN_SECRET and TURN_CREDENTIALS are both set and differ: leave one out.",
      ].toSorted(),
    );
  });

  it("of another image is told what there is instead", async () => {
    const found = await complaints(series, {
      PROSODY_STORAGE_archive: "sql",
      PROSODY_EXTRA_CFG: "1",
      PROSODY_NETWORK_BACKEND: "epoll",
      PROSODY_DEFAULT_VIRTUALHOST: "example.org",
      PROSODY_VISITORS_MUC_PREFIX: "x",
      PROSODY_STORES: "archve:sql",
    });
    expect(found).toEqual([
      "PROSODY_DEFAULT_VIRTUALHOST is no option of this image: that is PROSODY_VIRTUAL_HOSTS here.",
      "PROSODY_EXTRA_CFG is no option of this image: /etc/prosody/conf.d/*.cfg.lua is always read.",
      "PROSODY_NETWORK_BACKEND is no option of this image: Prosody's own choice is kept; a file in conf.d can set network_backend.",
      "PROSODY_STORAGE_archive is no option of this image: PROSODY_STORES has the backends of all stores.",
      'PROSODY_STORES=archve:sql holds the store "archve", which no module of this image has (`storage` in a file in conf.d takes any). Did you mean archive?',
      "PROSODY_VISITORS_MUC_PREFIX is no option of this image: it belongs to Jitsi Meet, which this image does not serve.",
    ]);
  });

  it("that contradicts itself is told where", async () => {
    const found = await complaints(series, {
      PROSODY_DOMAIN: "example.org",
      PROSODY_VIRTUAL_HOSTS: "rooms.example.org",
      PROSODY_MUC_DOMAIN: "rooms.example.org",
      PROSODY_MUC_CREATION: "everybody",
      PROSODY_UPLOAD_DOMAIN: "none",
      PROSODY_UPLOAD_LIMIT_MB: "5",
      PROSODY_REGISTRATION: "closed",
      PROSODY_INVITE_EXPIRY: "1d",
      PROSODY_METRICS_NETWORK: "10.0.0.0/8",
      PROSODY_TURN_HOST: "turn.example.org",
      PROSODY_LDAP_BASE: "dc=example",
      PROSODY_EXTERNAL_COMPONENTS: "irc.example.org",
      PROSODY_ENABLE_MODULES: "ping",
      PROSODY_DISABLE_MODULES: "ping",
      PROSODY_C2S_PORTS: "5222,5280",
      PROSODY_PLUGIN_PATHS: "/nowhere",
      PROSODY_EXTRA_CONFIG: "/etc/prosody/none.cfg.lua",
    });
    expect(found).toEqual(
      [
        "PROSODY_C2S_PORTS and PROSODY_HTTP_PORTS both hold the port 5280.",
        'PROSODY_ENABLE_MODULES and PROSODY_DISABLE_MODULES both hold "ping": leave one out.',
        "PROSODY_EXTERNAL_COMPONENTS holds, as number 1, a name without a secret, and there is no PROSODY_COMPONENT_SECRET.",
        "PROSODY_EXTRA_CONFIG: there is no file /etc/prosody/none.cfg.lua.",
        "PROSODY_INVITE_EXPIRY has nothing to limit with PROSODY_REGISTRATION=closed.",
        "PROSODY_LDAP_BASE needs PROSODY_AUTHENTICATION=ldap.",
        "PROSODY_METRICS_NETWORK needs PROSODY_STATISTICS=internal.",
        "PROSODY_MUC_DOMAIN holds rooms.example.org, which is in use already.",
        "PROSODY_PLUGIN_PATHS: there is no folder /nowhere.",
        "PROSODY_TURN_HOST needs PROSODY_TURN_SECRET.",
        "PROSODY_UPLOAD_LIMIT_MB needs uploads, and this server has none.",
      ].toSorted(),
    );
  });

  it("is reported together with bad files, modules and data, each problem once and nothing that follows from another", async () => {
    expect((await refusalOf(series, manyFaults)).toSorted()).toEqual(sentences.toSorted());
  });

  it("stops prosodyctl, too", async () => {
    const { exitCode, stderr } = await runImage(await ensureProsodyImage(series), { PROSODY_DOMIAN: "x" }, ["about"]);
    expect(stderr).toContain("Did you mean PROSODY_DOMAIN");
    expect(exitCode).toBe(78);
  });
});

describe("what the server's own user cannot read", () => {
  it("is no use to a container that begins as user 0", async () => {
    const found = await refusalOf(usualSeries, {
      env: { PROSODY_TURN_HOST: "turn.example.org", PROSODY_TURN_SECRET_FILE: "/run/secrets/turn" },
      files: {
        "/run/secrets/turn": { text: "hush", mode: 0o600 },
        "/var/lib/prosody/.prosody-series": { text: "trunk trunk\n", mode: 0o644 },
        [conf("a")]: { text: "", mode: 0o600 },
      },
      run: ["--user=0"],
    });
    expect(found).toEqual([
      "PROSODY_TURN_SECRET_FILE cannot be read: /run/secrets/turn: Permission denied.",
      expect.stringMatching(/^The data in \S+ was used by Prosody trunk already/u),
      `Cannot read ${conf("a")}: Permission denied.`,
    ]);
  });
});

it("every secret can be in a file", async () => {
  const image = await ensureProsodyImage(usualSeries);
  const { stdout } = await runImage(image, {}, ["help", "--json"]);
  const secrets = Options.parse(JSON.parse(stdout)).filter((option) => option.secret);
  expect(secrets.length).toBeGreaterThan(3);
  const env = Object.fromEntries(secrets.map((option) => [`${option.name}_FILE`, "/nowhere"]));
  const found = await complaints(usualSeries, env);
  for (const { name } of secrets)
    expect(found).toContain(`${name}_FILE cannot be read: /nowhere: No such file or directory.`);
});

it.each(imageSeries)("a secret in a file is told by nobody, and is used, in %s", async (series) => {
  const secrets = {
    PROSODY_ACCOUNT_PASSWORD: "first account's secret",
    PROSODY_SQL_PASSWORD: "secret of the database",
    PROSODY_TURN_SECRET: "secret shared with TURN",
    PROSODY_COMPONENT_SECRET: "secret of the components",
  };
  const names = Object.keys(secrets);
  const network = await makeNetwork();
  onTestFinished(async () => network.close());
  const database = await startPostgresql({ network, password: secrets.PROSODY_SQL_PASSWORD });
  onTestFinished(async () => database.close());
  const server = await startProsody({
    image: await ensureProsodyImage(series),
    network: network.name,
    files: Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [`/run/secrets/${name}`, secret])),
    env: {
      ...Object.fromEntries(names.map((name) => [`${name}_FILE`, `/run/secrets/${name}`])),
      PROSODY_SQL_DRIVER: "PostgreSQL",
      PROSODY_SQL_HOST: database.host,
      PROSODY_ADMINS: "admin@example.org",
      PROSODY_TURN_HOST: "turn.example.org",
      PROSODY_EXTERNAL_COMPONENTS: "bridge.example.org",
      PROSODY_LOGLEVEL: "debug",
    },
  });
  onTestFinished(async () => server.close());
  expect(await tryLogin(server, "admin", secrets.PROSODY_ACCOUNT_PASSWORD)).toMatch(/^SCRAM-SHA-/u);
  const option = 'require"core.configmanager".get("bridge.example.org", "component_secret")';
  expect(await server.ask(`${option} == "${secrets.PROSODY_COMPONENT_SECRET}"`)).toBe("true");
  const told = {
    log: await server.log(),
    inspect: (await runCommand("docker", ["inspect", server.name])).stdout,
    about: await server.ctl("about"),
    check: await server.ctl("check", "config"),
  };
  expect(told.log).toContain("debug");
  expect(told.inspect).toContain("PROSODY_TURN_SECRET_FILE=/run/secrets/PROSODY_TURN_SECRET");
  expect(told.about).toContain("Prosody");
  expect(told.check).toContain("Checking config");
  for (const secret of Object.values(secrets)) {
    const tellers = Object.entries(told).filter(([, text]) => text.includes(secret));
    expect(tellers.map(([where]) => where)).toEqual([]);
  }
});
