import { setTimeout as wait } from "node:timers/promises";
import { type CommandResult, runCommand } from "@prosody-foundry/kit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeVolume, prepareVolume, startBare } from "../fixtures/bare-server.ts";
import { armor, confined } from "../fixtures/confinement.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { makeNetwork } from "../fixtures/peer.ts";
import { startPostgresql } from "../fixtures/peer-postgresql.ts";
import { ensurePeersImage } from "../fixtures/peers-image.ts";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, type ServerWishes, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { until } from "../fixtures/until.ts";

const keep = useLeftovers(afterEach);

beforeAll(useEngine);

async function start(series: string, wishes: Partial<ServerWishes> = {}): Promise<ProsodyServer> {
  return keep(startProsody({ image: await ensureProsodyImage(series), ...wishes }));
}

/** Exit code and sentences of the image's command. */
async function health(
  server: { exec(args: readonly string[]): Promise<CommandResult> },
  ...words: string[]
): Promise<[number, string]> {
  const { exitCode, stdout } = await server.exec(["foundry", "healthcheck", ...words]);
  return [exitCode, stdout.trim()];
}

describe.each(imageSeries)("healthcheck of %s", (series) => {
  it("says that all is well, and logs nothing", async () => {
    // What the server does every hour, and logs: 0.12 begins with it after a second, the others can be told to do so later.
    const files = { "/etc/prosody/conf.d/later.cfg.lua": "cron_initial_delay = 3600\n" };
    const server = await start(series, { files, env: { PROSODY_LOGLEVEL: "info" } });
    if (series === "0.12") {
      await until(
        () => server.log(),
        (log) => log.includes("Running periodic tasks"),
      );
    }
    await health(server);
    const before = await server.log();
    expect(await health(server)).toEqual([0, "The server is healthy."]);
    expect(await health(server, "--live")).toEqual([0, "The server answers."]);
    const [exitCode, json] = await health(server, "--json");
    expect(exitCode).toBe(0);
    expect(JSON.parse(json)).toEqual({ healthy: true, state: "running", problems: [], warnings: [] });
    expect(await server.log()).toBe(before);
  });

  it("fails where a port is dead, a module did not load, or the event loop hangs", async () => {
    const once = 'if prosody.was_loaded then error("only once") end prosody.was_loaded = true';
    const files = { "/etc/prosody/modules/mod_breaks.lua": once, "/etc/prosody/modules/mod_goes.lua": "" };
    const server = await start(series, { files, env: { PROSODY_ENABLE_MODULES: "breaks,goes" } });
    expect(await health(server)).toEqual([0, "The server is healthy."]);
    await server.ctl("shell", "module", "unload", "goes", "example.org");
    await server.ctl("shell", "module", "reload", "breaks", "example.org");
    expect(await health(server)).toEqual([
      1,
      "mod_breaks did not load on example.org.\nmod_goes did not load on example.org.",
    ]);
    expect(await health(server, "--live")).toEqual([0, "The server answers."]);
    // Its socket goes, and Prosody does not notice.
    const core = series === "0.12" ? "core.portmanager" : "prosody.core.portmanager";
    await server.ask(`require"${core}".get_active_services():get("s2s", "*", 5269)[1].server.conn:close()`);
    const [exitCode, json] = await health(server, "--json");
    expect(exitCode).toBe(1);
    expect(JSON.parse(json)).toMatchObject({
      healthy: false,
      problems: expect.arrayContaining([
        { kind: "modules", sentence: "mod_breaks did not load on example.org." },
        { kind: "ports", sentence: "Nothing listens on port 5269 of *, for s2s." },
      ]) as unknown,
    });
    const hang = server.exec(["prosodyctl", "shell", "> (function() while true do end end)()"]);
    while ((await health(server, "--live"))[0] === 0) await wait(100);
    expect(await health(server, "--live")).toEqual([
      1,
      "The server does not answer: it is overloaded, or its event loop is stuck.",
    ]);
    await server.close();
    await hang;
  });

  it.each([
    ["files", "internal"],
    ["SQLite", "sqlite"],
  ])("fails while the disk of the storage in %s is full, and recovers", async (_, storage) => {
    const server = await start(series, {
      env: { PROSODY_STORAGE: storage },
      run: ["--tmpfs=/var/lib/prosody:size=2m,mode=1777"],
    });
    expect(await health(server)).toEqual([0, "The server is healthy."]);
    const fill =
      'local file = io.open("/var/lib/prosody/filling", "w") file:setvbuf("no") while file:write(("x"):rep(4096)) do end';
    await server.exec(["lua5.4", "-"], fill);
    const [exitCode, sentence] = await health(server);
    expect(exitCode).toBe(1);
    expect(sentence).toMatch(/^The storage \w+ of example\.org does not work: ./u);
    await server.exec(["lua5.4", "-"], 'os.remove("/var/lib/prosody/filling")');
    expect(await health(server)).toEqual([0, "The server is healthy."]);
  });
});

it.each(imageSeries)(
  "fails in %s while its PostgreSQL is gone, though the server lives, and recovers",
  async (series) => {
    const network = await keep(makeNetwork());
    const database = await keep(startPostgresql({ network }));
    const server = await start(series, {
      network: network.name,
      env: {
        PROSODY_SQL_DRIVER: "PostgreSQL",
        PROSODY_SQL_HOST: database.host,
        PROSODY_SQL_PASSWORD: database.password,
      },
    });
    expect(await health(server)).toEqual([0, "The server is healthy."]);
    await database.kill();
    const [exitCode, sentence] = await health(server);
    expect(sentence).toMatch(/^The storage sql of example\.org does not work: ./u);
    expect(exitCode).toBe(1);
    expect(await health(server, "--live")).toEqual([0, "The server answers."]);
    await database.start();
    while ((await health(server))[0] !== 0) await wait(200);
    expect(await health(server)).toEqual([0, "The server is healthy."]);
  },
);

it("is what the engine runs: the configuration has it, and a healthy server is shown as one", async () => {
  const server = await start(usualSeries);
  const show = async (part: string) =>
    (await runCommand("docker", ["inspect", `--format={{json ${part}}}`, server.name])).stdout.trim();
  expect(JSON.parse(await show(".Config.Healthcheck"))).toMatchObject({
    Test: ["CMD", "/usr/bin/lua5.4", "/usr/lib/prosody-foundry/entrypoint.lua", "healthcheck"],
  });
  while ((await show(".State.Health.Status")) === '"starting"') await wait(200);
  expect(await show(".State.Health.Status")).toBe('"healthy"');
});

it("fails where another program has the port", async () => {
  const peers = await ensurePeersImage();
  const take = 'import socket, time\ns = socket.socket(); s.bind(("", 5222)); s.listen(); time.sleep(600)';
  const taker = await runCommand("docker", ["run", "--detach", "--rm", peers, "/usr/bin/python3", "-c", take]);
  const container = taker.stdout.trim();
  await keep(() => runCommand("docker", ["rm", "--force", container], { accept: "any" }));
  const data = "--tmpfs=/var/lib/prosody:mode=1777";
  const image = await ensureProsodyImage(usualSeries);
  const server = await keep(startBare([...confined, data, `--network=container:${container}`, image]));
  const [exitCode, sentences] = await health(server);
  expect(exitCode).toBe(1);
  expect(sentences).toContain("Nothing listens on port 5222 of *, for c2s.");
});

it("fails where the data became somebody else's", async () => {
  const peers = await ensurePeersImage();
  const volume = await keep(makeVolume(peers, "chown 999:999 /v"));
  const server = await start(usualSeries, { volume: volume.name });
  expect(await health(server)).toEqual([0, "The server is healthy."]);
  await prepareVolume(volume.name, peers, "chown -R 0:0 /v; chmod -R go= /v");
  const [exitCode, sentence] = await health(server);
  expect(exitCode).toBe(1);
  expect(sentence).toMatch(/The storage internal of example\.org does not work: ./u);
});

it("fails, and is not ready, where no server runs", async () => {
  const image = await ensureProsodyImage(usualSeries);
  const { exitCode, stdout } = await runCommand("docker", ["run", "--rm", ...armor, image, "healthcheck"], {
    accept: "any",
  });
  expect([exitCode, stdout]).toEqual([1, "The server does not run yet, or no more.\n"]);
});
