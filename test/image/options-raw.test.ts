import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { discover, featuresOf } from "../fixtures/disco.ts";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { refusalOf } from "../fixtures/refusal.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const password = "a long secret";
const conf = (name: string): string => `/etc/prosody/conf.d/${name}.cfg.lua`;
const servers: ProsodyServer[] = [];

beforeAll(async () => {
  await useEngine();
});
afterAll(async () => {
  for (const server of servers) await server.close();
});

async function start(
  series: string,
  files: Record<string, string>,
  env: Record<string, string> = {},
): Promise<ProsodyServer> {
  const server = await startProsody({ image: await ensureProsodyImage(series), files, env });
  servers.push(server);
  await server.addAccount("alice", password);
  return server;
}

const rooms = (name: string): string => `Component "conference.example.org" "muc"\n  name = "${name}"\n`;

async function nameOfRooms(server: ProsodyServer): Promise<string | undefined> {
  const alice = await server.connect("alice", password);
  return (await discover(alice, "conference.example.org")).getChild("identity")?.attrs["name"];
}

describe("raw configuration", () => {
  it("PROSODY_EXTRA_CONFIG: these files are read last, in the order of their names, and no others", async () => {
    const files = {
      "/etc/prosody/extra/b.cfg.lua": rooms("of b"),
      "/etc/prosody/extra/a.cfg.lua": rooms("of a"),
      [conf("c")]: rooms("of conf.d"),
    };
    const server = await start(usualSeries, files, { PROSODY_EXTRA_CONFIG: "extra/*.cfg.lua" });
    expect(await nameOfRooms(server)).toBe("of b");
  });
});

describe.each(imageSeries)("raw configuration of %s", (series) => {
  it("is read after ours; what is set in both is told by its names, and counts as the file has it", async () => {
    const files = {
      [conf("a")]:
        `s2s_secure_auth = true\nlog = { { levels = { min = "info" }, to = "console" } }\n${rooms("a name")}`,
      [conf("b")]: `VirtualHost "example.org"\n  archive_expires_after = "1d"\n`,
      "/etc/prosody/modules/mod_own/mod_own.lua": `module:add_feature("urn:test:own")`,
    };
    const server = await start(series, files, {
      PROSODY_S2S_SECURE_AUTH: "true",
      PROSODY_LOGLEVEL: "debug",
      PROSODY_MUC_NAME: "our name",
      PROSODY_RETENTION_DAYS: "3",
      PROSODY_MUC_HISTORY: "5",
      PROSODY_ENABLE_MODULES: "own",
    });
    const log = await server.log();
    expect(log.split("\n").filter((line) => line.includes("both set"))).toEqual([
      `prosody-foundry\twarn\tPROSODY_LOGLEVEL and ${conf("a")} both set log: the file counts.`,
      `prosody-foundry\twarn\tPROSODY_MUC_NAME and ${conf("a")} both set name on conference.example.org: the file counts.`,
      `prosody-foundry\twarn\tPROSODY_RETENTION_DAYS and ${conf("b")} both set archive_expires_after on example.org: the file counts.`,
      `prosody-foundry\twarn\tPROSODY_S2S_SECURE_AUTH and ${conf("a")} both set s2s_secure_auth: the file counts.`,
    ]);
    expect(log).not.toMatch(/\sdebug\t/u);
    expect(await nameOfRooms(server)).toBe("a name");
    expect(await featuresOf(await server.connect("alice", password), "example.org")).toContain("urn:test:own");
  });

  it("says when it takes away the image's modules", async () => {
    const server = await start(series, {
      [conf("a")]: 'modules_enabled = { "foundry_report", "disco", "saslauth", "tls" }\n',
    });
    expect(await server.log()).toContain(`${conf("a")} sets modules_enabled, so the image's own modules are gone`);
  });

  it("says when it takes away the image's modules of a component, and not when it adds some", async () => {
    const files = {
      [conf("a")]: `${rooms("own")}  modules_enabled = { "muc_mam" }\n`,
      [conf("b")]: `VirtualHost "example.org"\n  modules_enabled = { "motd" }
Component "upload.example.org" "http_file_share"\n  modules_enabled = { "own" }\n`,
      "/etc/prosody/modules/mod_own/mod_own.lua": `module:add_feature("urn:test:own")`,
    };
    const log = await (await start(series, files, { PROSODY_ENABLE_MODULES: "announce" })).log();
    expect(log.split("\n").filter((line) => line.includes("modules_enabled"))).toEqual([
      `prosody-foundry\twarn\t${conf("a")} sets modules_enabled on conference.example.org, so the image's own modules are gone there: use PROSODY_MUC_MODULES to add some.`,
    ]);
  });

  it("of TURN and DANE counts, and is told by the names of both", async () => {
    const files = {
      [conf("a")]: "external_services = {}\nturn_external_tls_port = 5350\nunbound = { resolvconf = true }\n",
    };
    const turn = { PROSODY_TURN_SECRET: "hush", PROSODY_TURN_TLS_PORT: "5349", PROSODY_USE_DANE: "true" };
    const log = await (await start(series, files, turn)).log();
    expect(log.split("\n").filter((line) => line.includes("both set"))).toEqual(
      [
        ["PROSODY_TURN_TLS_PORT", "external_services"],
        ["PROSODY_TURN_TLS_PORT", "turn_external_tls_port"],
        ["PROSODY_USE_DANE", "unbound"],
      ].map(([name, set]) => `prosody-foundry\twarn\t${name} and ${conf("a")} both set ${set}: the file counts.`),
    );
  });

  it("that is no Lua is refused by file and line, beside what else is wrong", async () => {
    const files = { [conf("a")]: "a = 1\nb = = 2\n", [conf("b")]: "if true then\n" };
    expect(await refusalOf(series, { files, env: { PROSODY_DOMIAN: "example.org" } })).toEqual([
      "PROSODY_DOMIAN is no option of this image. Did you mean PROSODY_DOMAIN?",
      `${conf("a")}, line 2: unexpected symbol near '='.`,
      `${conf("b")}, line 2: 'end' expected (to close 'if' at line 1) near <eof>.`,
    ]);
  });

  it("that fails when it is read is refused by file and line", async () => {
    expect(await refusalOf(series, { files: { [conf("a")]: "local x\ny = x.z\n" } })).toEqual([
      `${conf("a")}, line 2: attempt to index a nil value (local 'x').`,
    ]);
  });

  it("with modules and kinds of components that are not there is refused with the nearest names", async () => {
    const files = {
      [conf("a")]:
        'VirtualHost "example.org"\n  modules_enabled = { "pign" }; authentication = "intrenal_hashed"\nComponent "x.example.org" "pubsubb"\n',
      "/etc/prosody/modules/mod_own/mod_own.lua": "module:hook(",
    };
    expect(
      await refusalOf(series, { files, env: { PROSODY_DOMAIN: "example.org", PROSODY_ENABLE_MODULES: "own" } }),
    ).toEqual([
      `${conf("a")} wants the module "auth_intrenal_hashed", which is not in this image. Did you mean auth_internal_hashed?`,
      `${conf("a")} wants the module "pign", which is not in this image. Did you mean ping?`,
      `${conf("a")} wants the module "pubsubb", which is not in this image. Did you mean pubsub?`,
      'The module "own" cannot be loaded: /etc/prosody/modules/mod_own/mod_own.lua, line 1: unexpected symbol near <eof>.',
    ]);
  });
});

it("a module that conflicts with what this Prosody has is refused", async () => {
  const files = { "/etc/prosody/modules/mod_own.lua": '--% conflicts: muc_vcard\nmodule:add_feature("x")\n' };
  expect(await refusalOf(usualSeries, { files, env: { PROSODY_ENABLE_MODULES: "own" } })).toEqual([
    'The module "own" cannot be loaded: /etc/prosody/modules/mod_own.lua: this Prosody has muc_vcard itself.',
  ]);
});
