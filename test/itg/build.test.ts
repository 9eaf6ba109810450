import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  type BakeContext,
  buildFolder,
  buildTargets,
  fetchDebian,
  fetchRelease,
  findEngine,
  layoutManifests,
  loadTarget,
  type Materials,
  readReport,
} from "@prosody-foundry/bake";
import { readSeries, type Release, type Target } from "@prosody-foundry/images";
import { runCommand, sha256, silent } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const packages = [
  ..."ca-certificates dns-root-data lua5.4 lua-expat lua-filesystem lua-sec lua-socket lua-unbound".split(" "),
  ..."lua-dbi-sqlite3 lua-dbi-postgresql lua-dbi-mysql openssl".split(" "),
];
const libraries: Record<string, string[]> = { trixie: ["libicu76", "libssl3t64"], bookworm: ["libicu72", "libssl3"] };

let context: BakeContext;
let scratch: string;
let tarball: Release;
let debian: Release;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "foundry-build-"));
  const engine = await findEngine({ exec: runCommand, env: process.env });
  context = { engine, exec: runCommand, cacheDir: path.join(scratch, "cache"), progress: silent };
  const { series } = await readSeries(root);
  tarball = find(series["13.0"].releases, "13.0.1");
  debian = find(series["0.12"].releases, "0.12.3-1+deb12u1");
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

function find(releases: readonly Release[], version: string): Release {
  const release = releases.find((candidate) => candidate.version === version);
  if (release === undefined) throw new Error(`images/series.json has no ${version}`);
  return release;
}

/** A target with one module of our own, so that no lock is needed. */
function targetOf(name: string, release: Release, variation = ""): Target {
  const module = {
    name: "mod_itg",
    source: "itg",
    node: "0".repeat(40),
    tree: "0".repeat(40),
    integrity: "0".repeat(64),
  };
  return {
    name,
    image: `itg-${name}`,
    variant: "",
    title: "Integration test",
    description: "An image that a test makes",
    series: name.startsWith("old") ? "0.12" : "13.0",
    release,
    platforms: ["linux/amd64", "linux/arm64"],
    epoch: Date.parse("2026-09-12T00:00:00Z") / 1000,
    packages: [...packages, ...(libraries[release.suite] ?? [])],
    modules: [{ ...module, verdict: "works", judgedOn: release.version, reason: "required", bucket: 3 }],
    unshipped: [],
    inputs: {},
    id: sha256(`${name} ${release.version} ${variation}`),
  };
}

async function materialsOf(target: Target): Promise<Materials> {
  const { files } = await fetchRelease(context, target.release);
  return {
    dockerfile: path.join(root, "images/Dockerfile"),
    server: files,
    rootfs: path.join(root, "images/prosody/rootfs"),
    generated: { "usr/lib/prosody-foundry/modules.lua": "return {}\n" },
    modules: [
      {
        name: "mod_itg",
        files: [{ path: "mod_itg.lua", executable: false, bytes: Buffer.from("module:log('info')\n") }],
      },
    ],
  };
}

async function runInside(reference: string, ...args: string[]): Promise<string> {
  const env = context.engine.host === undefined ? {} : { DOCKER_HOST: context.engine.host };
  const options = ["run", "--rm", "--network=none", "--entrypoint=/usr/bin/lua5.4", reference, ...args];
  const result = await runCommand("docker", options, { env });
  return result.stdout.trim();
}

describe("a target is built from", () => {
  it("upstream's tarball, out of Debian's source package where upstream cannot be reached", async () => {
    const unreachable = { ...context, fetch: async () => Promise.reject(new Error("no network")) };
    const { via, files } = await fetchRelease(unreachable, tarball);
    expect(via).toContain("13.0.1-1+deb131u");
    expect(sha256(await readFile(files["source.tar.gz"] ?? ""))).toBe(tarball.kind === "tarball" && tarball.sha256);

    const target = targetOf("tarball", tarball);
    const [built] = await buildTargets(context, [target], { materials: materialsOf, noCache: true });
    expect(built?.fresh).toBe(true);
    expect(Object.keys(built?.report.platforms ?? {})).toEqual(["linux/amd64", "linux/arm64"]);
    for (const platform of Object.values(built?.report.platforms ?? {})) {
      expect(platform.size).toBeLessThan(33_000_000);
      expect(platform.layers).toHaveLength(11);
    }
    const [again] = await buildTargets(context, [target], { materials: () => Promise.reject(new Error("not needed")) });
    expect(again).toMatchObject({ fresh: false, report: built?.report });

    const reference = await loadTarget(context, built!.report, "linux/amd64");
    const script =
      'package.cpath = "/usr/lib/prosody/?.so;" .. package.cpath; package.path = "/usr/lib/prosody/?.lua;" .. package.path; ';
    const use =
      'print(require"util.encodings".idna.to_ascii("bücher.example"), io.open("/usr/lib/prosody/prosody.version"):read("l"))';
    expect(await runInside(reference, "-e", script + use)).toBe("xn--bcher-kva.example\t13.0.1");
    const libraries = ["lfs", "lxp", "ssl", "socket", "lunbound", "DBI", "dbd.sqlite3", "dbd.mysql", "dbd.postgresql"];
    for (const library of libraries)
      expect(await runInside(reference, "-e", `print(type(require"${library}"))`)).toBe("table");
    await runCommand("docker", ["rmi", reference], { env: engineHost() });
  });

  it("a suite's binary package, on that suite's own libraries", async () => {
    const target = targetOf("old-package", debian);
    const [built] = await buildTargets(context, [target], { materials: materialsOf });
    const reference = await loadTarget(context, built!.report, "linux/amd64");
    const read = (file: string): string => `print(io.open("${file}"):read("l"))`;
    expect(await runInside(reference, "-e", read("/usr/lib/prosody/prosody.version"))).toBe("0.12.3");
    expect(await runInside(reference, "-e", read("/etc/os-release"))).toContain("bookworm");
    expect(await runInside(reference, "-e", read("/usr/bin/prosody"))).toBe("#!/usr/bin/lua5.4");
    expect(await runInside(reference, "-e", read("/var/lib/dpkg/status.d/prosody"))).toBe("Package: prosody");
    await runCommand("docker", ["rmi", reference], { env: engineHost() });
  });

  it("a git revision, through a mirror that has the same tree", async () => {
    const { repository, node, tree } = await makeRepository();
    const release: Release = {
      kind: "git",
      version: `trunk-20260912-${node.slice(0, 12)}`,
      suite: "trixie",
      url: "https://git.invalid/prosody.git",
      node,
      tree,
    };
    const before = { ...context };
    context = { ...context, mirrors: { [release.url]: repository } };
    const [built] = await buildTargets(context, [targetOf("revision", release)], { materials: materialsOf });
    await expect(fetchRelease(context, { ...release, tree: "1".repeat(40) })).rejects.toMatchObject({
      code: "INPUT_REFUSED",
    });
    context = before;
    const reference = await loadTarget(context, built!.report, "linux/amd64");
    const version = 'print(io.open("/usr/lib/prosody/prosody.version"):read("l"))';
    expect(await runInside(reference, "-e", version)).toBe(release.version);
    await runCommand("docker", ["rmi", reference], { env: engineHost() });
  });
});

function engineHost(): Record<string, string> {
  return context.engine.host === undefined ? {} : { DOCKER_HOST: context.engine.host };
}

async function makeRepository(): Promise<{ repository: string; node: string; tree: string }> {
  const repository = path.join(scratch, "prosody");
  const { files } = await fetchRelease(context, tarball);
  await runCommand("mkdir", [repository]);
  await runCommand("tar", ["-xzf", files["source.tar.gz"] ?? "", "-C", repository, "--strip-components=1"]);
  const git = async (...args: string[]): Promise<string> => {
    const identity = ["-c", "user.name=itg", "-c", "user.email=itg@example.org"];
    const result = await runCommand("git", ["-C", repository, ...identity, ...args]);
    return result.stdout.trim();
  };
  await git("init", "--quiet");
  await git("add", "--all", "--force");
  await git("commit", "--quiet", "--message=13.0.1");
  return { repository, node: await git("rev-parse", "HEAD"), tree: await git("rev-parse", "HEAD^{tree}") };
}

it("gives the same manifest digests when one plan is built twice without the cache", async () => {
  const target = targetOf("tarball", tarball);
  // The first of the two is the one of the test above.
  const first = await readReport(context.cacheDir, target.id);
  const [second] = await buildTargets(context, [target], { materials: materialsOf, noCache: true });
  expect(second?.fresh).toBe(true);
  expect(second?.report.platforms).toEqual(first?.platforms);
  expect(Object.keys(second?.report.platforms ?? {})).toHaveLength(2);
});

it("has nothing of the machine's in an image: no mirror, no apt, no shell", async () => {
  const target = targetOf("tarball", tarball);
  const layout = path.join(buildFolder(context.cacheDir, target.id), "layout");
  const { platforms } = await layoutManifests(layout);
  const names: string[] = [];
  for (const layer of platforms["linux/arm64"]?.layers ?? []) {
    const blob = path.join(layout, "blobs/sha256", layer.digest.slice("sha256:".length));
    names.push(...(await runCommand("tar", ["-tzf", blob])).stdout.trim().split("\n"));
  }
  expect(names.filter((name) => /^usr\/s?bin\/./u.test(name))).toEqual([
    "usr/bin/lua5.4",
    "usr/bin/prosody",
    "usr/bin/prosodyctl",
  ]);
  expect(names.filter((name) => /sources\.list|etc\/apt|usr\/lib\/apt|perl/u.test(name))).toEqual([]);
  expect(names).toContain("usr/lib/prosody-modules/mod_itg/mod_itg.lua");
});

describe("content that is not what was declared is refused", () => {
  it("as a changed tarball on a mirror, and nothing stays in the cache", async () => {
    const { files } = await fetchRelease(context, tarball);
    const bytes = await readFile(files["source.tar.gz"] ?? "");
    bytes[bytes.length >> 1]! ^= 1;
    const changed = path.join(scratch, "changed.tar.gz");
    await writeFile(changed, bytes);
    const cacheDir = path.join(scratch, "empty");
    const url = tarball.kind === "tarball" ? tarball.url : "";
    const refused = fetchRelease({ ...context, cacheDir, mirrors: { [url]: changed } }, tarball);
    await expect(refused).rejects.toMatchObject({ code: "INPUT_REFUSED" });
    expect(await readdir(path.join(cacheDir, "inputs")).catch(() => [])).toEqual([]);
  });

  it("as a Debian package with another hash than the declared one", async () => {
    const other = { ...debian, sha256: { "linux/amd64": "0".repeat(64) } };
    const cacheDir = path.join(scratch, "empty");
    await expect(fetchRelease({ ...context, cacheDir }, other as Release)).rejects.toMatchObject({
      code: "INPUT_REFUSED",
    });
    expect(await readdir(path.join(cacheDir, "inputs")).catch(() => [])).toEqual([]);
  });

  it.each(["tarball", "package"])("as one changed byte of a cached %s", async (kind) => {
    const release = kind === "tarball" ? tarball : debian;
    const { files } = await fetchRelease(context, release);
    const [file = ""] = Object.values(files);
    await cp(file, `${file}.kept`);
    const bytes = await readFile(file);
    bytes[100]! ^= 1;
    await writeFile(file, bytes);
    await expect(fetchRelease(context, release)).rejects.toMatchObject({ code: "CACHE_CORRUPT" });
    await cp(`${file}.kept`, file);
    await rm(`${file}.kept`);
  });
});

describe("Debian's packages of modules", () => {
  it("are fetched at an exact version, once", async () => {
    const query = { suite: "bookworm", package: "prosody-modules", version: "0.0~hg20230223.556bf57d6417+dfsg-1" };
    const { tar } = await fetchDebian(context, query);
    expect((await runCommand("tar", ["-tf", tar])).stdout).toContain("/usr/lib/prosody/modules/mod_cloud_notify/");
    const offline = { ...context, exec: () => Promise.reject(new Error("not needed")) };
    expect(await fetchDebian(offline, query)).toEqual({ version: query.version, tar });
  });

  it("are unreachable when there is no such version", async () => {
    const query = { suite: "bookworm", package: "prosody-modules", version: "1.0" };
    await expect(fetchDebian(context, query)).rejects.toMatchObject({ code: "INPUT_UNREACHABLE" });
  });
});

it("takes nothing of a tarball that nobody delivers, and says how to go on", async () => {
  const nowhere = { ...tarball, sha256: "0".repeat(64), mirrors: [] } as Release;
  const context404 = { ...context, fetch: async () => new Response("", { status: 404 }) };
  await expect(fetchRelease(context404, nowhere)).rejects.toMatchObject({
    code: "INPUT_UNREACHABLE",
    hint: expect.stringContaining("--available") as unknown,
  });
});
