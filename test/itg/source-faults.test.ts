import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { emptyLock, type LockedModule, writeLock } from "@prosody-foundry/lockfile";
import {
  ensureContent,
  integrityOf,
  openSource,
  type PinnedModule,
  type Source,
  type SourceContext,
  treeOf,
} from "@prosody-foundry/source";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BadProxy, type Mischief, serveBadly } from "../fixtures/bad-proxy.ts";
import { type Foundry, openFoundry } from "../fixtures/foundry.ts";
import { makeSmallTree, type SmallTree } from "../fixtures/small-tree.ts";
import { makeSourceContext } from "../fixtures/source-context.ts";
import { type HgServer, installMercurial, serveHg } from "../fixtures/upstreams.ts";

const url = "https://modules.invalid/";
const code = "-- one\nreturn 1\n";

let folder: string;
let count = 0;
let root: string;
let context: SourceContext;

beforeAll(async () => {
  await installMercurial();
  folder = await mkdtemp(path.join(os.tmpdir(), "foundry-faults-"));
});

afterAll(async () => rm(folder, { recursive: true }));

beforeEach(async () => {
  count += 1;
  root = path.join(folder, String(count));
  await mkdir(path.join(root, "images"), { recursive: true });
  await writeFile(path.join(root, "images/series.json"), "{}\n");
  context = makeSourceContext(root);
});

describe.each(["hg", "git"] as const)("an upstream in %s", (kind) => {
  it("that strips what is pinned is told of, and the pin holds by what the cache has", async () => {
    const tree = await plant(kind);
    const kept = await tree.commit({ "mod_b/mod_b.lua": code }, "b: Begin");
    await tree.commit({ "mod_a/mod_a.lua": `${code}-- newer\n` }, "a: Be newer");
    const { foundry, pin, lockText } = await lockModule(tree.kind, tree.dir, "mod_a");
    const source = open(tree.kind, tree.dir);
    await ensureContent(pin, [source], context);
    expect(await foundry.run(["module", "outdated"])).toMatchObject({ exitCode: 0 });
    await strip(tree, kept);
    const { exitCode, stdout, stderr } = await foundry.run(["module", "outdated"]);
    expect(stderr).toMatch(/was rewritten: it no longer has [0-9a-f]{12} as it was/u);
    expect(stdout).toContain(`upstream's history has no revision ${pin.node.slice(0, 12)} any more`);
    expect(exitCode).toBe(3);
    expect((await ensureContent(pin, [source], context)).from).toBe("cache");
    expect(await lockText()).toBe(await lockText.before);
  });

  it("that drops or renames a module is told of by outdated and update, and the pins stay", async () => {
    const tree = await plant(kind);
    await tree.commit({ "mod_b/mod_b.lua": "-- b is another\nreturn 2\n" }, "b: Begin");
    const { foundry, lockText } = await lockModule(tree.kind, tree.dir, "mod_a", "mod_b");
    const dropped = await tree.commit({ "mod_b/mod_b.lua": null }, "b: Remove");
    await tree.run("mv", "mod_a", "mod_c");
    await tree.run("mv", "mod_c/mod_a.lua", "mod_c/mod_c.lua");
    const renamed = await tree.commit({}, "a: Rename");
    const { exitCode, stdout } = await foundry.run(["module", "outdated"]);
    expect(stdout.split("\n")).toEqual([
      expect.stringMatching(`mod_a: upstream dropped it in ${renamed.slice(0, 12)} of .*became mod_c. Its pin stays`),
      expect.stringMatching(`mod_b: upstream dropped it in ${dropped.slice(0, 12)} of [0-9-]{10}\\. Its pin stays`),
      "",
    ]);
    expect(exitCode).toBe(3);
    expect(await foundry.json(["module", "outdated"], [3])).toMatchObject([
      { module: "mod_a", to: renamed, dropped: true, renamedTo: "mod_c" },
      { module: "mod_b", to: dropped, dropped: true, renamedTo: null },
    ]);
    const updated = await foundry.run(["module", "update", "mod_a", "mod_b"]);
    expect(`${updated.stdout}${updated.stderr}`).toMatch(/mod_a.*mod_c/u);
    expect(await lockText()).toBe(await lockText.before);
  });
});

describe("a server", () => {
  let tree: SmallTree;
  let server: HgServer;
  let proxy: BadProxy | undefined;

  beforeEach(async () => {
    tree = await plant("hg");
    server = await serveHg(tree.dir);
    return async () => {
      await proxy?.stop();
      await server.stop();
    };
  });

  const between = async (mischief: Mischief): Promise<Record<string, string>> => {
    proxy = await serveBadly(server.url, mischief);
    return { FOUNDRY_MIRRORS: `${url}=${proxy.url}` };
  };

  it("that hangs up half-way through a clone is asked for its pages instead", async () => {
    const { foundry, lockText } = await lockModule("hg", tree.dir, "mod_a");
    const node = await tree.commit({ "mod_a/mod_a.lua": "-- two\n" }, "a: Two");
    const { stdout, stderr, exitCode } = await foundry.run(
      ["module", "outdated"],
      await between({ cut: /getbundle/u }),
    );
    expect(stderr).toMatch(/cannot be reached.*on its own/su);
    expect(stdout).toContain(node.slice(0, 12));
    expect(exitCode).toBe(3);
    expect(await lockText()).toBe(await lockText.before);
    const { stderr: quiet } = await foundry.run(["module", "outdated"], { FOUNDRY_MIRRORS: `${url}=${server.url}` });
    expect(quiet).not.toContain("on its own");
  });

  it.each([
    ["its pages and its clone", /getbundle|json-log/u],
    ["all it says", /./u],
  ])("that hangs up half-way through %s ends the command with a code", async (_title, cut) => {
    const { foundry, lockText } = await lockModule("hg", tree.dir, "mod_a");
    const env = await between({ cut });
    for (const command of ["outdated", "update"]) {
      const { stdout, stderr, exitCode } = await foundry.run(["module", command, "mod_a"], env);
      expect(stderr).toMatch(/^SOURCE_UNREACHABLE: /mu);
      expect(stderr).not.toContain("    at ");
      expect([stdout, exitCode]).toEqual(["", 1]);
    }
    expect(await lockText()).toBe(await lockText.before);
  });

  it("that hangs up half-way through an archive leaves nothing in the cache", async () => {
    const { pin } = await lockModule("hg", tree.dir, "mod_a");
    await between({ cut: /archive/u });
    const cut = openSource({ name: "m", kind: "hg", url: proxy?.url ?? "", folder: "" }, context);
    await expect(ensureContent(pin, [cut], context)).rejects.toMatchObject({ code: "CONTENT_UNREACHABLE" });
    const whole = openSource({ name: "m", kind: "hg", url: server.url, folder: "" }, context);
    expect((await ensureContent(pin, [cut, whole], context)).from).toBe(server.url);
  });

  it("that gives another tree for a pinned revision is refused, and named", async () => {
    const { foundry, pin, lockText } = await lockModule("hg", tree.dir, "mod_a");
    const forged = await tree.commit({ "mod_a/mod_a.lua": `${code} ` }, "Forged");
    const env = await between({ rewrite: (asked) => asked.replace(pin.node, forged) });
    const cut = openSource({ name: "m", kind: "hg", url: proxy?.url ?? "", folder: "" }, context);
    await expect(ensureContent(pin, [cut], context)).rejects.toMatchObject({ code: "CONTENT_REFUSED" });
    const { stdout, exitCode } = await foundry.run(["module", "verify"], env);
    expect(stdout).toContain("mod_a");
    expect(exitCode).toBe(3);
    expect(await lockText()).toBe(await lockText.before);
  });
});

async function plant(kind: SmallTree["kind"]): Promise<SmallTree> {
  const tree = await makeSmallTree(kind, path.join(root, "upstream"));
  await tree.commit({ "mod_a/mod_a.lua": code, "mod_a/README.md": "# a\n" }, "a: Begin");
  return tree;
}

/** Takes everything after `kept` out of a repository. */
async function strip(tree: SmallTree, kept: string): Promise<void> {
  if (tree.kind === "git") await tree.run("reset", "--quiet", "--hard", kept);
  else await tree.run("--config=extensions.strip=", "strip", "--quiet", "--no-backup", `children(${kept})`);
}

function open(kind: SmallTree["kind"], address: string, cacheDir = context.cacheDir): Source {
  return openSource({ name: "modules", kind, url: address, folder: "" }, { ...context, cacheDir });
}

interface LockedPlace {
  foundry: Foundry;
  /** Of the first module. */
  pin: PinnedModule;
  lockText: (() => Promise<string>) & { before: Promise<string> };
}

/** A lock that pins the newest revisions of modules, and a foundry that reads its source at `address`. */
async function lockModule(kind: SmallTree["kind"], address: string, ...names: string[]): Promise<LockedPlace> {
  // With a cache of its own, so that what a test asks for is not there yet.
  const source = open(kind, address, path.join(root, "elsewhere"));
  const pins = await Promise.all(names.map((name) => pinNewest(source, name)));
  const modules = Object.fromEntries(pins.map((pin) => [pin.name, lockedModule(pin)]));
  const file = path.join(root, "modules.lock.json");
  const sources = { modules: { kind, url, folder: "", debian: [], licence: "MIT" } };
  await writeLock(file, { ...emptyLock(), sources, modules });
  const [pin] = pins;
  if (pin === undefined) throw new Error("a lock pins something");
  const read = async (): Promise<string> => readFile(file, "utf8");
  const env = { FOUNDRY_CACHE: context.cacheDir, FOUNDRY_MIRRORS: `${url}=${address}` };
  return { foundry: openFoundry(root, env), pin, lockText: Object.assign(read, { before: read() }) };
}

async function pinNewest(source: Source, name: string): Promise<PinnedModule> {
  const [last] = await source.readHistory(name);
  const node = last?.node ?? "";
  const content = await source.readModule(node, name);
  return { name, node, tree: treeOf(content), integrity: integrityOf(content) };
}

function lockedModule({ name: _name, ...pin }: PinnedModule): LockedModule {
  const facts = { layout: "standard", licence: "MIT", stage: null, depends: [], optional: [], libraries: {} } as const;
  const whole = {
    ...pin,
    ...facts,
    depends: [],
    optional: [],
    date: "2024-01-01",
    revision: 1,
    hosts: [],
    refused: [],
  };
  return { source: "modules", patches: [], hold: false, pins: { "13.0": whole }, judgements: [] };
}
