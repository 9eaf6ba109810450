import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fetchRelease } from "@prosody-foundry/bake";
import { SeriesFile } from "@prosody-foundry/images";
import { compareText, prettyJson, runCommand, type Series } from "@prosody-foundry/kit";
import { type Lock, type LockedModule, readLock, verdictOn, writeLock } from "@prosody-foundry/lockfile";
import { createMessage, generateKey, type PrivateKey, sign } from "openpgp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openBake } from "../../packages/cli/src/context.ts";
import { type DownloadSite, serveDownloads } from "../fixtures/download-site.ts";
import { openScene, type Scene } from "../fixtures/repository.ts";
import { contextOf } from "../fixtures/test-context.ts";

const Output = z.looseObject({
  found: z.array(
    z.looseObject({ series: z.string(), release: z.looseObject({ version: z.string() }), proof: z.unknown() }),
  ),
  mirrored: z.array(z.unknown()),
  left: z.array(z.object({ what: z.string(), because: z.string() })),
  compatibility: z.array(
    z.looseObject({ release: z.string(), against: z.string().nullable(), modules: z.array(z.unknown()) }),
  ),
  changesets: z.record(z.string(), z.string()),
});

const name = "prosody-13.0.1.tar.gz";
const numbered = ["--series", "0.12", "13.0"];
let scene: Scene;
let site: DownloadSite;
let tarball: Buffer;
let signer: PrivateKey;
/** With 13.0.1 as it is declared in truth. */
let whole: SeriesFile;
let env: Record<string, string>;

const seriesPath = () => path.join(scene.foundry.root, "images/series.json");
const seriesText = () => readFile(seriesPath(), "utf8");
const readSeriesFile = async () => SeriesFile.parse(JSON.parse(await seriesText()));
const releasesOf = async (series: Series) => (await readSeriesFile()).series[series].releases;
const update = (...args: string[]) => scene.foundry.run(["series", "update", ...args], env);
const updateJson = async (...args: string[]) => {
  const { stdout, stderr, exitCode } = await update(...args, "--json");
  if (exitCode === 1) throw new Error(stderr);
  return { exitCode, ...Output.parse(JSON.parse(stdout)) };
};

async function signed(key: PrivateKey, content: Uint8Array): Promise<Buffer> {
  const message = await createMessage({ binary: content });
  return Buffer.from(await sign({ message, signingKeys: key, detached: true, format: "armored" }));
}

/** What this repository declares of Debian's package for the two platforms that every mirror has. */
async function declaredHashes(version: string): Promise<object> {
  const file = path.resolve(import.meta.dirname, "../../images/series.json");
  const { series } = SeriesFile.parse(JSON.parse(await readFile(file, "utf8")));
  const release = series["13.0"].releases.find((one) => one.version === version);
  if (release?.kind !== "debian") throw new Error(`images/series.json has no ${version}`);
  const { "linux/amd64": amd64, "linux/arm64": arm64 } = release.sha256;
  return { "linux/amd64": amd64, "linux/arm64": arm64 };
}

/** As a repository that heard nothing of 13.0.1 yet. */
async function forget(): Promise<void> {
  const own = whole.series["13.0"].releases.find(({ version }) => version === "13.0.1");
  const old = {
    ...own,
    version: "13.0.0",
    url: "http://127.0.0.1:64999/prosody-13.0.0.tar.gz",
    sha256: "0".repeat(64),
    mirrors: [],
  };
  await writeFile(seriesPath(), prettyJson({ ...whole, series: { ...whole.series, "13.0": { releases: [old] } } }));
}

/** The lock as it would be had the modules been judged on 13.0.0, and one of them better than it is on 13.0.1. */
async function forgetJudgements(): Promise<void> {
  const before = await readLock(lockPath());
  const modules = Object.entries(before.modules).map(([key, module]): [string, LockedModule] => {
    const judgements = module.judgements.map((one) => {
      const verdict = key === "mod_words" ? ("works" as const) : one.verdict;
      return { ...one, verdict, releases: one.releases.map(older) };
    });
    return [key, { ...module, judgements }];
  });
  const releases = Object.entries(before.releases).map(([version, release]) => [older(version), release] as const);
  const lock: Lock = { ...before, releases: Object.fromEntries(releases), modules: Object.fromEntries(modules) };
  await writeLock(lockPath(), lock);
}

const older = (version: string): string => (version === "13.0.1" ? "13.0.0" : version);
const lockPath = () => path.join(scene.foundry.root, "modules.lock.json");
const gitTree = async () => {
  const { stdout } = await runCommand("git", ["--git-dir", scene.upstreams.gitDir, "rev-parse", "HEAD^{tree}"]);
  return stdout.trim();
};

beforeAll(async () => {
  [scene, site] = await Promise.all([openScene(), serveDownloads()]);
  env = {
    FOUNDRY_MIRRORS: [
      scene.env["FOUNDRY_MIRRORS"],
      `https://prosody.im/downloads/source/=${site.url}`,
      `https://github.com/bjc/prosody.git=${scene.upstreams.gitDir}`,
      `https://hg.prosody.im/trunk/=${scene.url}`,
    ].join(" "),
  };
  whole = await readSeriesFile();
  const release = whole.series["13.0"].releases.find(({ version }) => version === "13.0.1");
  if (release === undefined) throw new Error("images/series.json has no 13.0.1");
  const { files } = await fetchRelease(await openBake(contextOf(scene)), release);
  tarball = await readFile(files["source.tar.gz"] ?? "");
  const made = await generateKey({ userIDs: [{ name: "Releases", email: "releases@example.org" }], format: "object" });
  signer = made.privateKey;
});
afterAll(async () => {
  await site.close();
  await scene.close();
});

const setTrunk = async (release: object) => {
  const trunk = { releases: [release] };
  await writeFile(seriesPath(), prettyJson({ ...whole, series: { ...whole.series, trunk } }));
};

describe("trunk", () => {
  const declared = {
    version: "trunk-20200101-000000000000",
    suite: "trixie",
    node: "0".repeat(40),
    tree: "0".repeat(40),
  };

  it.each([
    ["git", "https://github.com/bjc/prosody.git"],
    ["hg", "https://hg.prosody.im/trunk/"],
  ] as const)(
    "is the newest revision of a %s repository, with the tree that both kinds agree on",
    async (kind, url) => {
      await setTrunk({ kind, ...declared, url });
      const { nodes } = scene.upstreams;
      const node = nodes.forky[kind];
      const day = nodes.forky.date.slice(0, 10).replaceAll("-", "");
      const { found, changesets: told } = await updateJson("--series", "trunk");
      const version = `trunk-${day}-${node.slice(0, 12)}`;
      const release = { kind, version, suite: "trixie", url, node, tree: await gitTree() };
      expect(found).toMatchObject([{ series: "trunk", release, proof: { kind: "revision" } }]);
      expect(await releasesOf("trunk")).toEqual([release, { kind, ...declared, url }]);
      // The declared image has no trunk.
      expect(told).toEqual({});
      const text = await seriesText();
      expect(await update("--series", "trunk")).toMatchObject({
        exitCode: 0,
        stdout: expect.stringMatching(/^Nothing new/u) as unknown,
      });
      expect(await seriesText()).toBe(text);
    },
  );
});

describe("a numbered release", () => {
  beforeAll(async () => {
    await writeFile(seriesPath(), prettyJson(whole));
    await scene.commit(
      {
        "mod_greeting/mod_greeting.lua": 'module:depends("words");\n',
        "mod_words/mod_words.lua": 'module:set_global();\nhello = "hello";\n',
      },
      "Two modules",
    );
    await scene.foundry.json(["module", "add", "greeting", "--series", "13.0"]);
    await forgetJudgements();
    await forget();
    site.files.set(name, tarball).set("prosody-13.1.0.tar.gz", tarball).set("prosody-13.0.2-rc1.tar.gz", tarball);
  });

  it("without a key and a signature is verified by Debian's having the same bytes, and a dry run writes nothing", async () => {
    const before = [await seriesText(), await readFile(lockPath(), "utf8"), await changesets()];
    const { exitCode, found, left } = await updateJson(...numbered, "--dry-run");
    expect(exitCode).toBe(0);
    expect(found[0]).toMatchObject({ release: { version: "13.0.1" }, proof: { kind: "two places" } });
    expect(left).toContainEqual({
      what: "the 13.1 series",
      because: expect.stringContaining("Add a series") as unknown,
    });
    expect([await seriesText(), await readFile(lockPath(), "utf8"), await changesets()]).toEqual(before);
  });

  it("with other bytes than Debian's and a signature of nobody we know is shown, and not written", async () => {
    const other = Buffer.from("another tarball");
    site.files.set(name, other).set(`${name}.asc`, await signed(signer, other));
    const before = await seriesText();
    const refused = await update(...numbered);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toMatch(/^RELEASE_UNVERIFIED: Prosody 13\.0\.1 .*by no key in images\/keys.*other bytes/mu);
    expect(await update(...numbered, "--dry-run")).toMatchObject({
      exitCode: 3,
      stdout: expect.stringMatching(/13\.0\.1 +tarball +nothing: its signature/u) as unknown,
    });
    expect(await seriesText()).toBe(before);
  });

  it("with a signature of a declared key that is of other bytes is refused", async () => {
    const keys = path.join(scene.foundry.root, "images/keys");
    await mkdir(keys, { recursive: true });
    await writeFile(path.join(keys, "releases.asc"), signer.toPublic().armor());
    site.files.set(name, tarball);
    const { exitCode, stderr } = await update(...numbered, "--dry-run");
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^SIGNATURE_BAD: .*13\.0\.1\.tar\.gz: /mu)]);
  });

  it("is written with its mirrors and Debian's package, and judged", async () => {
    site.files.set(`${name}.asc`, await signed(signer, tarball));
    const report = path.join(scene.folder, "series.md");
    const { found, compatibility, changesets: told } = await updateJson(...numbered, "--report", report);
    expect(await readFile(report, "utf8")).toMatch(/^\| mod_words \| works → \*\*loads\*\* \|/mu);
    const [declared] = whole.series["13.0"].releases.filter(({ version }) => version === "13.0.1");
    const [first, second, old] = await releasesOf("13.0");
    expect(first).toEqual(declared);
    expect(second).toMatchObject({ kind: "debian", suite: "trixie", package: "prosody" });
    expect(old).toMatchObject({ version: "13.0.0" });
    if (second?.kind !== "debian") throw new Error("no package of Debian's");
    // A mirror in the middle of its own update may lack others.
    expect(second.sha256).toMatchObject(await declaredHashes(second.version));
    expect(found[0]?.proof).toMatchObject({ kind: "signature", by: "Releases <releases@example.org>" });
    expect(await releasesOf("0.12")).toEqual(whole.series["0.12"].releases);
    expect(compatibility).toMatchObject([
      {
        release: "13.0.1",
        against: "13.0.0",
        modules: [
          { name: "mod_greeting", before: "loads", after: "loads" },
          { name: "mod_words", before: "works", after: "loads" },
        ],
      },
    ]);
    const lock = await readLock(lockPath());
    const { mod_words: words } = lock.modules;
    if (words === undefined) throw new Error("mod_words is not locked");
    expect(["13.0.0", "13.0.1"].map((version) => verdictOn(words, version))).toEqual(["works", "loads"]);
    expect(lock.releases["13.0.1"]?.series).toBe("13.0");
    const text = '---\n"prosody": patch\n---\n\nProsody 13.0.1 in place of 13.0.0\n\n- mod_words: works → loads\n';
    expect(told).toEqual({ ".changeset/prosody-13.0-13.0.1.md": text });
    expect(await changesets()).toEqual(["prosody-13.0-13.0.1.md"]);
    expect(await readFile(path.join(scene.foundry.root, ".changeset/prosody-13.0-13.0.1.md"), "utf8")).toBe(text);
  });

  it("again is no news", async () => {
    const before = await seriesText();
    const { exitCode, stdout } = await update(...numbered);
    expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^Nothing new/u)]);
    expect(await seriesText()).toBe(before);
  });

  it("is not looked for where no place answers", async () => {
    const empty = { FOUNDRY_CACHE: path.join(scene.folder, "empty") };
    const { exitCode, stderr } = await scene.foundry
      .with(empty)
      .run(["series", "update", ...numbered, "--offline"], env);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^INPUT_UNREACHABLE: /mu)]);
  });
});

async function changesets(): Promise<string[]> {
  const names: string[] = await readdir(path.join(scene.foundry.root, ".changeset")).catch(() => []);
  return names.toSorted(compareText);
}
