import { cp, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { type LoadOptions, type LoadRequest, type LoadResult, runLoads } from "@prosody-foundry/compat";
import { type Exec, runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ensureServerImage } from "../fixtures/server-image.ts";

type RunLoads = (options: LoadOptions) => Promise<LoadResult[]>;

function shipped(name: string, code: string, closure: LoadRequest["closure"] = []): LoadRequest {
  return { name: `mod_${name}`, files: [{ path: `mod_${name}.lua`, bytes: Buffer.from(code) }], closure };
}

const other = shipped("other", "answer = 42;");
const user = shipped("user", `assert(module:depends("other").answer == 42);`, [other]);
const lone = shipped("lone", `module:log("warn", "mind the gap");`);

let image = "";
let scratch = "";
beforeAll(async () => {
  image = await ensureServerImage("13.0");
  scratch = await mkdtemp(path.join(tmpdir(), "loads-kept-"));
});
afterAll(() => rm(scratch, { recursive: true }));

/** The results and how many containers they took. */
async function load(options: Partial<LoadOptions>, run: RunLoads = runLoads) {
  let containers = 0;
  const exec: Exec = (command, args, more) => {
    containers += args[0] === "run" ? 1 : 0;
    return runCommand(command, args, more);
  };
  const results = await run({ exec, image, date: "2026-11-20", modules: [user, lone], cacheDir: cache(), ...options });
  return { results, containers };
}

function cache(): string {
  return path.join(scratch, "cache");
}

it("loads what is new or changed, and starts nothing for what is known", async () => {
  const first = await load({});
  expect(first.containers).toBeGreaterThan(0);
  expect(first.results.map(({ evidence }) => evidence.says)).toEqual(["loads", "loads"]);

  const again = await load({ date: "2026-11-21" });
  expect(again).toEqual({ containers: 0, results: first.results });
  expect(again.results[0]?.evidence.date).toBe("2026-11-20");

  const changed = shipped("user", `assert(module:depends("other").answer == 42);`, [shipped("other", "answer = 41;")]);
  const dependency = await load({ modules: [changed, lone], date: "2026-11-21" });
  expect(dependency.containers).toBeGreaterThan(0);
  expect(dependency.results.map(({ evidence }) => [evidence.says, evidence.date])).toEqual([
    ["broken", "2026-11-21"],
    ["loads", "2026-11-20"],
  ]);
});

it("another server is asked again, the same under another name is not", async () => {
  const alias = "prosody-foundry-test/kept:alias";
  await runCommand("docker", ["tag", image, alias]);
  try {
    await load({});
    expect((await load({ image: alias })).containers).toBe(0);
    expect((await load({ image: await ensureServerImage("0.12") })).containers).toBeGreaterThan(0);
  } finally {
    await runCommand("docker", ["rmi", alias]);
  }
});

it("what is kept and cannot be read is loaded again", async () => {
  const { results } = await load({ modules: [lone] });
  const folder = path.join(cache(), "loads");
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    await writeFile(file, (await readFile(file, "utf8")).replace("loads", "core"));
  }
  const mended = await load({ modules: [lone] });
  expect(mended.containers).toBeGreaterThan(0);
  expect(mended.results).toEqual(results);
  expect((await load({ modules: [lone] })).containers).toBe(0);
});

it("another harness asks again", async () => {
  await load({ modules: [lone] });
  const copy = path.join(scratch, "packages/compat");
  const original = path.resolve(import.meta.dirname, "../../packages/compat");
  await cp(original, copy, { recursive: true });
  await symlink(path.resolve(original, "../../node_modules"), path.join(scratch, "node_modules"));
  const { runLoads: copied }: { runLoads: RunLoads } = await import(
    pathToFileURL(path.join(copy, "src/index.ts")).href
  );
  expect((await load({ modules: [lone] }, copied)).containers).toBe(0);
  const harness = path.join(copy, "harness/mod_foundry_probe.lua");
  await writeFile(harness, `-- Another one.\n${await readFile(harness, "utf8")}`);
  expect((await load({ modules: [lone] }, copied)).containers).toBeGreaterThan(0);
});

const failToRun: Exec = async (command, args, options) =>
  args[0] === "run" ? { stdout: "", stderr: "no room", exitCode: 125 } : runCommand(command, args, options);

it("an engine that fails leaves nothing behind that would be believed", async () => {
  const fresh = { cacheDir: path.join(scratch, "other"), modules: [lone] };
  await expect(runLoads({ image, date: "2026-11-20", ...fresh, exec: failToRun })).rejects.toMatchObject({
    code: "SERVER_NOT_STARTED",
  });
  expect((await load(fresh)).results[0]?.evidence.says).toBe("loads");
});
