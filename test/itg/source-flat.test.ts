import { cp, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {
  ensureContent,
  historyOf,
  integrityOf,
  openSource,
  type Source,
  type SourceContext,
  type SourceSpec,
  treeOf,
} from "@prosody-foundry/source";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeSmallTree, type SmallTree } from "../fixtures/small-tree.ts";
import { makeSourceContext } from "../fixtures/source-context.ts";
import { type HgServer, installMercurial, serveHg } from "../fixtures/upstreams.ts";

const folder = "resources/prosody-plugins";
const kinds = ["hg", "hg over HTTP", "git", "directory"] as const;
type Kind = (typeof kinds)[number];

/** A tree as the one of a video conference: modules that are files, with libraries beside them. */
const first = {
  "mod_size.lua": 'local util = module:require "util";\nlocal token = module:require "token/util".new(module);\n',
  "mod_events.lua": "local util = module:require 'util'.on;\n",
  "util.lib.lua": "return { on = function() end }\n",
  "token/util.lib.lua": 'local jwt = module:require("jwt");\n',
  "jwt.lib.lua": "return {}\n",
  "mod_wall/mod_wall.lua": 'module:require "rules"\n',
  "mod_wall/rules.lib.lua": "return {}\n",
  "mod_wall.lua": "-- not the one Prosody loads\n",
  "mod_patch.lua.patch": "",
};

interface Place {
  tree: SmallTree;
  nodes: { first: string; util: string; jwt: string; other: string };
}

let root: string;
let count = 0;
let places: Record<"hg" | "git", Place>;
let server: HgServer;

beforeAll(async () => {
  await installMercurial();
  root = await mkdtemp(path.join(os.tmpdir(), "foundry-flat-"));
  places = { hg: await plant("hg"), git: await plant("git") };
  await cp(path.join(places.git.tree.dir, folder), path.join(root, "directory", folder), { recursive: true });
  server = await serveHg(places.hg.tree.dir);
});

afterAll(async () => {
  await server.stop();
  await rm(root, { recursive: true });
});

describe.each(kinds)("%s", (kind) => {
  it("has modules that are files beside those that are folders", async () => {
    const source = open(kind);
    const { node } = await source.readNewest();
    expect(await source.listModules(node)).toEqual(["mod_events", "mod_size", "mod_wall"]);
    const files = ["jwt.lib.lua", "mod_size.lua", "token/util.lib.lua", "util.lib.lua"];
    expect(await pathsOf(source, node, "mod_size")).toEqual(files);
    expect(await pathsOf(source, node, "mod_events")).toEqual(["mod_events.lua", "util.lib.lua"]);
    expect(await pathsOf(source, node, "mod_wall")).toEqual(["mod_wall.lua", "rules.lib.lua"]);
    await expect(source.readModule(node, "mod_patch")).rejects.toMatchObject({ code: "MODULE_UNKNOWN" });
  });

  it("gives them the tree id that git gives such a folder", async () => {
    const source = open(kind);
    const { node } = await source.readNewest();
    const content = await source.readModule(node, "mod_size");
    expect(treeOf(content)).toBe(
      await gitTreeOf(
        places.git,
        "mod_size",
        content.files.map((file) => file.path),
      ),
    );
  });

  it("finds them again as pins", async () => {
    const context = makeContext();
    const source = open(kind, context);
    const { node } = await source.readNewest();
    const content = await source.readModule(node, "mod_size");
    const pin = { name: "mod_size", node, tree: treeOf(content), integrity: integrityOf(content) };
    expect((await ensureContent(pin, [source], makeContext())).content).toEqual(content);
  });
});

describe.each(["hg", "hg over HTTP", "git"] as const)("%s", (kind) => {
  it("has every changeset of any of their files in their history", async () => {
    const source = open(kind);
    const { nodes } = kind === "git" ? places.git : places.hg;
    const log = await source.readLog();
    const expected = {
      mod_size: [nodes.jwt, nodes.util, nodes.first],
      mod_events: [nodes.util, nodes.first],
      mod_wall: [nodes.first],
    };
    expect(log?.present).toEqual(Object.keys(expected).toSorted());
    for (const [name, history] of Object.entries(expected)) {
      const asked = await source.readHistory(name);
      expect(asked.map(({ node }) => node)).toEqual(history);
      expect(log && historyOf(log, name)).toEqual(asked);
    }
  });

  it("reads them as they were", async () => {
    const source = open(kind);
    const { nodes } = kind === "git" ? places.git : places.hg;
    const before = await source.readModule(nodes.first, "mod_events");
    expect(Buffer.from(before.files[1]?.bytes ?? []).toString()).toBe(first["util.lib.lua"]);
    expect(treeOf(before)).not.toBe(treeOf(await source.readModule(nodes.util, "mod_events")));
  });
});

async function plant(kind: SmallTree["kind"]): Promise<Place> {
  const tree = await makeSmallTree(kind, path.join(root, kind));
  const commit = (files: Readonly<Record<string, string>>, message: string): Promise<string> =>
    tree.commit(Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text])), message);
  const nodes = {
    first: await commit(first, "Begin"),
    util: await commit({ "util.lib.lua": "return { on = print }\n" }, "util: Print"),
    jwt: await commit({ "jwt.lib.lua": "return { sign = 1 }\n" }, "jwt: Sign"),
    other: await commit({ "../mod_events.lua": "-- in no folder of modules\n" }, "Another"),
  };
  return { tree, nodes };
}

function open(kind: Kind, context = makeContext()): Source {
  const urls = { hg: places.hg.tree.dir, "hg over HTTP": server.url, git: places.git.tree.dir, directory: "directory" };
  const sourceKind: SourceSpec["kind"] = kind === "hg over HTTP" ? "hg" : kind;
  return openSource({ name: "test", kind: sourceKind, url: urls[kind], folder }, context);
}

async function pathsOf(source: Source, node: string, name: string): Promise<string[]> {
  return (await source.readModule(node, name)).files.map((file) => file.path);
}

/** The id that git itself computes for a folder with these files. */
async function gitTreeOf({ tree }: Place, name: string, files: readonly string[]): Promise<string> {
  const work = path.join(root, `${name}-${(count += 1)}`);
  const again = await makeSmallTree("git", work);
  for (const file of files) await cp(path.join(tree.dir, folder, file), path.join(work, name, file));
  const node = await again.commit({}, "Laid out");
  return again.run("rev-parse", `${node}:${name}`);
}

function makeContext(): SourceContext {
  return makeSourceContext(root);
}
