import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { globSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { isUserError } from "@prosody-foundry/kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readPendingChangesets } from "./read-changesets.ts";
import { applyChangesets } from "./run-changesets.ts";
import { finishVersion, writeVersion } from "./write-version.ts";

const repository = path.resolve(import.meta.dirname, "../../..");
let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "foundry-changesets-"));
  await mkdir(path.join(root, ".changeset"));
  await cp(path.join(repository, ".changeset/config.json"), path.join(root, ".changeset/config.json"));
  await cp(path.join(repository, ".changeset/README.md"), path.join(root, ".changeset/README.md"));
  const workspaces = { name: "fixture", version: "0.0.0", private: true, workspaces: ["images/*"] };
  await write("package.json", JSON.stringify(workspaces));
  await write("images/full/package.json", manifest("full", "0.9.9"));
  await write("images/prosody/package.json", manifest("prosody", "1.2.0"));
  const packages = { "": workspaces, ...entry("full", "0.9.9"), ...entry("prosody", "1.2.0") };
  await write("package-lock.json", `${JSON.stringify({ name: "fixture", lockfileVersion: 3, packages }, null, 2)}\n`);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const entry = (name: string, version: string) => ({ [`images/${name}`]: { name, version } });
const manifest = (name: string, version: string) =>
  `{\n  "name": "${name}",\n  "private": true,\n  "version": "${version}"\n}\n`;
const names = ["full", "prosody"];
const apply = async (implied: Parameters<typeof applyChangesets>[1] = []) =>
  applyChangesets(await readPendingChangesets(root, names), implied);
const read = (file: string) => readFile(path.join(root, file), "utf8");

async function write(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
}

it("every changeset of this repository names packages of its images", async () => {
  const files = globSync("images/*/package.json", { cwd: repository });
  const packages = await Promise.all(
    files.map(async (file): Promise<{ name: string }> =>
      JSON.parse(await readFile(path.join(repository, file), "utf8")),
    ),
  );
  const known = packages.map(({ name }) => name);
  expect(known).toContain("prosody");
  await expect(readPendingChangesets(repository, known)).resolves.toBeDefined();
});

describe("changesets", () => {
  it.each([
    [
      "of a package that is gone",
      "---\ngone: patch\n---\n\nText\n",
      /^CHANGESET_UNKNOWN: .*old-news\.md names gone, /u,
    ],
    [
      "of a package of the tool",
      "---\n@prosody-foundry/cli: patch\n---\n\nText\n",
      /^CHANGESET_(UNKNOWN|MALFORMED): .*old-news\.md/u,
    ],
    ["without a front matter", "Text\n", /^CHANGESET_MALFORMED: \.changeset\/old-news\.md: .*front ?matter/u],
    [
      "with another kind of change",
      "---\nprosody: huge\n---\n\nText\n",
      /^CHANGESET_MALFORMED: .*old-news\.md: .*huge/u,
    ],
  ])("%s are refused by the name of the file", async (_, text, says) => {
    await write(".changeset/good.md", "---\nprosody: patch\n---\n\nText\n");
    await write(".changeset/old-news.md", text);
    const refusal = await readPendingChangesets(root, names).catch((error: unknown) => error);
    expect(isUserError(refusal) ? `${refusal.code}: ${refusal.message}` : refusal).toMatch(says);
  });

  it("become versions, changelogs and npm's lock, as values and without a change to the repository", async () => {
    await write(".changeset/b.md", "---\nprosody: patch\n---\n\nA pin moved\n");
    await write(".changeset/a.md", "---\nprosody: minor\n---\n\nA module\n\n  - with a list\n");
    const { releases, files } = await apply([
      { id: "implied", summary: "Prosody 13.0.7 in place of 13.0.1", releases: [{ name: "full", type: "patch" }] },
    ]);
    expect(releases.toSorted((a, b) => a.name.localeCompare(b.name))).toEqual([
      { name: "full", folder: "images/full", bump: "patch", from: "0.9.9", to: "0.9.10" },
      { name: "prosody", folder: "images/prosody", bump: "minor", from: "1.2.0", to: "1.3.0" },
    ]);
    expect(files["images/prosody/CHANGELOG.md"]).toEqual({
      before: null,
      after:
        "# prosody\n\n## 1.3.0\n\n### Minor Changes\n\n- A module\n\n    - with a list\n\n### Patch Changes\n\n- A pin moved\n",
    });
    expect(files[".changeset/a.md"]?.after).toBeNull();
    expect(files["package-lock.json"]?.after).toContain('"version": "0.9.10"');
    expect(Object.keys(files).toSorted()).toEqual([
      ".changeset/a.md",
      ".changeset/b.md",
      "images/full/CHANGELOG.md",
      "images/full/package.json",
      "images/prosody/CHANGELOG.md",
      "images/prosody/package.json",
      "package-lock.json",
    ]);
    expect(await read("images/prosody/package.json")).toBe(manifest("prosody", "1.2.0"));
  });

  it("are told in the repository's own words where its configuration names them", async () => {
    const config: object = JSON.parse(await read(".changeset/config.json"));
    await write(".changeset/config.json", JSON.stringify({ ...config, changelog: "./words.mjs" }));
    const words =
      "export const getReleaseLine = ({ summary }) => `- So: ${summary}`;\nexport const getDependencyReleaseLine = () => '';\n";
    await write(".changeset/words.mjs", words);
    await write(".changeset/a.md", "---\nprosody: patch\n---\n\nA pin moved\n");
    const { files } = await apply();
    expect(files["images/prosody/CHANGELOG.md"]?.after).toContain("- So: A pin moved");
  });

  it("that are none make nothing", async () => {
    expect(await apply()).toEqual({ releases: [], files: {} });
  });

  it("without their configuration are refused", async () => {
    await rm(path.join(root, ".changeset/config.json"));
    await expect(apply()).rejects.toMatchObject({ code: "CHANGESETS_MISCONFIGURED" });
    await write(".changeset/config.json", '{ "changelog": 7 }');
    await expect(apply()).rejects.toMatchObject({ code: "CHANGESETS_MISCONFIGURED" });
  });
});

describe("writing a version", () => {
  const journal = ".changeset/version.journal.json";

  beforeEach(() => write(".changeset/a.md", "---\nprosody: patch\n---\n\nA pin moved\n"));

  it("changes all files and leaves no journal; a second time there is nothing to apply", async () => {
    await writeVersion(root, await apply());
    expect(await read("images/prosody/package.json")).toBe(manifest("prosody", "1.2.1"));
    await expect(read(journal)).rejects.toThrow("ENOENT");
    expect(await apply()).toEqual({ releases: [], files: {} });
    expect(await finishVersion(root)).toBe(false);
  });

  it.each([0, 1, 2, 3, 4])("is finished by the next run when it stopped after %i files", async (done) => {
    const { files } = await apply();
    expect(Object.keys(files)).toHaveLength(4);
    await write(journal, JSON.stringify(files));
    for (const [name, { after }] of Object.entries(files).slice(0, done)) {
      await (after === null ? rm(path.join(root, name)) : write(name, after));
    }
    expect(await finishVersion(root)).toBe(true);
    for (const [name, { after }] of Object.entries(files)) {
      expect(await read(name).catch(() => null)).toBe(after);
    }
    expect(await apply()).toEqual({ releases: [], files: {} });
  });

  it("is not finished over what somebody changed since", async () => {
    const { files } = await apply();
    await write(journal, JSON.stringify(files));
    await write("images/prosody/package.json", manifest("prosody", "3.0.0"));
    await expect(finishVersion(root)).rejects.toMatchObject({ code: "JOURNAL_STALE" });
    expect(await read("images/prosody/package.json")).toBe(manifest("prosody", "3.0.0"));
    await expect(read("images/prosody/CHANGELOG.md")).rejects.toThrow("ENOENT");
  });
});
