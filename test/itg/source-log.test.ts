import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type Exec, runCommand } from "@prosody-foundry/kit";
import { fateOf, historyOf, openSource, type Source, type SourceContext, type TreeLog } from "@prosody-foundry/source";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveBadly } from "../fixtures/bad-proxy.ts";
import { makeSmallTree, type SmallTree } from "../fixtures/small-tree.ts";
import { makeSourceContext } from "../fixtures/source-context.ts";
import { type HgServer, installMercurial, serveHg } from "../fixtures/upstreams.ts";

const kinds = ["hg", "hg over HTTP", "git"] as const;
type Kind = (typeof kinds)[number];

let root: string;
let count = 0;
const servers: HgServer[] = [];

beforeAll(async () => {
  await installMercurial();
  root = await mkdtemp(path.join(os.tmpdir(), "foundry-log-"));
});

afterAll(async () => {
  for (const server of servers) await server.stop();
  await rm(root, { recursive: true });
});

describe.each(kinds)("%s", (kind) => {
  it("has in one log the history of every module at every revision, merges included", async () => {
    const { tree, url } = await openTree(kind);
    const context = makeContext();
    await growWithMerges(tree);
    const source = open(kind, url, context);
    const log = await logOf(source);
    expect(log.present).toEqual(["mod_a", "mod_b", "mod_flat"]);
    expect(log.newest).toEqual(await source.readNewest());
    const names = new Set(log.changesets.flatMap(({ modules }) => modules));
    expect([...names].toSorted()).toEqual(["mod_a", "mod_b", "mod_c", "mod_flat"]);
    // Each question is a program to start: a line of work before the merge and the end stand for all.
    const telling = ["Right again", "util: Change"];
    const asked = log.changesets.filter(({ subject }) => telling.some((start) => subject.startsWith(start)));
    expect(asked).toHaveLength(2);
    for (const { node } of asked) {
      for (const name of names) {
        const answer = await source.readHistory(name, node).catch(() => []);
        expect(historyOf(log, name, node), `${name} at ${node}`).toEqual(answer);
      }
    }
    expect(historyOf(log, "mod_a")).toEqual(await source.readHistory("mod_a"));
    expect(historyOf(log, "mod_a", "0".repeat(40))).toEqual([]);
  });

  it("asks only for what is new, and gives the same as a log that is read whole", async () => {
    const { tree, url } = await openTree(kind);
    const context = makeContext();
    await tree.commit({ "mod_a/mod_a.lua": "1" }, "One");
    const first = await logOf(open(kind, url, context));
    expect(first.changesets.map(({ subject }) => subject)).toEqual(["One"]);
    await growWithMerges(tree);
    const continued = await logOf(open(kind, url, context));
    const whole = await logOf(open(kind, url, makeContext()));
    expect(continued.newest).toEqual(whole.newest);
    expect(byNode(continued)).toEqual(byNode(whole));
    expect(continued.changesets.length).toBeGreaterThan(4);
  });

  it("says that a dropped module is gone, since when, and what it became", async () => {
    const { tree, url } = await openTree(kind);
    await tree.commit({ "mod_a/mod_a.lua": "same\ntext\nhere\n", "mod_b/mod_b.lua": "b" }, "Begin");
    await tree.run("mv", "mod_a", "mod_c");
    await tree.run("mv", "mod_c/mod_a.lua", "mod_c/mod_c.lua");
    const renamed = await tree.commit({}, "a: Rename to c");
    const dropped = await tree.commit({ "mod_b/mod_b.lua": null }, "b: Remove");
    const log = await logOf(open(kind, url));
    expect(fateOf(log, "mod_a")).toMatchObject({ node: renamed, subject: "a: Rename to c", renamedTo: "mod_c" });
    expect(fateOf(log, "mod_b")).toMatchObject({ node: dropped, subject: "b: Remove", renamedTo: null });
    expect([fateOf(log, "mod_c"), fateOf(log, "mod_never")]).toEqual([null, null]);
    await tree.commit({ "mod_c/mod_c.lua": null, "mod_d/mod_d.lua": "same\ntext\nhere\n" }, "c: Rename to d");
    expect(fateOf(await logOf(open(kind, url)), "mod_a")?.renamedTo).toBe("mod_d");
  });

  it("notices that upstream was rewritten, says so, and reads all of it anew", async () => {
    const { tree, url } = await openTree(kind);
    const said: string[] = [];
    const context = makeContext({ say: (line) => said.push(line) });
    const kept = await tree.commit({ "mod_a/mod_a.lua": "1" }, "Kept");
    await tree.commit({ "mod_a/mod_a.lua": "2" }, "Stripped");
    await logOf(open(kind, url, context));
    await strip(tree, kept);
    const other = await tree.commit({ "mod_b/mod_b.lua": "b" }, "Another");
    const log = await logOf(open(kind, url, context));
    expect(log.changesets.map(({ node }) => node)).toEqual([other, kept]);
    expect(said).toEqual([expect.stringMatching(/was rewritten: it no longer has [0-9a-f]{12}/u)]);
    expect((await logOf(open(kind, url, context))).newest.node).toBe(other);
    expect(said).toHaveLength(1);
  });

  it("answers offline from the cache, or says that it has none", async () => {
    const { tree, url } = await openTree(kind);
    const context = makeContext();
    await tree.commit({ "mod_a/mod_a.lua": "1" }, "One");
    const log = await logOf(open(kind, url, context));
    if (kind !== "hg") await rm(tree.dir, { recursive: true });
    expect(await open(kind, url, { ...context, offline: true }).readLog()).toEqual(log);
    if (kind === "hg") return;
    await expect(open(kind, url, makeContext({ offline: true })).readLog()).rejects.toMatchObject({
      code: "SOURCE_UNREACHABLE",
      message: expect.stringContaining("offline") as unknown,
    });
  });

  it("says that a tree without a changeset has none", async () => {
    const { url } = await openTree(kind);
    await expect(open(kind, url).readLog()).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:REVISION_UNKNOWN|SOURCE_UNREACHABLE)$/u) as unknown,
    });
  });
});

it("asks a server that has nothing new for no more than its tip", async () => {
  const { tree, url } = await openTree("hg over HTTP");
  const context = makeContext();
  await tree.commit({ "mod_a/mod_a.lua": "1" }, "One");
  const asked = new Set<string>();
  const rewrite = (request: string): string => {
    asked.add(request);
    return request;
  };
  const recorder = await serveBadly(url, { rewrite });
  try {
    await logOf(open("hg over HTTP", recorder.url, context));
    expect(asked).toContain("/?cmd=getbundle");
    asked.clear();
    await logOf(open("hg over HTTP", recorder.url, context));
    expect(asked).toEqual(new Set(["/?cmd=capabilities", "/?cmd=lookup"]));
  } finally {
    await recorder.stop();
  }
});

it("leaves a server's pages for those without Mercurial, and says so", async () => {
  const { tree, url } = await openTree("hg over HTTP");
  await tree.commit({ "mod_a/mod_a.lua": "1" }, "One");
  const said: string[] = [];
  const source = open("hg over HTTP", url, makeContext({ exec: nothingInstalled, say: (line) => said.push(line) }));
  expect(await source.readLog()).toBeNull();
  expect(said).toEqual([expect.stringMatching(/Mercurial.*not installed.*on its own/u)]);
  expect(await source.readHistory("mod_a")).toMatchObject([{ subject: "One" }]);
});

it("notices that a changeset is gone from below the newest of a Mercurial tree", async () => {
  const tree = await makeSmallTree("hg", path.join(root, "below"));
  const first = await tree.commit({ "mod_a/mod_a.lua": "1" }, "One");
  const side = await tree.commit({ "mod_b/mod_b.lua": "1" }, "Side");
  await tree.run("update", "--quiet", first);
  const newest = await tree.commit({ "mod_c/mod_c.lua": "1" }, "Newest");
  const context = makeContext();
  expect((await logOf(open("hg", tree.dir, context))).changesets.map(({ node }) => node)).toEqual([
    newest,
    side,
    first,
  ]);
  await strip(tree, first, side);
  expect((await logOf(open("hg", tree.dir, context))).changesets.map(({ node }) => node)).toEqual([newest, first]);
});

it.each(["directory", "debian"] as const)("has no log in a %s", async (kind) => {
  const source = openSource({ name: "test", kind, url: "nothing", folder: "" }, makeContext());
  expect(await source.readLog()).toBeNull();
});

const nothingInstalled: Exec = async (command, args, options) => runCommand(`no-such-${command}`, args, options);

/** Two lines of work and a module that comes and goes; one module is a file with a library beside it. */
async function growWithMerges(tree: SmallTree): Promise<void> {
  const base = await tree.commit({ "mod_a/mod_a.lua": "2", "mod_b/mod_b.lua": "1" }, "Base");
  await tree.commit({ "mod_a/README.md": "a" }, "Left");
  const left = await tree.commit({ "mod_c/mod_c.lua": "c", "notes.txt": "no module's" }, "Left\u001Fagain");
  await checkOut(tree, base);
  await tree.commit({ "mod_b/mod_b.lua": "2" }, "Right");
  await tree.commit({ "mod_flat.lua": 'module:require "util"', "util.lib.lua": "1" }, "Right again");
  await merge(tree, left);
  await tree.commit({ "mod_c/mod_c.lua": null }, "c: Remove");
  await tree.commit({ "util.lib.lua": "2", "other.lib.lua": "" }, "util: Change");
}

async function checkOut(tree: SmallTree, node: string): Promise<void> {
  await (tree.kind === "hg"
    ? tree.run("update", "--quiet", node)
    : tree.run("checkout", "--quiet", "-B", "main", node));
}

async function merge(tree: SmallTree, node: string): Promise<void> {
  if (tree.kind === "git") {
    await tree.run("merge", "--quiet", "--no-edit", "--no-ff", node);
    return;
  }
  await tree.run("merge", "--quiet", node);
  await tree.commit({}, "Merge");
}

/** Takes everything after `kept`, or one changeset, out of a repository. */
async function strip(tree: SmallTree, kept: string, one?: string): Promise<void> {
  if (tree.kind === "git") {
    await tree.run("reset", "--quiet", "--hard", kept);
    return;
  }
  const what = one ?? `descendants(${kept}) - ${kept}`;
  await tree.run("--config=extensions.strip=", "strip", "--quiet", "--no-backup", `--rev=${what}`);
}

async function openTree(kind: Kind): Promise<{ tree: SmallTree; url: string }> {
  count += 1;
  const tree = await makeSmallTree(kind === "git" ? "git" : "hg", path.join(root, `tree-${count}`));
  if (kind !== "hg over HTTP") return { tree, url: tree.dir };
  const server = await serveHg(tree.dir);
  servers.push(server);
  return { tree, url: server.url };
}

function open(kind: Kind, url: string, context = makeContext()): Source {
  return openSource({ name: "test", kind: kind === "git" ? "git" : "hg", url, folder: "" }, context);
}

async function logOf(source: Source): Promise<TreeLog> {
  const log = await source.readLog();
  if (log === null) throw new Error(`${source.location} gave no log`);
  return log;
}

function byNode({ changesets }: TreeLog): TreeLog["changesets"] {
  return changesets.toSorted((a, b) => (a.node < b.node ? -1 : 1));
}

function makeContext(changes: Partial<SourceContext> = {}): SourceContext {
  return makeSourceContext(root, changes);
}
