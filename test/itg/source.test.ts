import { runCommand } from "@prosody-foundry/kit";
import { ensureContent, type Source, treeOf } from "@prosody-foundry/source";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kinds, openTestSources, type TestSources } from "../fixtures/sources.ts";

let test: TestSources;

beforeAll(async () => {
  test = await openTestSources();
});

afterAll(async () => test.close());

const missing = "0123456789abcdef0123456789abcdef01234567";

describe.each(kinds)("%s", (kind) => {
  it("finds the newest revision and whole hashes", async () => {
    const source = test.open(kind);
    const { forky, trixie } = test.nodesOf(kind);
    expect(await source.readNewest()).toEqual({ node: forky, date: test.upstreams.nodes.forky.date });
    expect(await source.resolveRevision(trixie.slice(0, 12))).toEqual({
      node: trixie,
      date: test.upstreams.nodes.trixie.date,
    });
    expect((await source.resolveRevision(trixie)).node).toBe(trixie);
  });

  it("lists the modules of each revision", async () => {
    const source = test.open(kind);
    const nodes = test.nodesOf(kind);
    const counts = await Promise.all(
      [nodes.bookworm, nodes.trixie, nodes.forky].map((node) => source.listModules(node)),
    );
    expect(counts.map((names) => names.length)).toEqual([83, 105, 109]);
    expect(counts[1]).toContain("mod_http_oauth2");
    expect(counts[1]).toEqual(counts[1]?.toSorted());
  });

  it("gives every module of a revision the tree id that git has for it", async () => {
    const source = test.open(kind);
    const node = test.nodesOf(kind).trixie;
    const names = await source.listModules(node);
    const contents = await Promise.all(names.map((name) => source.readModule(node, name)));
    const trees = Object.fromEntries(contents.map((content) => [content.name, treeOf(content)]));
    expect(trees).toEqual(await gitTrees(test.upstreams.nodes.trixie.git));
  });

  it("has a history of the changesets that touched a module, newest first", async () => {
    const source = test.open(kind);
    const nodes = test.nodesOf(kind);
    const whole = await source.readHistory("mod_register_apps");
    const nodesOfWhole = whole.map(({ node }) => node);
    expect(nodesOfWhole.at(-1)).toBe(nodes.bookworm);
    expect(whole.map(({ date }) => date)).toEqual(
      whole
        .map(({ date }) => date)
        .toSorted()
        .toReversed(),
    );
    expect(await source.readHistory("mod_register_apps", nodes.bookworm)).toEqual(whole.slice(-1));
    expect(whole.at(-1)).toMatchObject({
      date: test.upstreams.nodes.bookworm.date,
      author: expect.stringContaining("Debian XMPP Maintainers <"),
      subject: "prosody-modules as Debian bookworm has them",
    });
  });

  it("still reads a module that was removed", async () => {
    const source = test.open(kind);
    const { bookworm, forky } = test.nodesOf(kind);
    const [old, now] = await Promise.all([source.listModules(bookworm), source.listModules(forky)]);
    const removed = old.find((name) => !now.includes(name)) ?? "";
    expect((await source.readModule(bookworm, removed)).files).not.toEqual([]);
    expect((await source.readHistory(removed)).length).toBeGreaterThan(1);
    await expect(source.readModule(forky, removed)).rejects.toMatchObject({ code: "MODULE_UNKNOWN" });
  });

  it.each<[string, string, (source: Source, node: string) => Promise<unknown>]>([
    ["an unknown module", "MODULE_UNKNOWN", (source, node) => source.readModule(node, "mod_http_oauth22")],
    ["the history of an unknown module", "MODULE_UNKNOWN", (source) => source.readHistory("mod_http_oauth22")],
    ["a name that is a path", "MODULE_UNKNOWN", (source, node) => source.readModule(node, "mod_x/../../etc")],
    ["an unknown revision", "REVISION_UNKNOWN", (source) => source.readModule(missing, "mod_rest")],
    ["modules of an unknown revision", "REVISION_UNKNOWN", (source) => source.listModules(missing)],
    ["history up to an unknown revision", "REVISION_UNKNOWN", (source) => source.readHistory("mod_rest", missing)],
    ["an unknown short hash", "REVISION_UNKNOWN", (source) => source.resolveRevision("012345678901")],
    ["a revset instead of a hash", "REVISION_UNKNOWN", (source) => source.resolveRevision("tip or all()")],
  ])("refuses %s with %s", async (_, code, ask) => {
    await expect(ask(test.open(kind), test.nodesOf(kind).forky)).rejects.toMatchObject({ code });
  });

  it("hints at the name that was meant", async () => {
    const ask = test.open(kind).readModule(test.nodesOf(kind).trixie, "mod_http_oauth");
    await expect(ask).rejects.toMatchObject({ hint: "Did you mean mod_http_oauth2?" });
  });

  it("works offline with what it has fetched, and says so for the rest", async () => {
    const cacheDir = test.makeContext().cacheDir;
    const node = test.nodesOf(kind).trixie;
    const online = test.open(kind, { cacheDir });
    const content = await online.readModule(node, "mod_rest");
    const history = await online.readHistory("mod_rest", node);
    const offline = test.open(kind, { cacheDir, offline: true });
    expect(await offline.readModule(node, "mod_rest")).toEqual(content);
    expect(await offline.readHistory("mod_rest", node)).toEqual(history);
    if (kind === "hg clone") return;
    const never = test.open(kind, { offline: true });
    await expect(never.readModule(node, "mod_rest")).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
  });
});

describe("debian", () => {
  it("is at the revision that its version names, which short and long hashes find", async () => {
    const source = test.openAt("debian", "trixie");
    const newest = await source.readNewest();
    expect(newest).toEqual({ node: "f315edc39f3d", date: "2025-04-02T00:00:00.000Z" });
    expect(await source.resolveRevision("f315edc39f3d271434c8ffa76e436d9c203e2ab3")).toEqual(newest);
    expect(await source.listModules("f315edc39f3d")).toHaveLength(105);
    await expect(source.readModule(missing, "mod_rest")).rejects.toMatchObject({ code: "REVISION_UNKNOWN" });
    await expect(source.readModule(newest.node, "mod_rset")).rejects.toMatchObject({ hint: "Did you mean mod_rest?" });
  });

  it("has the content of pins made elsewhere, lone libraries too", async () => {
    const context = test.makeContext();
    const debian = test.openAt("debian", "trixie");
    const names = await test.open("git").listModules(test.upstreams.nodes.trixie.git);
    for (const name of names) {
      const pin = await test.pinOf(name, "trixie");
      const { content } = await ensureContent(pin, [debian], context);
      expect(treeOf(content)).toBe(pin.tree);
    }
    expect(names).toContain("mod_lib_ldap");
  });

  it("has no history", async () => {
    await expect(test.openAt("debian", "trixie").readHistory("mod_rest")).rejects.toMatchObject({
      code: "SOURCE_NO_HISTORY",
    });
  });

  it("is of no use, but no danger, when it has another revision of a module", async () => {
    const pin = await test.pinOf("mod_http_oauth2", "forky");
    await expect(ensureContent(pin, [test.openAt("debian", "trixie")], test.makeContext())).rejects.toMatchObject({
      code: "CONTENT_UNREACHABLE",
    });
  });
});

/** Tree ids by name of module, from git itself. */
async function gitTrees(commit: string): Promise<Record<string, string>> {
  const { stdout } = await runCommand("git", [`--git-dir=${test.upstreams.gitDir}`, "ls-tree", "-d", commit]);
  const rows = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(/\s+/u));
  return Object.fromEntries(rows.map(([, , tree = "", name = ""]) => [name, tree]));
}
