import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { prettyJson, sha256 } from "@prosody-foundry/kit";
import { emptyLock, writeLock } from "@prosody-foundry/lockfile";
import type { LedgerEntry } from "@prosody-foundry/release";
import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { type Foundry, openFoundry } from "../fixtures/foundry.ts";
import { changeImage } from "../fixtures/repository.ts";

const Output = z.looseObject({
  images: z.array(
    z.looseObject({
      image: z.string(),
      from: z.string(),
      to: z.string(),
      changes: z.string(),
      targets: z.array(z.looseObject({ version: z.string(), tag: z.string(), tags: z.array(z.string()) })),
    }),
  ),
  news: z.array(z.looseObject({ series: z.string(), bump: z.string() })),
  files: z.record(z.string(), z.unknown()),
});

const repository = path.resolve(import.meta.dirname, "../..");
const nothing = {
  exitCode: 0,
  stdout: "Nothing to do: no changeset is pending, and every Prosody release is told of.\n",
};
let folder: string;
let root: string;
let foundry: Foundry;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "foundry-version-e2e-"));
  root = path.join(folder, "repository");
  await cp(path.join(repository, "images"), path.join(root, "images"), {
    recursive: true,
    verbatimSymlinks: true,
    filter: isSource,
  });
  await rm(path.join(root, "images/ledger.json"), { force: true });
  await mkdir(path.join(root, ".changeset"));
  for (const name of ["config.json", "README.md"]) {
    await cp(path.join(repository, ".changeset", name), path.join(root, ".changeset", name));
  }
  await write(
    "package.json",
    prettyJson({ name: "fixture", version: "0.0.0", private: true, workspaces: ["images/*"] }),
  );
  const packages = { "images/prosody": { name: "prosody", version: "1.2.0" } };
  await write("package-lock.json", prettyJson({ name: "fixture", lockfileVersion: 3, packages }));
  await write("images/prosody/package.json", prettyJson({ name: "prosody", private: true, version: "1.2.0" }));
  await writeLock(path.join(root, "modules.lock.json"), emptyLock());
  await changeImage(root, { series: ["0.12", "13.0"], modules: { required: [], optional: [] } });
  // Nothing here needs an engine or a network.
  const env = { FOUNDRY_CACHE: path.join(folder, "cache"), FOUNDRY_OFFLINE: "1", DOCKER_HOST: "unix:///nowhere" };
  foundry = openFoundry(root, env);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const isSource = (name: string) => !["node_modules", "CHANGELOG.md"].includes(path.basename(name));
const write = (name: string, text: string) => writeFile(path.join(root, name), text);
const read = (name: string) => readFile(path.join(root, name), "utf8");
const version = (...args: string[]) => foundry.run(["version", ...args]);
const versionJson = async (...args: string[]) => Output.parse(await foundry.json(["version", ...args]));
const changesets = async () => (await readdir(path.join(root, ".changeset"))).filter((name) => name.startsWith("c-"));

async function publish(...entries: [string, Partial<LedgerEntry>?][]): Promise<void> {
  const made = entries.map(([release, more]) => ({
    image: "prosody",
    variant: "",
    series: release.split(".").slice(0, 2).join("."),
    version: release,
    rev: 1,
    digest: `sha256:${sha256(release)}`,
    id: null,
    contract: "1.2.0",
    platforms: {},
    yanked: false,
    date: "2026-11-01",
    ...more,
  }));
  await write("images/ledger.json", prettyJson({ ledgerVersion: 1, entries: made }));
}

async function snapshot(): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, await readFile(file, "base64")])));
}

it("nothing is done, and nothing written, where nothing is pending", async () => {
  const before = await snapshot();
  expect(await version()).toMatchObject(nothing);
  expect(await versionJson()).toMatchObject({ images: [], news: [], files: {} });
  expect(await snapshot()).toEqual(before);
});

it("changesets become a version, a changelog and the next tags, once; a dry run says the same and writes nothing", async () => {
  await publish(["13.0.7", { rev: 2 }], ["0.12.5"]);
  await write(".changeset/c-one.md", "---\nprosody: minor\n---\n\nmod_x is in it\n");
  await write(".changeset/c-two.md", "---\nprosody: patch\n---\n\nA pin moved\n");
  const before = await snapshot();
  const report = path.join(folder, "report.md");
  const dry = await versionJson("--dry-run", "--report", report);
  expect(await readFile(report, "utf8")).toMatch(/^## prosody 1\.2\.0 → 1\.3\.0 \(minor\)\n/u);
  expect(await snapshot()).toEqual(before);
  expect(await versionJson()).toEqual(dry);
  expect(dry.images).toMatchObject([
    {
      image: "prosody",
      from: "1.2.0",
      to: "1.3.0",
      changes: "### New\n\n- mod_x is in it\n\n### Changed\n\n- A pin moved\n",
      targets: [
        { version: "0.12.5", tag: "0.12.5-r2", tags: ["0.12", "0.12.5", "0.12.5-r2", "oldstable"] },
        { version: "13.0.7", tag: "13.0.7-r3", tags: ["13", "13.0", "13.0.7", "13.0.7-r3", "latest", "stable"] },
      ],
    },
  ]);
  expect(JSON.parse(await read("images/prosody/package.json"))).toMatchObject({ version: "1.3.0" });
  expect(JSON.parse(await read("package-lock.json"))).toMatchObject({
    packages: { "images/prosody": { version: "1.3.0" } },
  });
  expect(await read("images/prosody/CHANGELOG.md")).toMatch(/^# prosody\n\n## 1\.3\.0\n\n### Minor Changes\n/u);
  expect(await changesets()).toEqual([]);
  const after = await snapshot();
  expect(await version()).toMatchObject(nothing);
  expect(await snapshot()).toEqual(after);
});

it("a release that no changeset tells of goes into the changelog by itself, and only once", async () => {
  await publish(["13.0.1", { rev: 4 }]);
  const { stdout, stderr } = await version();
  expect(stderr).toContain("prosody: no changeset tells of 13.0's release");
  expect(stdout).toMatch(/^prosody: 1\.2\.0 → 1\.3\.0 \(minor\)$/mu);
  expect(stdout).toMatch(/prosody-13-0 +13\.0\.1 → 13\.0\.7 +13\.0\.7-r1 /u);
  const changelog = await read("images/prosody/CHANGELOG.md");
  expect(changelog).toContain("### Patch Changes\n\n- Prosody 13.0.7 in place of 13.0.1\n");
  expect(changelog).toContain("### Minor Changes\n\n- The 0.12 series of Prosody, with 0.12.5\n");
  expect(await version()).toMatchObject(nothing);
});

it("a changeset that names the release takes the place of ours", async () => {
  await publish(["13.0.1"], ["0.12.5"]);
  await write(".changeset/c-own.md", "---\nprosody: major\n---\n\nProsody 13.0.7: move your certificates\n");
  const { images, news } = await versionJson();
  expect(news).toEqual([]);
  expect(images).toMatchObject([
    { to: "2.0.0", changes: "### You have to act\n\n- Prosody 13.0.7: move your certificates\n" },
  ]);
});

it("two at once count a changeset once", async () => {
  await write(".changeset/c-one.md", "---\nprosody: patch\n---\n\nA pin moved\n");
  const both = await Promise.all([version(), version()]);
  expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(JSON.parse(await read("images/prosody/package.json"))).toMatchObject({ version: "1.2.1" });
});

it("a changeset that is left over stops it before anything is written, with its name", async () => {
  await write(".changeset/c-good.md", "---\nprosody: patch\n---\n\nA pin moved\n");
  await write(".changeset/c-old.md", "---\nfull: patch\n---\n\nOf an image that is gone\n");
  const before = await snapshot();
  const { exitCode, stderr } = await version();
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringMatching(/^CHANGESET_UNKNOWN: \.changeset\/c-old\.md names full/mu),
  ]);
  expect(await snapshot()).toEqual(before);
});
