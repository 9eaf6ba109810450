import { type CommandResult, runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { armor, confined } from "../fixtures/confinement.ts";
import { type PeerNetwork, makeNetwork } from "../fixtures/peer.ts";
import { type Database, startPostgresql } from "../fixtures/peer-postgresql.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { until } from "../fixtures/until.ts";

const secrets = {
  PROSODY_SQL_PASSWORD: `what nobody "sees" \\ of it`,
  PROSODY_TURN_SECRET: "secret of the calls",
  PROSODY_COMPONENT_SECRET: "secret of the bridge",
  PROSODY_ACCOUNT_PASSWORD: "password of the first one",
};
const names = Object.keys(secrets);
// Falls where secrets are at hand.
const falling = `
module:add_timer(0.1, function()
  local sql, turn = module:get_option("sql"), module:get_option_string("turn_external_secret")
  local function fall(password, secret) return password.of.nobody, secret end
  fall(sql.password, turn)
end)`;
const ofAnother = "of-the-other-bridge";

let network: PeerNetwork;
let database: Database;

beforeAll(async () => {
  await useEngine();
  network = await makeNetwork();
  database = await startPostgresql({ network, password: secrets.PROSODY_SQL_PASSWORD });
});
afterAll(async () => {
  await database.close();
  await network.close();
});

describe.each(imageSeries)("prosodyctl of %s", (series) => {
  let image: string;
  let server: ProsodyServer;

  beforeAll(async () => {
    image = await ensureProsodyImage(series);
    server = await startProsody({
      image,
      network: network.name,
      files: {
        ...Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [`/run/secrets/${name}`, secret])),
        "/etc/prosody/modules/mod_test_fall.lua": falling,
      },
      env: {
        ...Object.fromEntries(names.map((name) => [`${name}_FILE`, `/run/secrets/${name}`])),
        PROSODY_STORES: "archive:sql",
        PROSODY_SQL_DRIVER: "PostgreSQL",
        PROSODY_SQL_HOST: database.host,
        PROSODY_TURN_HOST: "turn.example.org",
        PROSODY_TURN_TLS_PORT: "5349",
        PROSODY_ADMINS: "boss@example.org",
        PROSODY_EXTERNAL_COMPONENTS: `bridge.example.org other.example.org:${ofAnother}`,
        PROSODY_VIRTUAL_HOSTS: "b.example",
        PROSODY_ENABLE_MODULES: "test_fall",
        PROSODY_LOGLEVEL: "debug",
      },
    });
  });
  afterAll(async () => server.close());

  it("knows the configuration of the server beside it, and shows no secret", async () => {
    for (const program of [
      ["prosodyctl"],
      ["foundry"],
      ["lua5.4", "/usr/lib/prosody-foundry/entrypoint.lua", "prosodyctl"],
    ]) {
      const { stdout } = await server.exec([...program, "status"]);
      expect(stdout).toContain("Prosody is running with PID 1");
    }
    const { stdout } = await server.exec(["prosodyctl", "shell", "host", "list"]);
    expect(stdout).toMatch(/b\.example[^]*example\.org/u);
    const said = await Promise.all([
      server.ctl("about"),
      server.ctl("check", "config"),
      server.ctl("shell", "> require'lfs' and 1"),
    ]);
    for (const hidden of [...Object.values(secrets), ofAnother]) expect(said.join("")).not.toContain(hidden);
    expect(said[0]).toContain("/usr/lib/prosody-foundry/modules");
  });

  it("shows no secret that an option is set to, whoever asks for it", async () => {
    expect(await server.ask("prosody.hosts['example.org'].users.user_exists('boss')")).toBe("true");
    const get = async (...words: string[]) => server.ctl("shell", `config:get("${words.join(`", "`)}")`);
    // What is no secret is shown.
    const sql = await get("sql");
    expect(sql).toContain("PostgreSQL");
    expect(sql).toContain("(hidden)");
    expect(await get("example.org", "turn_external_secret")).toContain("(hidden)");
    expect(await get("bridge.example.org", "component_secret")).toContain("(hidden)");
    const config = `require"core.configmanager".getconfig()`;
    const walk = `(function() local t = {} local function all(v) for k, x in pairs(v) do if type(x) == "table" then all(x) else t[#t + 1] = tostring(k) .. "=" .. tostring(x) end end end all(${config}["*"]) for _, h in pairs(${config}) do all(h) end return table.concat(t, " ") end)()`;
    const told = [
      sql,
      await get("foundry_account"),
      await get("external_services"),
      await get("other.example.org", "component_secret"),
      await server.ctl("shell", `> ${walk}`),
    ].join("\n");
    expect(told).toContain("boss@example.org");
    expect(told).toContain("component_secret=(hidden)");
    const quoted = JSON.stringify(secrets.PROSODY_SQL_PASSWORD).slice(1, -1);
    for (const hidden of [...Object.values(secrets), ofAnother, quoted]) expect(told).not.toContain(hidden);
    // Nor is the first password anywhere in it for those who look closer.
    const holds = `(${walk}):find("${secrets.PROSODY_ACCOUNT_PASSWORD}", 1, true) ~= nil`;
    expect(await server.ask(holds)).toBe("false");
    expect(await server.ask(holds.replace(secrets.PROSODY_ACCOUNT_PASSWORD, ofAnother))).toBe("true");
  });

  it("shows no secret in a trace", async () => {
    const log = await until(
      async () => server.log(),
      (text) => text.includes("mod_test_fall.lua:4"),
    );
    expect(log).toMatch(/attempt to index[^]*stack traceback/u);
    for (const hidden of [...Object.values(secrets), ofAnother]) expect(log).not.toContain(hidden);
  });

  it("makes, changes and removes accounts without a terminal", async () => {
    const make = await server.exec(["prosodyctl", "adduser", "me@b.example"], "pass word 1\npass word 1\n");
    expect([make.exitCode, make.stderr]).toEqual([0, ""]);
    const change = await server.exec(["prosodyctl", "passwd", "me@b.example"], "pass word 2\npass word 2\n");
    expect(change.exitCode).toBe(0);
    expect(await passwordIs(server, "pass word 2")).toBe("true");
    expect(await passwordIs(server, "pass word 1")).not.toBe("true");
    expect((await server.exec(["prosodyctl", "deluser", "me@b.example"])).exitCode).toBe(0);
    expect(await server.ctl("shell", "user", "list", "b.example")).not.toContain("me@b.example");
  });

  it.for(["config", "disabled", "certs", "features"])(
    "has no complaint that a shell is missing: check %s",
    async (part, { skip }) => {
      skip(part === "features" && series === "0.12", "prosodyctl of 0.12 has no check features");
      const { stdout, stderr } = await server.exec(["prosodyctl", "check", part]);
      expect(stdout + stderr).not.toMatch(/sh: |not found|attempt to|traceback/u);
      expect(stdout.length).toBeGreaterThan(0);
    },
  );

  it.each([
    ["install", "LuaRocks"],
    ["list", "LuaRocks"],
    ["restart", "docker restart"],
    ["stop", "docker stop"],
  ])("says in one sentence why it cannot %s", async (command, reason) => {
    const { exitCode, stdout, stderr } = await server.exec(["prosodyctl", command, "mod_x"]);
    expect([exitCode, stdout]).toEqual([78, ""]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(reason);
  });

  it("reloads the configuration", async () => {
    await server.exec(["prosodyctl", "reload"]);
    await server.exec(["prosodyctl", "shell", "config", "reload"]);
    expect(await server.log()).toContain("Reloading configuration file");
  });

  it("is for the user whose server it is, for who shares its group, and for nobody else", async () => {
    expect((await listAs(server, "999")).exitCode).toBe(0);
    expect(await listAs(server, "4321:999")).toMatchObject({ exitCode: 0, stderr: "" });
    const stranger = await listAs(server, "4321:4321");
    expect(stranger.exitCode).toBe(78);
    expect(stranger.stderr).toContain("User 4321 cannot use the data of the server, which runs as user 999");
    const root = await listAs(server, "0");
    expect(root.exitCode).toBe(78);
    expect(root.stderr).toContain("leave out --user, or use --user 999.");
  });

  it("works in a container of its own, with the same variables", async () => {
    const env = ["--env=PROSODY_DOMAIN=c.example", "--env=PROSODY_ADMINS=me@c.example"];
    const run = async (...words: string[]) =>
      runCommand("docker", ["run", "--rm", ...confined, "--network=none", ...env, image, ...words], { accept: "any" });
    expect((await run("about")).stdout).toMatch(/^Prosody (?:\d|trunk)/u);
    expect((await run("prosodyctl", "about")).stdout).toMatch(/^Prosody (?:\d|trunk)/u);
    const check = await run("prosodyctl", "check", "disabled");
    expect(check.stdout + check.stderr).toContain("All checks passed");
    expect((await run("prosodyctl", "register", "me", "c.example", "a long secret")).exitCode).toBe(0);
    expect((await run("prosodyctl", "register", "me", "d.example", "a long secret")).exitCode).not.toBe(0);
    const broken = await runCommand("docker", ["run", "--rm", ...armor, "--env=PROSODY_DOMIAN=x", image, "about"], {
      accept: "any",
    });
    expect(broken.exitCode).toBe(78);
    expect(broken.stderr).toContain("Did you mean PROSODY_DOMAIN?");
  });
});

async function passwordIs(server: ProsodyServer, password: string): Promise<string> {
  return server.ask(`require"core.usermanager".test_password("me", "b.example", "${password}") == true`);
}

async function listAs(server: ProsodyServer, user: string): Promise<CommandResult> {
  const words = ["exec", `--user=${user}`, server.name, "prosodyctl", "shell", "user", "list", "example.org"];
  return runCommand("docker", words, { accept: "any" });
}
