import path from "node:path";
import { type Built, buildFolder, buildTargets, fetchRelease, layoutManifests } from "@prosody-foundry/bake";
import type { LockedPackage, Release, Target } from "@prosody-foundry/images";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bench, firstLine, makeGit, materialsOf, openBench, runLua, targetOf } from "./build-fixture.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench.clear());

async function build(target: Target, options: { noCache?: boolean; context?: Bench["context"] } = {}): Promise<Built> {
  const { context = bench.context, noCache } = options;
  const [built] = await buildTargets(context, [target], { materials: (one) => materialsOf(context, one), noCache });
  if (built === undefined) throw new Error("nothing was built");
  return built;
}

const refuse = (): Promise<never> => Promise.reject(new Error("not needed"));

describe("upstream's tarball", () => {
  let first: Built;
  beforeAll(async () => {
    first = await build(targetOf("tarball", bench.tarball), { noCache: true });
  });

  it("becomes a small image for each platform", () => {
    expect(first.fresh).toBe(true);
    const images = Object.values(first.report.platforms);
    expect(Object.keys(first.report.platforms)).toEqual(["linux/amd64", "linux/arm64"]);
    for (const image of images) {
      expect(image.size).toBeLessThan(13_500_000);
      // Packages, server, C modules, eight buckets, configuration.
      expect(image.layers).toHaveLength(12);
    }
  });

  it("shares the layers of modules and configuration between the platforms", () => {
    const [amd64 = [], arm64 = []] = Object.values(first.report.platforms).map(({ layers }) => layers.slice(3));
    expect(amd64).toEqual(arm64);
  });

  it("is not built again when nothing changed", async () => {
    const [again] = await buildTargets(bench.context, [first.target], { materials: refuse });
    expect(again).toMatchObject({ fresh: false, report: first.report });
  });

  it("gives the same manifest digests when it is built once more without the cache", async () => {
    const second = await build(first.target, { noCache: true });
    expect(second.fresh).toBe(true);
    expect(second.report.platforms).toEqual(first.report.platforms);
  });

  it("has the libraries of Prosody in it, and its compiled parts work", async () => {
    const own = 'package.cpath = "/usr/lib/prosody/?.so;" .. package.cpath ';
    const idna = 'print(require"util.encodings".idna.to_ascii("bücher.example"))';
    const libraries = ["lfs", "lxp", "ssl", "socket", "lunbound", "DBI", "dbd.sqlite3", "dbd.mysql", "dbd.postgresql"];
    const loads = libraries.map((library) => `assert(require"${library}") `).join("");
    const printed = await runLua(bench.context, first.report, [
      own + idna,
      `${loads} print("all")`,
      firstLine("/usr/lib/prosody/prosody.version"),
    ]);
    expect(printed).toEqual(["xn--bcher-kva.example", "all", "13.0.1"]);
  });

  it("has nothing of the machine's and no program but Lua in it", async () => {
    const layout = path.join(buildFolder(bench.context.cacheDir, first.target.id), "layout");
    const { platforms } = await layoutManifests(layout);
    const names: string[] = [];
    for (const layer of platforms["linux/arm64"]?.layers ?? []) {
      const blob = path.join(layout, "blobs/sha256", layer.digest.slice("sha256:".length));
      names.push(...(await runCommand("tar", ["-tzf", blob])).stdout.trim().split("\n"));
    }
    const programs = names.filter((name) => /^usr\/s?bin\/./u.test(name));
    const usual = ["usr/bin/foundry", "usr/bin/lua5.4", "usr/bin/prosody", "usr/bin/prosodyctl"];
    expect(programs.toSorted()).toEqual(usual);
    expect(names.filter((name) => /sources\.list|etc\/apt|lib\/apt|perl|\.la$|\.a$/u.test(name))).toEqual([]);
    expect(names).toContain("usr/lib/prosody-modules/mod_itg/mod_itg.lua");
    expect(names).toContain("var/lib/dpkg/status.d/libssl3t64");
  });
});

it("Debian's package becomes an image on its own suite's libraries", async () => {
  const { report } = await build(targetOf("package", bench.debian));
  expect(Object.keys(report.platforms)).toEqual(["linux/amd64", "linux/arm64"]);
  const files = [
    "/usr/lib/prosody/prosody.version",
    "/etc/os-release",
    "/usr/bin/prosody",
    "/var/lib/dpkg/status.d/prosody",
  ];
  const [version, system, program, record] = await runLua(bench.context, report, files.map(firstLine));
  expect(version).toBe("0.12.3");
  expect(system).toContain("bookworm");
  expect(program).toBe("#!/usr/bin/lua5.4");
  expect(record).toBe("Package: prosody");
});

it("a git revision becomes an image, through a mirror that has the same tree", async () => {
  const { repository, node, tree } = await makeGit(bench);
  const version = `trunk-20260912-${node.slice(0, 12)}`;
  const release: Release = {
    kind: "git",
    version,
    suite: "trixie",
    url: "https://git.invalid/prosody.git",
    node,
    tree,
  };
  const context = { ...bench.context, mirrors: { [release.url]: repository } };
  const { report } = await build(targetOf("revision", release), { context });
  expect(await runLua(context, report, [firstLine("/usr/lib/prosody/prosody.version")])).toEqual([version]);
  const { via } = await fetchRelease(context, release);
  expect(via).toContain(repository);
});

describe("a build that fails says why and leaves nothing", () => {
  it.each<[string, string, Partial<LockedPackage>, RegExp]>([
    [
      "other bytes than locked",
      "INPUT_REFUSED",
      { sha256: "a".repeat(64) },
      /lua5\.4_\S+\.deb: SHA-256 a{64} is locked/u,
    ],
    [
      "a version that is gone",
      "INPUT_UNREACHABLE",
      { version: "5.4.7-0", path: "pool/main/l/lua5.4/lua5.4_5.4.7-0_amd64.deb" },
      /lua5\.4 5\.4\.7-0: neither/u,
    ],
  ])("for %s of a package", async (...row) => {
    const [, code, change, message] = row;
    const target = targetOf("wrong", bench.tarball);
    const root = changeDeb(target.debs.root["linux/amd64"] ?? [], "lua5.4", change);
    const debs = { ...target.debs, root: { ...target.debs.root, "linux/amd64": root } };
    await expect(build({ ...target, debs })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as unknown,
      hint: expect.stringContaining("package") as unknown,
    });
    await expectNothingLeft(target);
  });

  it("for a package that the server needs and no list has", async () => {
    const target = targetOf("wrong", bench.tarball);
    const root = (target.debs.root["linux/amd64"] ?? []).filter(({ name }) => name !== "libicu76");
    const debs = { ...target.debs, root: { ...target.debs.root, "linux/amd64": root } };
    await expect(build({ ...target, debs })).rejects.toMatchObject({ code: "BUILD_FAILED" });
    await expectNothingLeft(target);
  });
});

function changeDeb(packages: readonly LockedPackage[], name: string, change: Partial<LockedPackage>): LockedPackage[] {
  return packages.map((deb) => (deb.name === name ? { ...deb, ...change } : deb));
}

async function expectNothingLeft(target: Target): Promise<void> {
  const folders = [bench.context.cacheDir, path.join(bench.context.cacheDir, "builds")];
  const left = await runCommand("ls", folders, { accept: "any" });
  expect(left.stdout).not.toMatch(/bake-|made/u);
  expect(left.stdout).not.toContain(target.id);
}
