import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { prettyJson, runCommand } from "@prosody-foundry/kit";
import { readLedger } from "@prosody-foundry/release";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { type FakeGithub, openFakeGithub, secretToken } from "../fixtures/github.ts";
import { type FaultyRegistry, serveFaults } from "../fixtures/registry-faults.ts";
import { openRegistry, readTool, type Registry } from "../fixtures/registry.ts";
import { changeImage, openScene, type Scene } from "../fixtures/repository.ts";
import { makeKeys } from "../fixtures/signed-image.ts";
import type { Foundry } from "../fixtures/foundry.ts";

let scene: Scene;
let registry: Registry;
let proxy: FaultyRegistry;
let github: FakeGithub;
let foundry: Foundry;
let signKey: string;

const repository = path.resolve(import.meta.dirname, "../..");
const source = "https://github.com/acme/images";
const what = ["--available", "--series", "13.0"];
const allOutput: string[] = [];

/** A repository that signs with a key of its own, in a workflow's run, with its registry and its GitHub. */
beforeAll(async () => {
  scene = await openScene();
  const { root } = scene.foundry;
  await changeImage(root, {
    series: ["13.0"],
    platforms: ["linux/amd64"],
    modules: { required: ["mod_lastlog2"], optional: [] },
  });
  await scene.foundry.json(["module", "add", "mod_lastlog2", "--series", "13.0"]);
  registry = await openRegistry({ kind: "docker-registry" });
  proxy = await serveFaults(registry.direct);
  github = await openFakeGithub();
  const keys = await makeKeys(await readTool("cosign"), path.join(scene.folder, "own"));
  signKey = keys.key;
  await writeFile(path.join(root, "images/cosign.pub"), await readFile(keys.publicKey));
  const signing = { kind: "key", publicKey: "images/cosign.pub" };
  await writeFile(
    path.join(root, "images/publish.json"),
    prettyJson({ repository: `${proxy.host}/acme/prosody`, source, signing }),
  );
  await git("init", "--quiet", "--initial-branch=main");
  await commitAll("First");
  foundry = scene.foundry.with({
    ...registry.env,
    COSIGN_PASSWORD: keys.password,
    FOUNDRY_SETTLE: "200",
    GITHUB_ACTIONS: "true",
    GITHUB_API_URL: github.place.api,
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: "acme/images",
    GITHUB_RUN_ID: "7",
    GITHUB_TOKEN: secretToken,
  });
});

afterAll(async () => {
  await github.close();
  await proxy.stop();
  await registry.stop();
  await scene.close();
});

async function git(...args: string[]): Promise<void> {
  const who = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
  await runCommand("git", ["-C", scene.foundry.root, ...who, ...args]);
}

async function commitAll(message: string): Promise<void> {
  await git("add", "--all");
  await git("commit", "--quiet", `--message=${message}`);
  await github.push(scene.foundry.root);
}

async function publish(): Promise<unknown> {
  const { stdout, stderr, exitCode } = await foundry.run(["publish", ...what, "--sign-key", signKey, "--json"]);
  allOutput.push(stdout, stderr);
  expect([exitCode, stderr]).toEqual([0, expect.any(String)]);
  return JSON.parse(stdout);
}

const Release = z.looseObject({
  body: z.string(),
  draft: z.boolean(),
  assets: z.array(z.looseObject({ name: z.string() })),
});

async function readRelease(tag: string): Promise<z.infer<typeof Release>> {
  return Release.parse(await github.ask("GET", `/releases/tags/${tag}`));
}

it("an image is built, checked, pushed, signed, verified as a stranger would, recorded, released and tagged", async () => {
  expect(await publish()).toMatchObject({
    targets: [{ tag: "13.0.1-r1", state: "fresh" }],
    moved: expect.arrayContaining([expect.objectContaining({ tag: "latest", from: null })]) as unknown,
  });
  const { draft, body, assets } = await readRelease("13.0.1-r1");
  expect(draft).toBe(false);
  expect(body).toContain("It has 1 community module.");
  expect(body).toContain(`docker pull ${proxy.host}/acme/prosody:13.0.1-r1`);
  expect(assets.map(({ name }) => name).toSorted()).toEqual([
    "ledger-entry.json",
    "modules.lock.json",
    "packages.lock.json",
    "sbom-linux-amd64.spdx.json",
  ]);
  expect(await readLedger(foundry.root)).toMatchObject([{ version: "13.0.1", rev: 1 }]);
});

it("a stranger with the public key finds everything in order, and the registry's keeper too", async () => {
  const verified = await foundry.run(["verify-image", `${proxy.host}/acme/prosody:latest`]);
  expect([verified.exitCode, verified.stdout]).toEqual([0, expect.stringMatching(/^ *ok +signature/mu)]);
  expect(verified.stdout).not.toMatch(/^ *FAILED/mu);
  expect((await foundry.run(["verify-image", "13.0.1-r1"])).exitCode).toBe(0);
  expect(await foundry.run(["doctor", "--published"])).toMatchObject({ exitCode: 0 });
});

it("published again, nothing is sent to the registry and nothing written on GitHub", async () => {
  const sent = proxy.uploaded();
  github.forget();
  expect(await publish()).toMatchObject({ targets: [{ tag: "13.0.1-r1", state: "published" }], moved: [] });
  expect(proxy.uploaded()).toBe(sent);
  expect(github.writes()).toEqual([]);
});

it("a pin that moved is the next revision: only its layer is sent, and users are told what changed", async () => {
  const file = "mod_lastlog2/mod_lastlog2.lua";
  const code = await readFile(path.join(scene.upstreams.hgDir, file), "utf8");
  const node = await scene.commit({ [file]: `${code}\n-- newer\n` }, "lastlog2: Be newer");
  await foundry.json(["module", "update", "--series", "13.0"]);
  await commitAll("Bump");
  const sent = proxy.uploaded();
  expect(await publish()).toMatchObject({ targets: [{ tag: "13.0.1-r2", state: "fresh" }] });
  // One layer of modules, the config, manifests, SBOM and provenance, and what cosign makes: no other layer.
  expect(proxy.uploaded() - sent).toBeLessThan(200_000);
  const { body } = await readRelease("13.0.1-r2");
  expect(body).toContain(node.slice(0, 12));
  expect(body).toContain("lastlog2: Be newer");
  expect(body).not.toContain("## Debian packages");
  expect(await github.ask("GET", "/releases/latest")).toMatchObject({ tag_name: "13.0.1-r2" });
});

it("what users have to be told of waits for its version, and is told with it", async () => {
  const { root } = scene.foundry;
  await cp(path.join(repository, ".changeset/config.json"), path.join(root, ".changeset/config.json"));
  await writeFile(
    path.join(root, "package.json"),
    prettyJson({ name: "fixture", private: true, workspaces: ["images/*"] }),
  );
  const locked = { "images/prosody": { name: "prosody", version: "0.1.0" } };
  await writeFile(
    path.join(root, "package-lock.json"),
    prettyJson({ name: "fixture", lockfileVersion: 3, packages: locked }),
  );
  await writeFile(path.join(root, ".changeset/words.md"), '---\n"prosody": minor\n---\n\nPolite to everybody\n');
  await changeImage(root, { description: "Polite" });
  await commitAll("Change");
  const sent = proxy.uploaded();
  expect(await publish()).toMatchObject({ targets: [], waiting: ["prosody-13-0"] });
  expect(proxy.uploaded()).toBe(sent);
  await foundry.json(["version"]);
  await commitAll("Version");
  expect(await publish()).toMatchObject({ targets: [{ tag: "13.0.1-r3", state: "fresh" }], waiting: [] });
  const { body } = await readRelease("13.0.1-r3");
  expect(body).toContain("Polite to everybody");
  expect(body).toContain("contract 0.2.0");
});

it("from a commit that its branch has gone on from, nothing is published any more", async () => {
  const { root } = scene.foundry;
  const { stdout: old } = await runCommand("git", ["-C", root, "rev-parse", "HEAD"]);
  await changeImage(root, { description: "Newer" });
  await commitAll("Newer");
  await git("reset", "--quiet", "--hard", old.trim());
  await changeImage(root, { description: "Older" });
  const { stdout, exitCode } = await foundry.run(["publish", ...what, "--sign-key", signKey], {
    GITHUB_SHA: old.trim(),
  });
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^Nothing is published: main has gone on from this/u)]);
});

it("no token and no password was ever said", () => {
  expect(allOutput.join("\n")).not.toContain(secretToken);
  expect(allOutput.join("\n")).not.toContain("a password of the test's");
});
