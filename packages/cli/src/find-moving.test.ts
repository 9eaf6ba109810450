import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { emptyLock, type Judgement, type Lock, type LockedModule } from "@prosody-foundry/lockfile";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findMoving, isUnseen } from "./find-moving.ts";
import { openContext } from "./read-context.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const module: LockedModule = { source: "own", patches: [], hold: false, pins: {}, judgements: [] };
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "moving-"));
});
afterAll(() => rm(folder, { recursive: true }));

const judged = (...releases: string[]): Judgement[] => [{ releases, verdict: "broken", evidence: [] }];
it.each([
  ["has no pin and was not judged there is unseen", { none: "broken" }, judged("13.0.1"), true],
  ["was judged there is seen", { none: "broken" }, judged("13.0.1", "13.0.7"), false],
  ["the series is not resolved for is seen", undefined, [], false],
])("a module that %s", (...row) => {
  const [, pin, judgements, unseen] = row;
  const pins = pin === undefined ? {} : { "13.0": pin };
  expect(isUnseen({ ...module, pins, judgements }, { series: "13.0", version: "13.0.7" })).toBe(unseen);
});

it("a module with a file that may not be stays, and says why", async () => {
  await cp(path.join(root, "images/series.json"), path.join(folder, "images/series.json"));
  await mkdir(path.join(folder, "own/mod_x"), { recursive: true });
  await writeFile(path.join(folder, "own/mod_x/mod_x.lua"), "");
  await symlink("mod_x.lua", path.join(folder, "own/mod_x/link"));
  const own = { kind: "directory" as const, url: "own", folder: "", debian: [], licence: null };
  const lock: Lock = { ...emptyLock(), sources: { own }, modules: { mod_x: { ...module, pins: {} } } };
  const { context } = openContext({ root: folder });
  const { keys, stays } = await findMoving(context, { lock, words: [], series: ["13.0"] });
  expect(keys).toEqual([]);
  expect(stays).toMatchObject([{ name: "mod_x", because: expect.stringContaining("is refused") as unknown }]);
});
