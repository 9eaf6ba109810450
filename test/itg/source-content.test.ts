import { mkdir, readFile, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type Exec, runCommand } from "@prosody-foundry/kit";
import { ensureContent, openSource, type SourceSpec, treeOf } from "@prosody-foundry/source";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveForgery } from "../fixtures/forged-mirror.ts";
import { openTestSources, type TestSources } from "../fixtures/sources.ts";
import { serveHg } from "../fixtures/upstreams.ts";

let test: TestSources;

beforeAll(async () => {
  test = await openTestSources();
});

afterAll(async () => test.close());

const missing = "0123456789abcdef0123456789abcdef01234567";

// A machine without any of the programs.
const nothingInstalled: Exec = async (command, args, options) => runCommand(`no-such-${command}`, args, options);

describe("content of a pin", () => {
  it("comes from a git tree by its tree id, though the revision is Mercurial's", async () => {
    const pin = await test.pinOf("mod_register_apps", "bookworm");
    const { content, from } = await ensureContent(pin, [test.open("git")], test.makeContext());
    expect([treeOf(content), from]).toEqual([pin.tree, test.upstreams.gitDir]);
  });

  it("is not asked for when the cache has it", async () => {
    const context = test.makeContext();
    const source = test.open("hg over HTTP", context);
    const pin = await test.pinOf("mod_register_apps", "bookworm");
    await ensureContent(pin, [source], context);
    const before = test.server.requests().length;
    expect((await ensureContent(pin, [source], context)).from).toBe("cache");
    expect(test.server.requests()).toHaveLength(before);
  });

  it("is refused from a mirror that has other bytes at the same revision, and the next mirror is used", async () => {
    const forged = await serveForgery(test.upstreams, path.join(test.root, "forged"));
    try {
      const context = test.makeContext();
      const pin = await test.pinOf("mod_rest", "trixie");
      const url = "http://modules.invalid/";
      const spec: SourceSpec = { name: "modules", kind: "hg", url, folder: "" };
      const mirrors = [forged.url, test.server.url].map((mirror) =>
        openSource(spec, { ...context, mirrors: { [url]: mirror } }),
      );
      const refusal = await ensureContent(pin, mirrors.slice(0, 1), context).catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        code: "CONTENT_REFUSED",
        message: expect.stringMatching(new RegExp(`modules \\(${forged.url}\\).*expected ${pin.integrity}, got`, "su")),
      });
      expect((await ensureContent(pin, mirrors, context)).from).toBe(test.server.url);
    } finally {
      await forged.stop();
    }
  });

  it("is asked of everybody before it is given up", async () => {
    const context = test.makeContext();
    const pin = {
      ...(await test.pinOf("mod_rest", "trixie")),
      node: missing,
      tree: missing,
      integrity: "0".repeat(64),
    };
    const sources = [
      test.open("hg over HTTP"),
      test.open("hg clone"),
      test.open("git"),
      test.openAt("debian", "bookworm"),
    ];
    await expect(ensureContent(pin, sources, context)).rejects.toMatchObject({
      code: "CONTENT_UNREACHABLE",
      message: expect.stringMatching(
        /hg \(http:.*no revision.*hg \(.*no revision.*git \(.*no revision.*Debian bookworm.*no module/su,
      ),
    });
  });
});

describe("a server", () => {
  it("that stops half way gives a coded error, and the cache what was fetched before", async () => {
    const passing = await serveHg(test.upstreams.hgDir);
    const context = test.makeContext();
    const source = test.openAt("hg", passing.url, context);
    const node = test.upstreams.nodes.trixie.hg;
    const content = await source.readModule(node, "mod_rest");
    await passing.stop();
    await expect(source.readModule(node, "mod_firewall")).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
    await expect(source.readNewest()).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
    expect(await source.readModule(node, "mod_rest")).toEqual(content);
  });

  it("without archives is cloned", async () => {
    const bare = await serveHg(test.upstreams.hgDir, ["web.allow-archive="]);
    try {
      const node = test.upstreams.nodes.trixie.hg;
      const context = test.makeContext();
      const content = await test.openAt("hg", bare.url, context).readModule(node, "mod_rest");
      expect(treeOf(content)).toBe((await test.pinOf("mod_rest", "trixie")).tree);
      await bare.stop();
      const again = test.openAt("hg", bare.url, { ...context, offline: true });
      expect(await again.readModule(node, "mod_rest")).toEqual(content);
    } finally {
      await bare.stop();
    }
  });

  it("without archives is of no use to a machine without Mercurial", async () => {
    const bare = await serveHg(test.upstreams.hgDir, ["web.allow-archive="]);
    try {
      const source = test.openAt("hg", bare.url, test.makeContext({ exec: nothingInstalled }));
      const { node } = await source.readNewest();
      await expect(source.readModule(node, "mod_rest")).rejects.toMatchObject({
        code: "HGWEB_LACKING",
        hint: expect.stringContaining("install hg"),
      });
    } finally {
      await bare.stop();
    }
  });

  it("gets one request for each of few modules and one for all of many", async () => {
    const source = test.open("hg over HTTP");
    const node = test.upstreams.nodes.forky.hg;
    const before = test.server.requests().length;
    for (const name of ["mod_rest", "mod_firewall", "mod_muc_moderation", "mod_s2s_bidi", "mod_x"]) {
      await source.readModule(node, name).catch(() => undefined);
    }
    const names = await source.listModules(node);
    await Promise.all(names.map((name) => source.readModule(node, name)));
    const archives = test.server
      .requests()
      .slice(before)
      .filter((request) => request.includes("/archive/"));
    expect(archives.filter((request) => request.endsWith(".tar.gz/"))).toHaveLength(1);
    expect(archives.length).toBeLessThanOrEqual(6);
  });
});

describe("the cache", () => {
  it("refuses a changed answer", async () => {
    const context = test.makeContext();
    const source = test.open("hg over HTTP", context);
    const node = test.upstreams.nodes.trixie.hg;
    await source.readHistory("mod_rest", node);
    const { stdout } = await runCommand("find", [context.cacheDir, "-name", "*.json"]);
    const file = stdout.trim();
    await writeFile(file, (await readFile(file, "utf8")).replace("trixie", "Trixie"));
    await expect(source.readHistory("mod_rest", node)).rejects.toMatchObject({
      code: "CACHE_CORRUPT",
      message: expect.stringContaining(file),
      hint: expect.stringContaining(`rm ${file}`),
    });
  });

  it("is filled by two commands at once", async () => {
    const context = test.makeContext();
    const node = test.upstreams.nodes.trixie.git;
    const both = [test.open("git", context), test.open("git", context)];
    const [one, other] = await Promise.all(both.map((source) => source.readModule(node, "mod_rest")));
    expect(one).toEqual(other);
  });
});

it("reads modules in a folder of the tree, each kind alike", async () => {
  const { hgDir, gitDir, node } = await nestModules();
  const nested = await serveHg(hgDir);
  try {
    const specs = [
      { kind: "hg", url: nested.url, node: node.hg },
      { kind: "hg", url: hgDir, node: node.hg },
      { kind: "git", url: gitDir, node: node.git },
    ] as const;
    for (const { kind, url, node: at } of specs) {
      const source = openSource({ name: "nested", kind, url, folder: "some/where" }, test.makeContext());
      expect(await source.listModules(at)).toEqual(["mod_rest"]);
      expect(treeOf(await source.readModule(at, "mod_rest"))).toBe((await test.pinOf("mod_rest", "trixie")).tree);
      expect(await source.readHistory("mod_rest")).toMatchObject([{ node: at, subject: "Nested" }]);
    }
  } finally {
    await nested.stop();
  }
});

it("says that Mercurial or git is missing", async () => {
  const hg = test.open("hg clone", { exec: nothingInstalled });
  await expect(hg.readNewest()).rejects.toMatchObject({ code: "HG_MISSING" });
  const git = test.open("git", { env: { PATH: "/nonexistent" } });
  await expect(git.readNewest()).rejects.toMatchObject({ code: "GIT_MISSING" });
});

it.each(["hg", "git"] as const)("says that a folder is no %s tree", async (kind) => {
  const source = openSource({ name: "none", kind, url: os.tmpdir(), folder: "" }, test.makeContext());
  await expect(source.readNewest()).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
});

/** The same module some folders down, in a Mercurial and a git repository. */
async function nestModules(): Promise<{ hgDir: string; gitDir: string; node: { hg: string; git: string } }> {
  const hgDir = path.join(test.root, "nested");
  const gitDir = path.join(test.root, "nested.git");
  const hg = async (...args: string[]) => (await runCommand("hg", args, { cwd: hgDir })).stdout;
  const git = async (...args: string[]) =>
    (await runCommand("git", [`--git-dir=${gitDir}`, `--work-tree=${hgDir}`, ...args], { cwd: hgDir })).stdout.trim();
  await runCommand("hg", ["init", hgDir]);
  const from = await test.open("git").readModule(test.upstreams.nodes.trixie.git, "mod_rest");
  for (const file of from.files) {
    const target = path.join(hgDir, "some/where/mod_rest", file.path);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, file.bytes, { mode: file.executable ? 0o755 : 0o644 });
  }
  // Another tree's module by the same name, which must not be taken for it.
  await mkdir(path.join(hgDir, "mod_rest"));
  await writeFile(path.join(hgDir, "mod_rest/mod_rest.lua"), "");
  await hg("addremove", "--quiet");
  await hg("commit", "--user=x", "--message=Nested");
  await runCommand("git", ["init", "--quiet", "--bare", gitDir]);
  await git("add", "--all", "some", "mod_rest");
  await git("-c", "user.name=x", "-c", "user.email=x@example", "commit", "--quiet", "--message=Nested");
  return {
    hgDir,
    gitDir,
    node: { hg: await hg("log", "--rev=tip", "--template={node}"), git: await git("rev-parse", "HEAD") },
  };
}
