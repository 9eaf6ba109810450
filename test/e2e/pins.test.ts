import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { readLock } from "@prosody-foundry/lockfile";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openScene, type Scene } from "../fixtures/repository.ts";

let scene: Scene;
/** What upstream had done to the modules below, by what the changeset was for. */
const nodes: Record<string, string> = {};

const series = ["--series", "0.12", "13.0"];
const lockFile = () => path.join(scene.foundry.root, "modules.lock.json");
const lockOf = () => readLock(lockFile());
const pinsOf = async (name: string) => (await lockOf()).modules[name]?.pins;
const update = (...args: string[]) => scene.foundry.json(["module", "update", ...args]);

/** Libraries that 13.0 has and 0.12 has not. */
const [newer, newest] = ['local paseto = require "util.paseto";', 'local fsm = require "util.fsm";'];
const lacking = (library: string) => `this release has no library ${library}`;
const main = (name: string, ...lines: string[]) => ({
  [`mod_${name}/mod_${name}.lua`]: [`-- ${name}`, ...lines, `module:log("debug", "here");`, ""].join("\n"),
});
const readme = (name: string, text: string) => ({ [`mod_${name}/README.md`]: `# ${name}\n\n${text}\n` });
const missing = (turn: number) => main("pin_never", `local turn = ${turn};`, `require "no.such.library";`);

beforeAll(async () => {
  scene = await openScene();
  const commit = async (what: string, files: Readonly<Record<string, string | null>>) => {
    nodes[what] = await scene.commit(files, what);
  };
  const old = main("pin_walk", `module:depends("pin_helper");`);
  await commit("first", { ...old, ...main("pin_helper"), ...missing(1), ...main("pin_moved"), ...main("pin_gone") });
  await commit("words", { ...readme("pin_walk", "Walks."), ...missing(2), ...readme("pin_moved", "Now in the core.") });
  await commit("newer", { ...main("pin_walk", newer), ...missing(3), ...main("pin_patched", newest) });
  await commit("newest", { ...main("pin_walk", newest), ...missing(4) });
  await commit("last words", {
    ...readme("pin_walk", "Runs."),
    ...missing(5),
    "mod_pin_moved/mod_pin_moved.lua": null,
  });
  await commit("last turn", missing(6));
});
afterAll(() => scene.close());

describe("a module is pinned, for each series, at the newest revision that works there", () => {
  const names = ["pin_walk", "pin_never", "pin_moved", "pin_gone", "pin_patched"];

  it("and says which newer ones were refused, and why", async () => {
    const said = await scene.foundry.run(["module", "add", ...names, ...series]);
    expect(said).toMatchObject({ exitCode: 0 });
    const { "0.12": old, "13.0": recent } = (await pinsOf("mod_pin_walk")) ?? {};
    expect(recent).toMatchObject({ node: nodes["last words"], depends: [], refused: [] });
    expect(old).toMatchObject({
      node: nodes["words"],
      depends: ["mod_pin_helper"],
      refused: [
        { node: nodes["last words"], because: lacking("util.fsm") },
        { node: nodes["newer"], because: lacking("util.paseto") },
      ],
    });
    expect(said.stdout).toContain("mod_pin_walk on 0.12 passes over newer contents that do not work:\n");
    expect(said.stdout).toContain(`    ${nodes["last words"]?.slice(0, 12)}: ${lacking("util.fsm")}\n`);
  });

  it("with what only the older revision needs, settled first", async () => {
    const { modules } = await lockOf();
    expect(modules["mod_pin_helper"]?.pins["0.12"]).toMatchObject({ node: nodes["first"], refused: [] });
    expect(modules["mod_pin_walk"]?.judgements).toMatchObject([{ releases: ["0.12.3", "13.0.1"], verdict: "loads" }]);
  });

  it("also where upstream has left only a README of it since", async () => {
    const refused = [{ node: nodes["last words"], because: "Upstream has left no code under this name" }];
    expect(await pinsOf("mod_pin_moved")).toMatchObject({
      "0.12": { node: nodes["words"], refused },
      "13.0": { node: nodes["words"], refused },
    });
  });

  it("or says why it never worked, without going on for ever", async () => {
    const reason = "needs the Lua library no.such.library, which the image does not have";
    expect(await pinsOf("mod_pin_never")).toEqual({
      "0.12": { none: `broken on 0.12.3: ${reason}; the same reason in the last 5 revisions tried` },
      "13.0": { none: `broken on 13.0.1: ${reason}; the same reason in the last 5 revisions tried` },
    });
  });
});

describe("a revision that is named", () => {
  it("is pinned where it works; another series keeps what it has, and it is said why", async () => {
    const before = await pinsOf("mod_pin_walk");
    const preview = await update("pin_walk", "--to", short("newer"), ...series, "--dry-run");
    expect(await pinsOf("mod_pin_walk")).toEqual(before);
    const because = expect.stringContaining(lacking("util.paseto")) as unknown;
    const stays = [{ key: "mod_pin_walk", series: "0.12", because }];
    expect(preview).toMatchObject({ modules: [{ pins: [{ series: "13.0", to: { node: nodes["newer"] } }] }], stays });
    await update("pin_walk", "--to", short("newer"), ...series, "--hold");
    expect(await pinsOf("mod_pin_walk")).toMatchObject({ "13.0": { node: nodes["newer"] }, "0.12": before?.["0.12"] });
  });

  it("is refused where it works on no series that was asked for", async () => {
    const refused = await refuse(["pin_walk", "--to", short("newer"), "--series", "0.12"]);
    expect(refused).toContain(`REVISION_REFUSED: mod_pin_walk at ${short("newer")} works on none`);
    expect(await refuse(["pin_walk", "--to", "abc"])).toContain('REVISION_UNKNOWN: "abc" is no revision');
  });

  it("stays when it is held, though another module brings it along", async () => {
    await scene.commit(main("pin_user", `module:depends("pin_walk");`), "uses it");
    await scene.foundry.json(["module", "add", "pin_user", ...series]);
    expect(await pinsOf("mod_pin_walk")).toMatchObject({ "13.0": { node: nodes["newer"] } });
    expect(await pinsOf("mod_pin_user")).toMatchObject({ "13.0": { depends: ["mod_pin_walk"] } });
  });
});

describe("a patch of the repository", () => {
  const file = "patches/mod_pin_patched/no-fsm.patch";
  const place = () => path.join(scene.foundry.root, file);
  const patch = [
    "--- a/mod_pin_patched.lua",
    "+++ b/mod_pin_patched.lua",
    "@@ -1,3 +1,2 @@",
    " -- pin_patched",
    `-${newest}`,
    ' module:log("debug", "here");',
    "",
  ].join("\n");

  it("is part of what is judged, and of the lock; words in a README are no new content", async () => {
    expect(await pinsOf("mod_pin_patched")).toMatchObject({
      "0.12": { none: expect.stringMatching(/util\.fsm$/u) as unknown },
    });
    await mkdir(path.dirname(place()), { recursive: true });
    await writeFile(place(), patch);
    nodes["words of user"] = await scene.commit(readme("pin_user", "Uses it."), "words of user");
    const before = await pinsOf("mod_pin_user");
    const untried = await refuse(["pin_patched", "--series", "0.12"]);
    expect(untried).toContain("PATCH_CHANGED: The patches of mod_pin_patched changed, and were not tried on 13.0");
    await update("pin_patched", "pin_user", ...series);
    const { modules } = await lockOf();
    expect(modules["mod_pin_patched"]).toMatchObject({
      patches: [{ file }],
      pins: { "0.12": { node: nodes["newer"], refused: [] }, "13.0": { node: nodes["newer"] } },
    });
    const integrity = integrityIn(before?.["13.0"]);
    expect(modules["mod_pin_user"]?.pins["13.0"]).toMatchObject({ node: nodes["words of user"], integrity });
  });

  it("keeps a build from being made when it is another than that of the lock", async () => {
    await scene.declare({ required: ["mod_pin_patched"], optional: [] });
    await writeFile(place(), `# Other words\n${patch}`);
    const built = await scene.foundry.run(["build", "--available", "--series", "13.0"]);
    expect(built).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(`PATCH_CHANGED: ${file} is not what`) as unknown,
    });
    await writeFile(place(), patch);
    await scene.declare({ required: [], optional: [] });
  });

  it("is named, with its hunk, when upstream has moved away from it, and nothing is written", async () => {
    await scene.commit(main("pin_patched", 'local fsm = require "prosody.util.fsm";'), "moved away");
    const before = await readFile(lockFile(), "utf8");
    const refused = await refuse(["pin_patched", "pin_walk", ...series]);
    expect(refused).toContain(
      `PATCH_FAILED: ${file} does not apply to mod_pin_patched: mod_pin_patched.lua at hunk @@ -1,3 +1,2 @@`,
    );
    expect(await readFile(lockFile(), "utf8")).toBe(before);
  });

  it("holds nothing up where the pin is held as it is, until that is let go", async () => {
    const before = await pinsOf("mod_pin_patched");
    await update("pin_patched", "pin_user", "--hold");
    const { modules } = await lockOf();
    expect(modules["mod_pin_patched"]).toMatchObject({ hold: true, pins: before });
    expect(await scene.foundry.run(["module", "update", ...series])).toMatchObject({ exitCode: 0 });
    expect(await pinsOf("mod_pin_patched")).toEqual(before);
    await update("pin_user", "--unhold", ...series);
    expect((await lockOf()).modules["mod_pin_user"]?.hold).toBe(false);
  });
});

it("a module that upstream drops stays where it is, and it is said how it went", async () => {
  const before = await pinsOf("mod_pin_gone");
  nodes["drop"] = await scene.commit({ "mod_pin_gone/mod_pin_gone.lua": null }, "pin_gone: Not needed any more");
  const { stdout } = await scene.foundry.run(["module", "update", "pin_gone", ...series]);
  expect(stdout).toMatch(/^Nothing changed\.\nmod_pin_gone stays as it is: prosody-modules removed it on \d{4}-/u);
  expect(stdout).toContain(`(${short("drop")}: pin_gone: Not needed any more)`);
  expect(await pinsOf("mod_pin_gone")).toEqual(before);
});

it("several sources are updated as one, and lend each other what their modules need", async () => {
  const own = path.join(scene.foundry.root, "own");
  await writeModule(own, "pin_own", `module:depends("pin_helper");`);
  await scene.foundry.json(["source", "add", "own", "directory", "own"]);
  await scene.foundry.json(["module", "add", "pin_own", "--source", "own", "--series", "13.0"]);
  const { modules } = await lockOf();
  expect(modules["mod_pin_helper"]?.source).toBe("prosody-modules");
  expect(modules["mod_pin_own"]?.pins["13.0"]).toMatchObject({ depends: ["mod_pin_helper"], revision: null });
  await writeModule(own, "pin_own", `module:depends("pin_helper"); -- newer`);
  const node = await scene.commit(main("pin_helper", "local newer = true;"), "pin_helper: Newer");
  expect(await update("pin_own", "pin_helper", "--series", "13.0")).toMatchObject({
    modules: [
      { name: "mod_pin_helper", pins: [{ series: "13.0", to: { node } }] },
      { name: "mod_pin_own", pins: [{ series: "13.0" }] },
    ],
  });
  await rm(own, { recursive: true });
});

function short(what: string): string {
  return (nodes[what] ?? "").slice(0, 12);
}

function integrityIn(pin: object | undefined): unknown {
  return pin !== undefined && "integrity" in pin ? pin.integrity : "a pin";
}

async function refuse(args: readonly string[]): Promise<string> {
  const { exitCode, stderr } = await scene.foundry.run(["module", "update", ...args]);
  expect(exitCode).toBe(1);
  return stderr;
}

async function writeModule(folder: string, name: string, ...lines: string[]): Promise<void> {
  for (const [file, text] of Object.entries(main(name, ...lines))) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), text);
  }
}
