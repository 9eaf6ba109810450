import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openFoundry } from "../fixtures/foundry.ts";
import { openScene, type Scene } from "../fixtures/repository.ts";
import { copyPlace } from "../fixtures/repository-faults.ts";
import { buildersRows } from "./refusals/builders.ts";
import { declaredRows } from "./refusals/declared.ts";
import { lockRows } from "./refusals/lock.ts";
import { machineRows, machineRowsOfRoot } from "./refusals/machine.ts";
import { modulesRows } from "./refusals/modules.ts";
import { build, plan, type Row } from "./refusals/row.ts";
import { upstreamRows } from "./refusals/upstream.ts";
import { wordsRows } from "./refusals/words.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
  await scene.commit(odd, "Modules that cannot be used");
  const names = "ring_a orphan clash never_code bad_readme bad_lua sasl2_bind2 lastlog2".split(" ");
  await scene.foundry.json(["module", "add", ...names, "--series", "13.0"]);
  await scene.foundry.json(build);
  // Debian's server package, for the rows that change a byte of it.
  await scene.foundry.json(["plan", "--available", "--series", "0.12"]);
  await scene.declare({ required: ["mod_lastlog2"], optional: [] });
});
afterAll(() => scene.close());

const odd = {
  "mod_ring_a/mod_ring_a.lua": 'module:depends("ring_b")\n',
  "mod_ring_b/mod_ring_b.lua": 'module:depends("ring_a")\n',
  "mod_orphan/mod_orphan.lua": 'module:depends("nowhere_to_be_found")\n',
  "mod_ping/mod_ping.lua": 'module:hook("iq", function() end)\n',
  "mod_clash/mod_clash.lua": '--% conflicts: mod_flags\nmodule:hook("iq", function() end)\n',
  "mod_never_code/README.md": "---\nlabels: [Stage-Obsolete]\n...\n\n# Gone\n",
  "mod_bad_readme/README.md": "---\nlabels: [Stage-Beta\n...\n# Text\n",
  "mod_bad_readme/mod_bad_readme.lua": "local fine = 1\n",
  "mod_bad_lua/mod_bad_lua.lua": "local function (\n",
};

const rows: Row[] = [
  ...wordsRows,
  ...buildersRows,
  ...lockRows,
  ...declaredRows,
  ...modulesRows,
  ...upstreamRows,
  ...machineRows,
];
const asRoot = process.getuid?.() === 0;

it.concurrent.each(asRoot ? [...rows, ...machineRowsOfRoot] : rows)(
  "refuses $title, and leaves all as it was",
  async (row) => {
    const folder = await mkdtemp(path.join(scene.folder, "refusal-"));
    const place = await copyPlace(scene, folder);
    try {
      const env = { ...scene.env, FOUNDRY_CACHE: place.cacheDir, ...(await row.arrange?.(place)) };
      const before = await snapshot(place.root);
      const { exitCode, stdout, stderr } = await openFoundry(place.root, env).run(row.args);
      expect(stderr).not.toMatch(/^ +at .*:\d+:\d+\)?$|BUG:|UnhandledPromise/mu);
      const [, said = ""] = new RegExp(`^(?:${row.code}): ([\\s\\S]*)`, "mu").exec(stderr) ?? [];
      expect(stderr).toMatch(new RegExp(`^(?:${row.code}): `, "mu"));
      expect(said).toMatch(row.says);
      expect(said).toMatch(row.hint);
      // Our own sentences have the hint on a line of its own; those of the command line's parser do not.
      expect(said).toMatch(row.exitCode === 2 ? /\S/u : /\n {2}\S/u);
      expect(exitCode).toBe(row.exitCode ?? 1);
      expect(stdout).toBe("");
      expect(await snapshot(place.root)).toEqual(before);
    } finally {
      for (const undo of place.undo.toReversed()) await undo();
      await rm(folder, { recursive: true, force: true });
    }
  },
);

/** Every file of a repository, by its path. */
async function snapshot(root: string): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, await readFile(file, "base64")])));
}

it("does not ship what would shadow a module of the release", async () => {
  await scene.foundry.json(["module", "add", "ping", "--series", "13.0"]);
  await scene.declare({ required: ["mod_lastlog2", "mod_ping"], optional: [] });
  const planned = await scene.foundry.json(plan);
  expect(planned).toMatchObject({
    targets: [{ modules: [{ name: "mod_lastlog2" }], unshipped: [{ name: "mod_ping", instead: "core" }] }],
  });
});
