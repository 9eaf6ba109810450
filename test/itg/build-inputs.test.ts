import { copyFile, readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { type BakeContext, fetchDebian, fetchRelease } from "@prosody-foundry/bake";
import type { RevisionRelease } from "@prosody-foundry/images";
import { runCommand, sha256 } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bench, makeGit, openBench, unpackTarball } from "./build-fixture.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.clear());

/** The context of the bench with an empty cache. */
function emptyCache(name: string, more: Partial<BakeContext> = {}): BakeContext {
  return { ...bench.context, cacheDir: path.join(bench.scratch, name), ...more };
}

async function listInputs(context: BakeContext): Promise<string[]> {
  return readdir(path.join(context.cacheDir, "inputs")).catch(() => []);
}

async function flipByte(from: string, to: string): Promise<void> {
  const bytes = await readFile(from);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(to, bytes);
}

describe("a tarball", () => {
  it("comes out of Debian's source package, byte for byte, where upstream cannot be reached", async () => {
    const context = { ...bench.context, fetch: () => Promise.reject(new Error("no network")) };
    const { via, files } = await fetchRelease(context, bench.tarball);
    expect(via).toContain("13.0.1-1+deb131u");
    expect(sha256(await readFile(files["source.tar.gz"] ?? ""))).toBe(bench.tarball.sha256);
  });

  it("comes from a mirror that somebody names", async () => {
    const { files } = await fetchRelease(bench.context, bench.tarball);
    const mirrors = { [bench.tarball.url]: files["source.tar.gz"] ?? "" };
    const { via } = await fetchRelease(emptyCache("mirrored", { mirrors }), bench.tarball);
    expect(via).toBe(files["source.tar.gz"]);
  });

  it("is refused when a mirror changed a byte, and nothing of it is kept", async () => {
    const { files } = await fetchRelease(bench.context, bench.tarball);
    const changed = path.join(bench.scratch, "changed.tar.gz");
    await flipByte(files["source.tar.gz"] ?? "", changed);
    const context = emptyCache("refused", { mirrors: { [bench.tarball.url]: changed } });
    await expect(fetchRelease(context, bench.tarball)).rejects.toMatchObject({ code: "INPUT_REFUSED" });
    expect(await listInputs(context)).toEqual([]);
  });

  it("that nobody delivers says how to go on", async () => {
    const context = emptyCache("nowhere", { fetch: () => Promise.resolve(new Response("", { status: 404 })) });
    const nowhere = { ...bench.tarball, mirrors: [] };
    await expect(fetchRelease(context, nowhere)).rejects.toMatchObject({
      code: "INPUT_UNREACHABLE",
      message: expect.stringContaining("404") as unknown,
      hint: expect.stringContaining("--available") as unknown,
    });
  });
});

describe("a Debian package", () => {
  it("is refused when it is not the declared one, and nothing of it is kept", async () => {
    const context = emptyCache("refused");
    const other = { ...bench.debian, sha256: { ...bench.debian.sha256, "linux/arm64": "0".repeat(64) } };
    await expect(fetchRelease(context, other)).rejects.toMatchObject({ code: "INPUT_REFUSED" });
    expect(await listInputs(context)).toEqual([]);
  });

  it("cannot be had at a version Debian does not have", async () => {
    const other = { ...bench.debian, version: "0.12.3-99" };
    await expect(fetchRelease(emptyCache("unknown"), other)).rejects.toMatchObject({ code: "INPUT_UNREACHABLE" });
  });
});

it.each(["tarball", "debian"] as const)(
  "one changed byte of a cached %s is refused until it is put right",
  async (kind) => {
    const { files } = await fetchRelease(bench.context, bench[kind]);
    const [file = ""] = Object.values(files);
    await copyFile(file, path.join(bench.scratch, "kept"));
    await flipByte(file, file);
    await expect(fetchRelease(bench.context, bench[kind])).rejects.toMatchObject({
      code: "CACHE_CORRUPT",
      hint: expect.stringContaining(file) as unknown,
    });
    await copyFile(path.join(bench.scratch, "kept"), file);
    expect((await fetchRelease(bench.context, bench[kind])).files).toEqual(files);
  },
);

describe("a revision", () => {
  it("of git is refused when its tree is not the declared one", async () => {
    const { repository, node } = await makeGit(bench);
    const release = revisionOf("git", repository, node);
    const context = emptyCache("tree");
    await expect(fetchRelease(context, release)).rejects.toMatchObject({ code: "INPUT_REFUSED" });
    expect(await listInputs(context)).toEqual([]);
  });

  it("of git that the repository does not have cannot be had", async () => {
    const repository = path.join(bench.scratch, "git");
    const context = emptyCache("node");
    const fetched = fetchRelease(context, revisionOf("git", repository, "f".repeat(40)));
    await expect(fetched).rejects.toMatchObject({ code: "INPUT_UNREACHABLE" });
  });

  it("of Mercurial has the same tree as the same content in git", async () => {
    const { repository, node } = await makeHg();
    const tree = (
      await runCommand("git", ["-C", path.join(bench.scratch, "git"), "rev-parse", "HEAD^{tree}"])
    ).stdout.trim();
    const { files } = await fetchRelease(emptyCache("hg"), { ...revisionOf("hg", repository, node), tree });
    const { stdout } = await runCommand("tar", ["-tzf", files["source.tar.gz"] ?? ""]);
    expect(stdout).toContain("prosody/util-src/encodings.c");
  });
});

function revisionOf(kind: "git" | "hg", url: string, node: string): RevisionRelease {
  return { kind, version: "trunk-20260912-000000000000", suite: "trixie", url, node, tree: "1".repeat(40) };
}

async function makeHg(): Promise<{ repository: string; node: string }> {
  const repository = await unpackTarball(bench, "hg");
  const hg = async (...args: string[]): Promise<string> => {
    const result = await runCommand("hg", ["-R", repository, ...args], { env: { HGPLAIN: "1" } });
    return result.stdout.trim();
  };
  await hg("init", repository);
  await hg("addremove", "--quiet", repository);
  await hg("commit", "--message=13.0.1", "--user=itg");
  return { repository, node: await hg("log", "--rev=tip", "--template={node}") };
}

describe("Debian's packages of modules", () => {
  const query = { suite: "bookworm", package: "prosody-modules", version: "0.0~hg20230223.556bf57d6417+dfsg-1" };

  it("are fetched at an exact version, once", async () => {
    const { tar } = await fetchDebian(bench.context, query);
    expect((await runCommand("tar", ["-tf", tar])).stdout).toContain("/usr/lib/prosody/modules/mod_cloud_notify/");
    const offline = { ...bench.context, exec: () => Promise.reject(new Error("not needed")) };
    expect(await fetchDebian(offline, query)).toEqual({ version: query.version, tar });
    await flipByte(tar, tar);
    await expect(fetchDebian(offline, query)).rejects.toMatchObject({ code: "CACHE_CORRUPT" });
  });

  it("are refused when they are not what was pinned", async () => {
    const pinned = { ...query, sha256: "0".repeat(64) };
    await expect(fetchDebian(emptyCache("pinned"), pinned)).rejects.toMatchObject({ code: "INPUT_REFUSED" });
  });

  it("are unreachable when there is no such version", async () => {
    const fetched = fetchDebian(bench.context, { ...query, version: "1.0" });
    await expect(fetched).rejects.toMatchObject({ code: "INPUT_UNREACHABLE" });
  });
});
