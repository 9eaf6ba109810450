import { copyFile, cp, mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { prettyJson, runCommand, sha256 } from "@prosody-foundry/kit";
import { type Lock, type LockedSource, readLock, writeLock } from "@prosody-foundry/lockfile";
import { type Foundry, openFoundry } from "../fixtures/foundry.ts";
import { makeKeys, openSigningScene, type Pushed, type SigningScene } from "../fixtures/signed-image.ts";
import { sharedCache } from "../fixtures/repository.ts";

let scene: SigningScene;
let foundry: Foundry;
let pushed: Pushed;

beforeAll(async () => {
  scene = await openSigningScene({ kind: "docker-registry", tls: true, auth: true });
  const root = path.join(scene.folder, "repository");
  await writeRepository(root);
  foundry = openFoundry(root, { ...scene.registry.env, FOUNDRY_CACHE: sharedCache() });
  pushed = await scene.push("image", {}, { revision: await readCommit(root) });
  await scene.sign(pushed);
});
afterAll(() => scene.close());

const source = "https://github.com/prosody-foundry/prosody-foundry";

async function writeRepository(root: string): Promise<void> {
  const own = path.resolve(import.meta.dirname, "../../images");
  await mkdir(path.join(root, "images"), { recursive: true });
  await cp(path.join(own, "series.json"), path.join(root, "images/series.json"));
  await copyFile(scene.keys.publicKey, path.join(root, "images/cosign.pub"));
  const repository = "ghcr.io/prosody-foundry/prosody";
  const settings = { repository, source, signing: { kind: "key", publicKey: "images/cosign.pub" } };
  await writeFile(path.join(root, "images/publish.json"), prettyJson(settings));
  await writeLock(path.join(root, "modules.lock.json"), scene.lock);
  await git(root, ["init", "--quiet"]);
  await git(root, ["add", "."]);
  await git(root, ["commit", "--quiet", "--message", "All"]);
}

async function git(root: string, args: readonly string[]): Promise<string> {
  const who = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
  return (await runCommand("git", ["-C", root, ...who, ...args])).stdout.trim();
}

const readCommit = (root: string): Promise<string> => git(root, ["rev-parse", "HEAD"]);

it("verifies an image by what the repository says, and prints the same for people and for programs", async () => {
  const { exitCode, stdout, stderr } = await foundry.run(["verify-image", pushed.reference]);
  expect(`${exitCode} ${stderr}`).toMatch(/^0 /u);
  expect(stdout).toMatch(
    /^ {2}ok +module pins +2 modules as locked for 13\.0 in modules\.lock\.json of commit \w{12}$/mu,
  );
  expect(stdout).toContain(`\n  cosign verify --key ${path.join(foundry.root, "images/cosign.pub")}`);
  expect(stdout).not.toContain("moved on");
  const told = await foundry.json(["verify-image", pushed.reference]);
  expect(told).toMatchObject({ digest: pushed.index, series: "13.0", moved: [], checks: expect.any(Array) });
});

it("looks at one platform alone", async () => {
  const told = await foundry.json(["verify-image", pushed.reference, "--platform", "linux/arm/v7"]);
  expect(told).toMatchObject({ platforms: ["linux/arm/v7"] });
});

it("holds an image against the lock it was built with, and says what has moved since", async () => {
  const file = path.join(foundry.root, "modules.lock.json");
  const aside = path.join(scene.folder, "aside.json");
  await copyFile(file, aside);
  const newer = { node: "9".repeat(40), date: "2026-11-25", integrity: "8".repeat(64), tree: "7".repeat(40) };
  await writeLock(file, withPin(await readLock(file), "mod_words", newer));
  try {
    const { exitCode, stdout } = await foundry.run(["verify-image", pushed.reference]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /moved on since; that is no tampering:\n {2}mod_words: \w{12} of 2025-10-17, now 9{12} of 2026-11-25\n/u,
    );
    const told = await foundry.json(["verify-image", pushed.reference, "--lock", file], [3]);
    expect(failedIn(told)).toEqual(["module pins", "module files"]);
  } finally {
    await rename(aside, file);
  }
});

function withPin(lock: Lock, name: string, more: object): Lock {
  const module = lock.modules[name];
  if (module === undefined) throw new Error(`${name} is not locked`);
  const pins = Object.entries(module.pins).map(([series, pin]) => [series, { ...pin, ...more }]);
  return {
    ...lock,
    modules: { ...lock.modules, [name]: { ...module, pins: Object.fromEntries(pins) } },
  };
}

const Told = z.looseObject({ checks: z.array(z.looseObject({ name: z.string(), status: z.string() })) });

function failedIn(told: unknown): string[] {
  const { checks } = Told.parse(told);
  return checks.filter(({ status }) => status === "failed").map(({ name }) => name);
}

it("ends with 3 for a signature by another key than the one that is named", async () => {
  const other = await makeKeys(scene.tools.cosign, path.join(scene.folder, "other"));
  const told = await foundry.json(["verify-image", pushed.reference, "--key", other.publicKey], [3]);
  expect(failedIn(told)).toEqual(["signature", "signed provenance"]);
});

it("ends with 3 for another builder than the one that is named", async () => {
  const told = await foundry.json(["verify-image", pushed.reference, "--builder-id", "https://ci\\.example"], [3]);
  expect(failedIn(told)).toEqual(["signed provenance", "provenance"]);
});

it("compares a module with local patches with its patched content, where the patches are here", async () => {
  const root = foundry.root;
  const patch = "--- a/mod_words.lua\n+++ b/mod_words.lua\n@@ -1 +1 @@\n--- words\n+-- patched\n";
  const patched = await scene.push("patched", {
    files: (files) =>
      files.map((file) => (file.path.endsWith("mod_words.lua") ? { ...file, text: "-- patched\n" } : file)),
  });
  await scene.sign(patched);
  const file = path.join(scene.folder, "patched.json");
  await writeLock(file, patchedLock(patch));
  await mkdir(path.join(root, "modules/mod_words"), { recursive: true });
  await writeFile(path.join(root, "modules/mod_words/mod_words.lua"), "-- words\n");
  const bare = await foundry.run(["verify-image", patched.reference, "--lock", file]);
  expect(bare.stdout).toMatch(
    /the files of 1 module; mod_words not compared: it has local patches, and patches\/mod_words/u,
  );
  await mkdir(path.join(root, "patches/mod_words"), { recursive: true });
  await writeFile(path.join(root, "patches/mod_words/01.patch"), patch);
  const whole = await foundry.run(["verify-image", patched.reference, "--lock", file]);
  expect(whole.stdout).toMatch(/ok +module files +the files of 2 modules$/mu);
  const plain = await foundry.json(["verify-image", pushed.reference, "--lock", file], [3]);
  expect(failedIn(plain)).toEqual(["module files"]);
});

function patchedLock(patch: string): Lock {
  const { lock } = scene;
  const words = lock.modules["mod_words"];
  if (words === undefined) throw new Error("mod_words is not locked");
  const patches = [{ file: "patches/mod_words/01.patch", sha256: sha256(patch) }];
  const own = { kind: "directory", url: "modules", folder: "", debian: [], licence: null } satisfies LockedSource;
  return {
    ...lock,
    sources: { ...lock.sources, own },
    modules: { ...lock.modules, mod_words: { ...words, source: "own", patches } },
  };
}

it.each([
  { title: "what names no image", args: () => ["no name"], code: "REFERENCE_MALFORMED" },
  { title: "a tag that is not there", args: () => [`${pushed.repository}:nothing`], code: "IMAGE_UNREACHABLE" },
  { title: "a registry that is not there", args: () => ["127.0.0.1:9/prosody/image:1"], code: "IMAGE_UNREACHABLE" },
  {
    title: "a key and an identity at once",
    args: () => [pushed.reference, "--key", "a", "--identity", "b"],
    code: "TRUST_AMBIGUOUS",
  },
  { title: "an identity that is no pattern", args: () => [pushed.reference, "--identity", "("], code: "TRUST_PATTERN" },
  {
    title: "a lock that is not there",
    args: () => [pushed.reference, "--lock", "/nowhere.json"],
    code: "LOCK_MISSING",
  },
])("refuses $title with $code", async ({ args, code }) => {
  const { exitCode, stderr, stdout } = await foundry.run(["verify-image", ...args()]);
  expect(stderr).toMatch(new RegExp(`^${code}: .*\n {2}\\S`, "mu"));
  expect([exitCode, stdout]).toEqual([1, ""]);
});

it("needs a login where the registry does", async () => {
  const stranger = foundry.with({ DOCKER_CONFIG: path.join(scene.folder, "no-login") });
  const { exitCode, stderr } = await stranger.run(["verify-image", pushed.reference]);
  expect(stderr).toMatch(/^IMAGE_UNREACHABLE: .*UNAUTHORIZED/mu);
  expect(stderr).toContain("docker login");
  expect(exitCode).toBe(1);
});
