import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  type BakeContext,
  type BuildOptions,
  type Built,
  buildFolder,
  buildTargets,
  exportBuilds,
  importBuilds,
  type Origin,
  readReport,
} from "@prosody-foundry/bake";
import { idOf, narrowTarget, type Target } from "@prosody-foundry/images";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readParts, readStatements } from "../../packages/bake/src/read-layout.ts";
import { type Vouched, vouchedDifferences } from "../../packages/release/src/compare-vouched.ts";
import { readLayoutContent, readVouched } from "../../packages/release/src/read-vouched.ts";
import { smallMaterials, smallTarget } from "../fixtures/small-target.ts";
import { type Bench, openBench } from "./build-fixture.ts";

const target = smallTarget("itg-parts");
const origin: Origin = {
  builder: "https://builds.example/7",
  source: { url: "https://git.example/foundry", commit: "d".repeat(40), dirty: false },
  contracts: { itg: "1.2.3" },
};

let bench: Bench;
let whole: Built;
beforeAll(async () => {
  bench = await openBench();
  whole = await build(bench.context, target);
});
afterAll(() => bench.clear());

async function build(context: BakeContext, one: Target, more: Partial<BuildOptions> = {}): Promise<Built> {
  const options = { materials: () => smallMaterials(bench.scratch), origin, ...more };
  const [built] = await buildTargets(context, [one], options);
  if (built === undefined) throw new Error("nothing was built");
  return built;
}

const refuse = (): Promise<never> => Promise.reject(new Error("nothing had to be built"));
const cache = (name: string): BakeContext => ({ ...bench.context, cacheDir: path.join(bench.scratch, name) });
const layoutOf = ({ cacheDir }: BakeContext, id: string): string => path.join(buildFolder(cacheDir, id), "layout");

describe("a target for two platforms", () => {
  it("is one index of both images, each with provenance and a bill of materials about that very image", async () => {
    const layout = layoutOf(bench.context, target.id);
    const parts = await readParts(layout);
    expect(parts.map(({ platform }) => platform)).toEqual(["linux/amd64", "linux/arm64"]);
    for (const { platform, image, attestation } of parts) {
      const subject = [{ name: `itg-parts-${platform.slice(6)}`, digest: { sha256: image.digest.slice(7) } }];
      const statements = await readStatements(layout, attestation);
      expect(statements).toMatchObject([
        {
          subject,
          predicateType: "https://slsa.dev/provenance/v1",
          predicate: {
            buildDefinition: {
              externalParameters: { request: { args: { "build-arg:VERSION": "13.0.1" } } },
              internalParameters: { buildConfig: { llbDefinition: expect.any(Array) as unknown } },
            },
            runDetails: { builder: { id: "https://builds.example/7" } },
          },
        },
        { subject, predicateType: "https://spdx.dev/Document", predicate: { spdxVersion: "SPDX-2.3" } },
      ]);
      const text = JSON.stringify(statements);
      expect(text).toContain(`pkg:deb/debian/hello@2.10-3?arch=${platform.slice(6)}&distro=trixie`);
      expect(text).not.toContain(bench.scratch);
    }
  });

  it("says its commit and its id in the index, and neither in an image", async () => {
    const folder = path.join(layoutOf(bench.context, target.id), "blobs/sha256");
    const saying = async (words: string): Promise<string[]> => {
      const found: string[] = [];
      for (const name of await readdir(folder)) {
        if ((await readFile(path.join(folder, name), "utf8")).includes(words)) found.push(name);
      }
      return found;
    };
    const index = whole.report.index.slice("sha256:".length);
    expect(await saying(`"org.opencontainers.image.revision":"${"d".repeat(40)}"`)).toEqual([index]);
    expect(await saying(`"org.prosody-foundry.id":"${target.id}"`)).toEqual([index]);
    const { digest = "" } = whole.report.platforms["linux/arm64"] ?? {};
    const manifest: unknown = JSON.parse(await readFile(path.join(folder, digest.slice("sha256:".length)), "utf8"));
    expect(manifest).toMatchObject({
      annotations: { "org.opencontainers.image.description": 'A small image, "made" by a test' },
    });
  });

  it("is kept in its parts too, each as a build for its platform alone leaves it", async () => {
    for (const platform of target.platforms) {
      const part = narrowTarget(target, platform);
      const [built] = await buildTargets(bench.context, [part], { materials: refuse, origin });
      expect(built).toMatchObject({ fresh: false, report: { id: part.id } });
      expect(built?.report.platforms).toEqual({ [platform]: whole.report.platforms[platform] });
    }
  });

  it("is joined again from its parts without a build", async () => {
    await rm(buildFolder(bench.context.cacheDir, target.id), { recursive: true });
    const [again] = await buildTargets(bench.context, [target], { materials: refuse, origin });
    expect(again).toMatchObject({ fresh: true, report: { index: whole.report.index } });
  });

  it("has only those parts built that are not there", async () => {
    const arm64 = narrowTarget(target, "linux/arm64");
    const before = await readReport(bench.context.cacheDir, arm64.id);
    await rm(buildFolder(bench.context.cacheDir, target.id), { recursive: true });
    await rm(buildFolder(bench.context.cacheDir, narrowTarget(target, "linux/amd64").id), { recursive: true });
    const again = await build(bench.context, target);
    expect(again.report.platforms).toEqual(whole.report.platforms);
    expect(await readReport(bench.context.cacheDir, arm64.id)).toEqual(before);
    const log = await readFile(path.join(bench.context.cacheDir, "bake.log"), "utf8");
    expect(log).toContain('"amd64" > var');
    expect(log).not.toContain('"arm64" > var');
  });
});

it("a new epoch with old content is built as if there had been no other before", async () => {
  // Epochs the engine never saw: what it made at one of them, it would rightly take again.
  const yesterday = Math.floor(Date.now() / 1000) - 86_400;
  await build(bench.context, targetAt(yesterday - 1));
  const cached = await build(bench.context, targetAt(yesterday));
  const fresh = await build(cache("epoch"), targetAt(yesterday), { noCache: true });
  expect([cached.fresh, fresh.fresh]).toEqual([true, true]);
  expect(cached.report.platforms).toEqual(fresh.report.platforms);
});

it("two builds in other runs and of other commits say nothing else than what two may say differently", async () => {
  const commit = "e".repeat(40);
  const source = { url: "https://git.example/foundry", commit, dirty: false };
  const other = { ...origin, builder: "https://builds.example/8", source };
  const ours = await buildVouched(cache("ours"), {});
  const theirs = await buildVouched(cache("theirs"), { noCache: true, origin: other });
  expect(theirs.index).not.toBe(ours.index);
  expect(vouchedDifferences(ours, theirs, true)).toEqual([]);
  expect(vouchedDifferences(ours, theirs, false)).toEqual([
    `annotation org.opencontainers.image.revision is ${commit}, which is no commit that git knows here`,
  ]);
});

describe("a target whose image is not what it locks", () => {
  it("is refused, and leaves nothing", async () => {
    const other = smallTarget("itg-parts-other");
    const inputs = { ...other.inputs, "package hello linux/arm64": `2.11-1 ${"b".repeat(64)}` };
    await expect(build(bench.context, { ...other, inputs })).rejects.toMatchObject({
      code: "PACKAGES_DIFFER",
      message: expect.stringContaining("hello is 2.10-3, locked is 2.11-1") as unknown,
    });
    expect(await readReport(bench.context.cacheDir, other.id)).toBeUndefined();
    expect((await readdir(bench.context.cacheDir)).filter((name) => name.startsWith("bake-"))).toEqual([]);
  });
});

describe("parts that were built on different machines", () => {
  let folders: string[];
  beforeAll(async () => {
    folders = [];
    for (const platform of target.platforms) {
      const machine = cache(`machine-${folders.length}`);
      const part = narrowTarget(target, platform);
      await build(machine, part);
      const folder = path.join(bench.scratch, `artifact-${folders.length}`);
      await exportBuilds(machine.cacheDir, [part.id], folder);
      folders.push(folder);
    }
  });

  it("are taken in and joined by digest into what one machine builds, without a build", async () => {
    const context = cache("joining");
    const taken = await importBuilds(context.cacheDir, folders);
    expect(taken.map(({ platforms }) => Object.keys(platforms))).toEqual([["linux/amd64"], ["linux/arm64"]]);
    const [joined] = await buildTargets(context, [target], { materials: refuse, origin });
    expect(joined).toMatchObject({ fresh: true, report: { id: target.id } });
    expect(joined?.report.platforms).toEqual(whole.report.platforms);
  });

  async function spoil(name: string, change: (folder: string) => Promise<void>): Promise<[BakeContext, string]> {
    const folder = path.join(bench.scratch, `spoilt-${name}`);
    await mkdir(folder);
    await runCommand("cp", ["--recursive", `${folders[1]}/.`, folder]);
    const [id = ""] = await readdir(folder);
    await change(path.join(folder, id));
    return [cache(`refusing-${name}`), folder];
  }

  it.each([
    [
      "layer",
      "LAYOUT_BROKEN",
      (folder: string) => writeFile(path.join(folder, "layout/blobs/sha256", digestOf()), "x"),
    ],
    ["lost", "LAYOUT_BROKEN", (folder: string) => rm(path.join(folder, "layout/blobs/sha256", digestOf()))],
    ["inputs", "BUILD_REFUSED", (folder: string) => edit(folder, "2.10-3", "2.11-1")],
    ["size", "BUILD_REFUSED", (folder: string) => edit(folder, '"size": ', '"size": 1')],
    ["report", "REPORT_BROKEN", (folder: string) => writeFile(path.join(folder, "report.json"), "{}")],
  ] as const)("are refused with a wrong %s, and nothing of them is taken", async (name, code, change) => {
    const [context, folder] = await spoil(name, change);
    await expect(importBuilds(context.cacheDir, [folder])).rejects.toMatchObject({ code });
    expect(await readdir(path.join(context.cacheDir, "builds"))).toEqual([]);
  });

  it("are refused when there are none", async () => {
    await expect(importBuilds(cache("none").cacheDir, [bench.scratch])).rejects.toMatchObject({
      code: "BUILD_REFUSED",
    });
  });
});

function digestOf(): string {
  return whole.report.platforms["linux/arm64"]?.layers[0]?.digest.slice(7) ?? "";
}

async function edit(folder: string, from: string, to: string): Promise<void> {
  const file = path.join(folder, "report.json");
  const text = await readFile(file, "utf8");
  if (!text.includes(from)) throw new Error(`no ${from} in the report`);
  await writeFile(file, text.replace(from, to));
}

async function buildVouched(context: BakeContext, more: Partial<BuildOptions>): Promise<Vouched> {
  const { report } = await build(context, target, more);
  return readVouched(readLayoutContent(layoutOf(context, target.id)), report.index);
}

function targetAt(epoch: number): Target {
  const inputs = { ...smallTarget("itg-epoch").inputs, epoch: String(epoch) };
  return { ...smallTarget("itg-epoch"), epoch, inputs, id: idOf(inputs) };
}
