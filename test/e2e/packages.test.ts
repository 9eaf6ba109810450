import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ImageManifest, PackageLock, readPackageLock, SeriesFile, writePackageLock } from "@prosody-foundry/images";
import { prettyJson } from "@prosody-foundry/kit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { type Foundry, openFoundry } from "../fixtures/foundry.ts";
import { changeImage, sharedCache } from "../fixtures/repository.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const series = ["--series", "0.12"];
// A version that bookworm had once, so that its changelog has entries for what came later.
const [old, oldHash] = ["3.0.17-1~deb12u1", "a".repeat(64)];

let folder: string;
let foundry: Foundry;
let first: string;

/** An image of Debian's openssl and what it needs, on bookworm alone. */
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "foundry-packages-"));
  await cp(path.join(repository, "images"), path.join(folder, "images"), { recursive: true, verbatimSymlinks: true });
  await rm(lockFile());
  await changeSeries();
  const packages: ImageManifest["packages"] = { all: ["openssl"] };
  const modules = { required: [], optional: [] };
  await changeImage(folder, { series: ["0.12"], platforms: ["linux/amd64"], packages, modules });
  foundry = openFoundry(folder, { FOUNDRY_CACHE: sharedCache() });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function lockFile(): string {
  return path.join(folder, "images/prosody/packages.lock.json");
}

async function changeSeries(): Promise<void> {
  const file = path.join(folder, "images/series.json");
  const before = SeriesFile.parse(JSON.parse(await readFile(file, "utf8")));
  const releases = before.series["0.12"].releases.filter(({ suite }) => suite === "bookworm");
  await writeFile(file, prettyJson({ ...before, series: { ...before.series, "0.12": { releases } } }));
}

const Change = z.looseObject({
  list: z.string(),
  name: z.string(),
  from: z.string().nullable(),
  to: z.string().nullable(),
  bytes: z.number(),
});
const Compared = Change.extend({ cves: z.array(z.string()).nullable(), architectures: z.array(z.string()) });

it("update locks what Debian has now, with all that needs, and nothing that was not asked for", async () => {
  const answer = z
    .looseObject({ written: z.array(z.string()), changes: z.array(Change) })
    .parse(await foundry.json(["packages", "update", ...series]));
  expect(answer.written).toEqual(["images/packages.lock.json", "images/prosody/packages.lock.json"]);
  first = await readFile(lockFile(), "utf8");
  const root = PackageLock.parse(JSON.parse(first)).suites["bookworm"]?.lists.root ?? {};
  expect(Object.keys(root)).toEqual(expect.arrayContaining(["base-files", "libc6", "libssl3", "openssl"]));
  const [ofRoot, others] = [true, false].map((is) => answer.changes.filter(({ list }) => (list === "root") === is));
  expect(ofRoot?.map(({ name }) => name)).toEqual(Object.keys(root));
  // Headers that no image has a use for any more.
  expect(new Set(others?.map(({ list, to }) => `${list} ${to}`))).toEqual(new Set(["dev null"]));
  expect(root).not.toHaveProperty("lua5.4");
});

it("update leaves headers of the suites and platforms that images have, and lists of other suites as they were", async () => {
  const before = await readPackageLock(repository);
  const { bookworm, ...others } = (await readPackageLock(folder)).suites;
  const architectures = Object.values(bookworm?.lists.dev ?? {})
    .flatMap(Object.values)
    .flatMap(({ sha256 }) => Object.keys(sha256));
  expect(architectures).toEqual(["amd64", "amd64"]);
  expect(others).toEqual({ trixie: before.suites["trixie"] });
});

it("diff names what is newer, with the CVEs of its changelog, what is gone, and the bytes", async () => {
  const lock = await readPackageLock(folder, "prosody");
  const root = lock.suites["bookworm"]?.lists.root ?? {};
  for (const name of ["libssl3", "openssl"]) {
    root[name] = {
      [old]: { ...(name === "openssl" ? {} : { source: "openssl" }), sha256: { amd64: `${oldHash} 1000` } },
    };
  }
  root["libgone1"] = { "1.0-1": { sha256: { amd64: `${oldHash} 500` } } };
  await writePackageLock(folder, lock, "prosody");
  const rows = z.array(Compared).parse(await foundry.json(["packages", "diff", ...series], [3]));
  expect(rows.map(({ name }) => name)).toEqual(["libgone1", "libssl3", "openssl"]);
  const [gone, library, program] = rows;
  expect(gone).toMatchObject({ from: "1.0-1", to: null, bytes: -500, cves: [] });
  expect(library).toMatchObject({ from: old, architectures: ["amd64"], cves: program?.cves });
  expect(library?.to).toMatch(/^3\.0\.\d+-1~deb12u\d+$/u);
  expect(library?.bytes).toBeGreaterThan(1_000_000);
  // Fixed in 3.0.18, by Debian's changelog; what 3.0.17 had fixed is not named.
  expect(library?.cves).toContain("CVE-2025-9230");
  expect(library?.cves).not.toContain("CVE-2024-13176");
});

it("a dry run writes nothing; an update moves what diff named, and then there is nothing more", async () => {
  const aged = await readFile(lockFile(), "utf8");
  const { stdout } = await foundry.run(["packages", "update", "--dry-run", ...series]);
  expect(stdout).toMatch(/libssl3 +3\.0\.17-1~deb12u1/u);
  expect(await readFile(lockFile(), "utf8")).toBe(aged);
  const report = path.join(folder, "report.md");
  await foundry.json(["packages", "update", "--report", report, ...series]);
  expect(await readFile(report, "utf8")).toMatch(/^\| bookworm \| in the image \| `libssl3` \|.*CVE-\d{4}-\d+/mu);
  expect(PackageLock.parse(JSON.parse(await readFile(lockFile(), "utf8"))).suites["bookworm"]?.lists).toEqual(
    PackageLock.parse(JSON.parse(first)).suites["bookworm"]?.lists,
  );
  expect(await foundry.json(["packages", "diff", ...series])).toEqual([]);
});

it("a package no suite has is refused, and the lock stays", async () => {
  await changeImage(folder, { packages: { all: ["openssl", "no-such-package"] } });
  const { exitCode, stderr } = await foundry.run(["packages", "update", ...series]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/PACKAGE_UNKNOWN: Debian bookworm for amd64 has no package no-such-package/u);
  expect(PackageLock.parse(JSON.parse(await readFile(lockFile(), "utf8"))).suites).toHaveProperty("bookworm");
});
