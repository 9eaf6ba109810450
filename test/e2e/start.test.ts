import { cp, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Foundry, openFoundry } from "../fixtures/foundry.ts";
import { StartOutput } from "../fixtures/foundry-output.ts";
import { nowhere, sharedCache } from "../fixtures/repository.ts";

const repository = path.resolve(import.meta.dirname, "../..");
let folder: string;
let foundry: Foundry;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "foundry-start-"));
  for (const part of ["images", "modules.lock.json"]) {
    await cp(path.join(repository, part), path.join(folder, part), { recursive: true, verbatimSymlinks: true });
  }
  // As on a machine that reaches Debian and nothing else.
  const away = ["https://hg.prosody.im/prosody-modules/", "https://hg.prosody.im/prosody-modules"];
  const mirrors = away.map((url) => `${url}=${nowhere}`).join(" ");
  foundry = openFoundry(folder, { FOUNDRY_CACHE: sharedCache(), FOUNDRY_MIRRORS: mirrors });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("builds the default image for this machine and says all there is to know to run it", async () => {
  const { exitCode, stdout, stderr } = await foundry.run(["start"]);
  expect(stderr).not.toMatch(/^ {4}at /mu);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^prosody-13-0: Prosody 13\.0\.\d+, built/u);
  expect(stdout).toMatch(/^ {2}id [0-9a-f]{64}$/mu);
  const [, megabytes] = /^ {2}linux\/\w+ +sha256:[0-9a-f]{64} +(\d+\.\d) MB$/mu.exec(stdout) ?? [];
  expect(Number(megabytes)).toBeLessThanOrEqual(14);
  expect(stdout).toMatch(/^ {2}\d+ modules shipped: mod_\w+ /mu);
  expect(stdout).toMatch(/^ {4}mod_cloud_notify +core instead: Prosody 13\.0\.\d+ has its own mod_cloud_notify$/mu);
  expect(stdout).toMatch(/^ {4}mod_\w+ +left out: its locked content cannot be had: /mu);
  expect(stdout).toMatch(/tags it would carry: 13 13\.0 13\.0\.\d+ 13\.0\.\d+-r1 latest stable$/mu);
  expect(stdout).not.toMatch(/FAILED|not run/u);
  expect(stdout.match(/^ {2}ok /gmu)?.length).toBeGreaterThan(9);

  const image = /^docker run [\s\S]* (prosody-foundry\/prosody:\S+)$/mu.exec(stdout)?.[1] ?? "";
  const before = await foundry.json(["start"]);
  expect(before).toMatchObject({ fresh: false, image, tags: expect.arrayContaining(["latest"]) as unknown });
  const help = await runCommand("docker", ["run", "--rm", "--read-only", "--cap-drop=ALL", image, "help"]);
  expect(help.stdout).toContain("PROSODY_DOMAIN");
});

it("has built it before when nothing changed, and puts the image back when the engine lost it", async () => {
  const { image } = StartOutput.parse(await foundry.json(["start"]));
  await runCommand("docker", ["image", "rm", "--force", image]);
  const { stdout, stderr } = await foundry.run(["start"]);
  expect(stdout).toMatch(/^prosody-13-0: Prosody 13\.0\.\d+, built before$/mu);
  expect(stderr).not.toContain("Bootstrapping");
  const found = await runCommand("docker", ["image", "inspect", "--format={{.Id}}", image]);
  expect(stdout).toContain(found.stdout.trim());
});
