import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand, silent } from "@prosody-foundry/kit";
import type { LedgerEntry } from "@prosody-foundry/release";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import type { Context } from "../../packages/cli/src/context.ts";
import { findAnnounced, openAnnouncer } from "../../packages/cli/src/read-announcer.ts";
import { type FakeGithub, openFakeGithub } from "../fixtures/github.ts";

let github: FakeGithub;
let context: Context;

beforeAll(async () => {
  github = await openFakeGithub();
  const root = await mkdtemp(path.join(os.tmpdir(), "foundry-announce-"));
  const lockFile = path.join(root, "modules.lock.json");
  await writeFile(lockFile, "{}\n");
  const git = (...args: string[]) =>
    runCommand("git", ["-c", "user.name=S", "-c", "user.email=s@example.org", ...args], { cwd: root });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  await git("commit", "--quiet", "--no-gpg-sign", "--message=Begin");
  await github.push(root);
  const hands = { exec: runCommand, fetch, progress: silent, say: silent, env: {}, mirrors: {}, offline: false };
  context = { ...hands, root, lockFile, cacheDir: path.join(root, "cache"), basesDir: undefined, today: "2026-11-29" };
});
afterAll(async () => {
  await rm(context.root, { recursive: true });
  await github.close();
});

function entryOf(version: string): LedgerEntry {
  const series = version.split(".").slice(0, 2).join(".");
  const digest = `sha256:${Buffer.from(version).toString("hex").padEnd(64, "0")}`;
  const [image, id, date] = ["prosody", digest.slice(7), "2026-11-29"];
  return {
    image,
    variant: "",
    series,
    version,
    rev: 1,
    digest,
    id,
    contract: "1.0.0",
    platforms: {},
    yanked: false,
    date,
  };
}

it("of what is published at once each gets its release, and the latest is what the policy says", async () => {
  const asked: string[] = [];
  const announce = openAnnouncer(context, {
    github: github.client,
    policy: { default: "13.0", oldstable: "0.12", variants: [""] },
    readSboms: async (reference) => {
      asked.push(reference);
      return { "linux/amd64": "{}" };
    },
    notesOf: async ({ version }) => `What is new in ${version}.\n`,
  });
  const versions = ["13.0.7", "13.0.1", "0.12.5"];
  const published = versions.map((version) => {
    const entry = entryOf(version);
    return { entry, reference: `ghcr.io/acme/images@${entry.digest}` };
  });
  await Promise.all(published.map((one) => announce(one)));
  expect(asked).toEqual(published.map(({ reference }) => reference));
  const latest = await fetch(`${github.place.api}/repos/acme/images/releases/latest`);
  const { tag_name: tag, body } = z.looseObject({ tag_name: z.string(), body: z.string() }).parse(await latest.json());
  expect(tag).toBe("13.0.7-r1");
  expect(body).toMatch(/^What is new in 13\.0\.7\.\n\n## Proof\n/u);
});

async function failSometimes(reference: string): Promise<Record<string, string>> {
  if (reference.endsWith("bad")) throw new Error("No SBOM");
  return {};
}

it("one that fails does not keep the next from being told", async () => {
  const policy = { default: "13.0", oldstable: null, variants: [""] };
  const announce = openAnnouncer(context, {
    github: github.client,
    policy,
    readSboms: failSometimes,
    notesOf: async () => "",
  });
  const bad = announce({ entry: entryOf("13.0.8"), reference: "ghcr.io/acme/images@bad" });
  const good = announce({ entry: entryOf("13.0.9"), reference: "ghcr.io/acme/images@good" });
  await expect(bad).rejects.toThrow("No SBOM");
  await good;
  expect(await github.ask("GET", "/releases/tags/13.0.9-r1")).toMatchObject({ draft: false });
});

it("nobody is told because a token happens to be set: only in a workflow, or where the repository is named", async () => {
  const env = { GITHUB_TOKEN: "token", GITHUB_REPOSITORY: "acme/images" };
  expect(await findAnnounced({ ...context, env }, undefined)).toBeNull();
  expect(await findAnnounced({ ...context, env }, "acme/other")).toMatchObject({ repo: "other" });
  expect(await findAnnounced({ ...context, env: { ...env, GITHUB_ACTIONS: "true" } }, undefined)).toMatchObject({
    repo: "images",
  });
  expect(await findAnnounced({ ...context, env: { GITHUB_ACTIONS: "true" } }, undefined)).toBeNull();
});
