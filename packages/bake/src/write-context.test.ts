import { mkdir, mkdtemp, readFile, readdir, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { LockedPackage, Target } from "@prosody-foundry/images";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Materials, writeContext } from "./write-context.ts";

let scratch: string;
let materials: Materials;
beforeEach(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "foundry-context-"));
  await mkdir(path.join(scratch, "from/etc"), { recursive: true, mode: 0o700 });
  await writeFile(path.join(scratch, "from/etc/a.lua"), "a", { mode: 0o600 });
  await writeFile(path.join(scratch, "Dockerfile"), "FROM scratch\n");
  materials = {
    dockerfile: path.join(scratch, "Dockerfile"),
    server: { "source.tar.gz": path.join(scratch, "Dockerfile") },
    native: path.join(scratch, "native"),
    rootfs: path.join(scratch, "from"),
    generated: { "usr/lib/modules.lua": "return {}" },
    modules: [
      {
        name: "mod_a",
        files: [
          { path: "mod_a.lua", executable: false, bytes: Buffer.from("a") },
          { path: "tools/run", executable: true, bytes: Buffer.from("r") },
        ],
      },
    ],
  };
});
afterEach(() => rm(scratch, { recursive: true }));

function deb(name: string, architecture: string, archive: LockedPackage["archive"] = "main"): LockedPackage {
  const version = "1:1.0";
  return {
    name,
    version,
    source: name,
    sourceVersion: version,
    architecture,
    sha256: name,
    size: 1,
    archive,
    path: `pool/${name}_1.0_${architecture}.deb`,
  };
}

const target: Target = {
  name: "t",
  image: "t",
  variant: "",
  title: "T",
  description: "T",
  series: "trunk",
  release: {
    kind: "git",
    version: "trunk-20260912-000000000000",
    suite: "trixie",
    url: "https://example.org/t.git",
    node: "0".repeat(40),
    tree: "0".repeat(40),
  },
  platforms: ["linux/amd64"],
  epoch: 0,
  packages: ["lua5.4"],
  debs: {
    root: { "linux/arm/v7": [deb("lua5.4", "armhf"), deb("zlib1g", "armhf")] },
    dev: { "linux/arm/v7": [deb("libc6-dev", "armhf")] },
    build: { amd64: [deb("make", "amd64")], arm64: [deb("make", "arm64", "security")] },
    snapshots: { root: "2026-09-12T00:00:00Z", dev: "2026-09-12T00:00:00Z", build: "2026-09-12T00:00:00Z" },
  },
  modules: [
    {
      name: "mod_a",
      source: "s",
      node: "0".repeat(40),
      tree: "0".repeat(40),
      integrity: "0".repeat(64),
      verdict: "works",
      judgedOn: "13.0.7",
      reason: "required",
      bucket: 5,
    },
  ],
  unshipped: [],
  inputs: {},
  id: "0".repeat(64),
};

async function modesBelow(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder, { recursive: true });
  const rows = await Promise.all(
    names.map(async (name): Promise<[string, string]> => {
      const { mode } = await stat(path.join(folder, name));
      return [name, (mode & 0o7777).toString(8)];
    }),
  );
  return Object.fromEntries(rows);
}

describe("writeContext", () => {
  it("lays out all eight buckets and fixed modes, whatever those of the sources were", async () => {
    const folder = path.join(scratch, "contexts/t");
    await writeContext(folder, target, materials);
    const modes = await modesBelow(folder);
    expect(modes).toMatchObject({
      Dockerfile: "644",
      "server/source.tar.gz": "644",
      "modules/b0": "755",
      "modules/b7": "755",
      "modules/b5/mod_a/mod_a.lua": "644",
      "modules/b5/mod_a/tools/run": "755",
      "rootfs/etc": "755",
      "rootfs/etc/a.lua": "644",
      "rootfs/usr/lib/modules.lua": "644",
    });
    expect(await readFile(path.join(folder, "rootfs/usr/lib/modules.lua"), "utf8")).toBe("return {}");
  });

  it("lays links as they are written", async () => {
    await symlink("etc/a.lua", path.join(scratch, "from/link"));
    const folder = path.join(scratch, "contexts/t");
    await writeContext(folder, target, materials);
    expect(await readlink(path.join(folder, "rootfs/link"))).toBe("etc/a.lua");
  });

  it("lists the packages to download: for each platform, and for each kind of build machine", async () => {
    const folder = path.join(scratch, "contexts/t");
    await writeContext(folder, target, materials);
    const lists = await readdir(path.join(folder, "packages"));
    expect(lists.toSorted()).toEqual(["build-amd64.list", "build-arm64.list", "dev-armhf.list", "root-armhf.list"]);
    const read = (name: string): Promise<string> => readFile(path.join(folder, "packages", name), "utf8");
    expect(await read("root-armhf.list")).toBe(
      "lua5.4 main pool/lua5.4_1.0_armhf.deb lua5.4 1:1.0\nzlib1g main pool/zlib1g_1.0_armhf.deb zlib1g 1:1.0\n",
    );
    expect(await read("build-arm64.list")).toBe("make security pool/make_1.0_arm64.deb make 1:1.0\n");
  });

  it("refuses a module file that would leave the module's folder, and leaves nothing", async () => {
    const evil = { name: "mod_a", files: [{ path: "../../../evil", executable: false, bytes: Buffer.from("") }] };
    const folder = path.join(scratch, "contexts/t");
    const written = writeContext(folder, target, { ...materials, modules: [evil] });
    await expect(written).rejects.toMatchObject({ code: "MODULE_REFUSED" });
    expect(await readdir(path.join(scratch, "contexts"))).toEqual([]);
  });
});
