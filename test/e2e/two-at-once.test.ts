import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { readLock } from "@prosody-foundry/lockfile";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startFoundry } from "../fixtures/foundry.ts";
import { BuildOutput, PlanOutput } from "../fixtures/foundry-output.ts";
import { changeImage, openScene, type Scene } from "../fixtures/repository.ts";

let scene: Scene;
let lockFile: string;

beforeAll(async () => {
  scene = await openScene();
  lockFile = path.join(scene.foundry.root, "modules.lock.json");
  await scene.declare({ required: ["mod_sasl2_bind2"], optional: [] });
  await scene.foundry.json(["module", "add", "sasl2_bind2", "--series", "13.0"]);
});
afterAll(() => scene.close());

const build = ["build", "--available", "--platform", "linux/amd64", "--series", "13.0"];

describe("two commands on one lock", () => {
  it("both have what they add in it", async () => {
    const names = ["lastlog2", "throttle_presence", "reload_modules", "stanza_counter"];
    const runs = names.map((name) => scene.foundry.json(["module", "add", name, "--series", "13.0"]));
    await Promise.all(runs);
    const { modules } = await readLock(lockFile);
    expect(Object.keys(modules)).toEqual(expect.arrayContaining(names.map((name) => `mod_${name}`)));
    const files = await readdir(scene.foundry.root);
    expect(files.filter((name) => name.startsWith("modules.lock.json"))).toEqual(["modules.lock.json"]);
  });

  it("take out what they are told to and nothing else", async () => {
    const names = ["lastlog2", "throttle_presence", "reload_modules", "stanza_counter"];
    await Promise.all(names.map((name) => scene.foundry.json(["module", "remove", name])));
    expect(Object.keys((await readLock(lockFile)).modules)).toEqual(["mod_sasl2", "mod_sasl2_bind2"]);
  });
});

describe("two builds of one target on one cache", () => {
  it("are one build, and the same image", async () => {
    const runs = await Promise.all([scene.foundry.run([...build, "--json"]), scene.foundry.run([...build, "--json"])]);
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const reports = runs.flatMap(({ stdout }) => BuildOutput.parse(JSON.parse(stdout)));
    expect(reports.filter(({ fresh }) => fresh)).toHaveLength(1);
    expect(reports[0]).toEqual({ ...reports[1], fresh: reports[0]?.fresh });
    const waiting = runs[reports.findIndex(({ fresh }) => !fresh)];
    expect(waiting?.stderr).toMatch(/Another command holds .*builds; waiting for it/u);
  });
});

describe("what was killed", () => {
  let round = 0;
  beforeEach(async () => {
    round += 1;
    await changeImage(scene.foundry.root, { description: `Killed ${round}` });
  });

  it.each([
    ["when its modules were fetched", /Modules: /u],
    ["when the engine was at work", /exporting to oci|\d\/\d: RUN/u],
  ])("is built the next time, %s", async (_moment, pattern) => {
    const running = startFoundry(scene.foundry.root, scene.env, build);
    await running.untilSays(pattern);
    await running.kill();
    const { targets } = PlanOutput.parse(await scene.foundry.json(["plan", ...build.slice(1)]));
    expect(targets.map(({ built }) => built)).toEqual([false]);
    const [report] = BuildOutput.parse(await scene.foundry.json(build));
    expect(report?.fresh).toBe(true);
    const left = await readdir(scene.cacheDir);
    expect(left.filter((name) => /^(bake|fetch)-/u.test(name))).toEqual([]);
  });

  it("leaves the lock as it was, and no server behind, when it pinned modules", async () => {
    const before = await readFile(lockFile, "utf8");
    // Without an end, so that a server is at work when it is killed; and of its own, so that no result is kept of it.
    await scene.commit({ "mod_endless/mod_endless.lua": `-- ${randomUUID()}\nwhile true do end\n` }, "Endless");
    const add = ["module", "add", "endless", "--series", "13.0"];
    const running = startFoundry(scene.foundry.root, scene.env, add);
    await untilServers((count) => count > 0);
    await running.kill();
    expect(await readFile(lockFile, "utf8")).toBe(before);
    await scene.foundry.json(["module", "add", "lastlog2", "--series", "13.0"]);
    expect(Object.keys((await readLock(lockFile)).modules)).toEqual(["mod_lastlog2", "mod_sasl2", "mod_sasl2_bind2"]);
    await untilServers((count) => count === 0);
  });
});

/** Servers that modules are loaded into; one that blocks ends when its lane, left alone, ends it. */
async function untilServers(fits: (count: number) => boolean): Promise<void> {
  for (;;) {
    const filters = ["--filter=name=foundry-server-", "--filter=name=foundry-lane-"];
    const { stdout } = await runCommand("docker", ["ps", "--quiet", ...filters]);
    if (fits(stdout.split("\n").filter((line) => line !== "").length)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
