import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { ImageManifest } from "@prosody-foundry/images";
import { prettyJson, type Series } from "@prosody-foundry/kit";
import { emptyLock, type Judgement, type LockedModule, writeLock } from "@prosody-foundry/lockfile";
import { updateSurvey } from "@prosody-foundry/registry";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openContext } from "../read-context.ts";
import { samplePin } from "../sample-pin.ts";
import { moduleWhy } from "./module-why.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "foundry-why-"));
  await mkdir(path.join(root, "images"));
  for (const file of ["images/series.json", "images/Dockerfile"]) {
    await cp(path.resolve(import.meta.dirname, "../../../..", file), path.join(root, file));
  }
  await declare("one", { required: ["mod_x@jitsi"], optional: ["mod_poll", "mod_muc"] });
  await declare("two", { required: [], optional: [] });
  const [mod_x, other] = [lockedFrom("upstream"), lockedFrom("jitsi")];
  await writeLock(path.join(root, "modules.lock.json"), { ...emptyLock(), modules: { mod_x, "mod_x@jitsi": other } });
  const source = "upstream";
  await updateSurvey({ root, source }, () => ({
    surveyVersion: 1,
    source,
    url: "https://hg.example.org/",
    node: "d".repeat(40),
    date: "2025-10-17",
    releases: { "13.0.7": { series: "13.0", core: ["mod_muc"], features: [] } },
    unreadable: {},
    modules: { mod_poll: { ...pinned, judgements: [judged], facts, description, options: [], loads: [] } },
  }));
});
afterAll(() => rm(root, { recursive: true }));

it("a module that is in no lock is answered with what its source's survey found", async () => {
  const { value, text } = await why("poll", "one");
  const standing = { source: "upstream", verdict: "works", on: "13.0.7", supersededBy: "mod_poll2" };
  expect(value).toMatchObject([
    { image: "one", series: "13.0", outcome: "left-out", because: "it is not in the lock", surveyed: standing },
  ]);
  expect(text).toContain("What to do: Run `foundry module add mod_poll`.");
  expect(text).toContain(
    "surveyed at aaaaaaaaaaaa of 2025-10-17 from upstream: works on 13.0.7 (declared: It says so)",
  );
});

it("a release's own module is answered, as far as a survey knows the release", async () => {
  const because = "Prosody 13.0.7 has its own mod_muc";
  expect((await why("muc")).value).toMatchObject([
    { image: "one", outcome: "core", because, chain: ["mod_muc", "optional"] },
    { image: "two", outcome: "core", because, chain: [] },
  ]);
});

it("a name of two sources is the image's choice, or both", async () => {
  expect((await why("x")).value).toMatchObject([
    { image: "one", module: "mod_x", outcome: "ships", pin: { source: "jitsi" } },
    { image: "two", module: "mod_x@upstream", outcome: "could-ship" },
    { image: "two", module: "mod_x@jitsi", outcome: "could-ship" },
  ]);
});

it("a name nobody knows is refused with the nearest one", async () => {
  await expect(why("pool")).rejects.toMatchObject({ code: "MODULE_NOT_LOCKED", hint: "Did you mean mod_poll?" });
  await expect(why("entirely_else")).rejects.toMatchObject({ hint: expect.stringContaining("foundry module search") });
});

it("a series no image is declared for is refused", async () => {
  await expect(why("x", "one", "trunk")).rejects.toMatchObject({ code: "NOTHING_TO_PLAN" });
});

const { layout, licence, stage, depends, optional, libraries, node, date, revision, tree, integrity } = samplePin;
const facts = { layout, licence, stage, depends, optional, libraries };
const pinned = { node, date, revision, tree, integrity };
const judged: Judgement = {
  releases: ["13.0.7"],
  verdict: "works",
  evidence: [{ kind: "declared", says: "works", because: "It says so", date: "2025-10-17" }],
};
const description = {
  summary: null,
  labels: [],
  xeps: [],
  supersededBy: "mod_poll2",
  compatibility: "parsed" as const,
  unread: [],
  words: "",
};

function lockedFrom(source: string): LockedModule {
  return { source, patches: [], hold: false, pins: { "13.0": samplePin }, judgements: [judged] };
}

async function declare(name: string, modules: ImageManifest["modules"]): Promise<void> {
  const image: ImageManifest = {
    title: name,
    description: name,
    variant: name,
    series: ["13.0"],
    platforms: ["linux/amd64"],
    packages: {},
    modules,
  };
  await mkdir(path.join(root, "images", name));
  await writeFile(path.join(root, "images", name, "image.json"), prettyJson(image));
}

async function why(word: string, image?: string, series: Series = "13.0") {
  const args = image === undefined ? [word] : [word, image];
  return moduleWhy.run(openContext({ root }).context, { args, flags: { series: [series] } });
}
