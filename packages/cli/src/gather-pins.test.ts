import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { emptyLock, type Lock } from "@prosody-foundry/lockfile";
import { readPatches } from "@prosody-foundry/source";
import { afterAll, beforeAll, expect, it } from "vitest";
import { gatherPins } from "./gather-pins.ts";
import { openContext } from "./read-context.ts";

const patch = "--- a/mod_x.lua\n+++ b/mod_x.lua\n@@ -1,2 +1,3 @@\n first();\n+between();\n second();\n";
let root: string;
let request: { lock: Lock; modules: { name: string; source: string }[]; series: ["13.0"]; hold: undefined };

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "gather-"));
  await cp(path.resolve(import.meta.dirname, "../../../images/series.json"), path.join(root, "images/series.json"));
  await mkdir(path.join(root, "own/mod_x"), { recursive: true });
  await mkdir(path.join(root, "patches/mod_x"), { recursive: true });
  await writeFile(path.join(root, "own/mod_x/mod_x.lua"), "first();\nthird();\n");
  await writeFile(path.join(root, "patches/mod_x/01.patch"), patch);
  const own = { kind: "directory" as const, url: "own", folder: "", debian: [], licence: "MIT" };
  const patches = (await readPatches(root, "mod_x")).map(({ file, sha256 }) => ({ file, sha256 }));
  const entry = { source: "own", patches, hold: false, pins: {}, judgements: [] };
  const lock = { ...emptyLock(), sources: { own }, modules: { mod_x: entry } };
  request = { lock, modules: [{ name: "mod_x", source: "own" }], series: ["13.0"], hold: undefined };
});
afterAll(() => rm(root, { recursive: true }));

it("a patch that does not fit is refused", async () => {
  await expect(gatherPins(openContext({ root }).context, request)).rejects.toMatchObject({ code: "PATCH_FAILED" });
});

it("where it may stay, the module stays as the lock has it, and the reason is told", async () => {
  const { stays, apply } = await gatherPins(openContext({ root }).context, { ...request, misfits: "stay" });
  const because: unknown = expect.stringContaining("01.patch does not apply to mod_x");
  expect(stays).toEqual([{ key: "mod_x", series: null, because }]);
  expect(apply(request.lock)).toEqual(request.lock);
});
