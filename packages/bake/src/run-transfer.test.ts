import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { idOf } from "@prosody-foundry/images";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attestationBlobs, indexBlob } from "./assemble.ts";
import { type Blob, type Descriptor, blobOf, mediaTypes } from "./layout.ts";
import { layoutManifests } from "./read-layout.ts";
import type { Report } from "./report.ts";
import { importBuilds } from "./run-transfer.ts";
import { writeLayout } from "./write-layout.ts";

let scratch: string;
let cacheDir: string;
beforeEach(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "foundry-transfer-"));
  cacheDir = path.join(scratch, "cache");
});
afterEach(() => rm(scratch, { recursive: true }));

function imageBlobs(content: string): Blob[] {
  const layer = blobOf(content, { mediaType: mediaTypes.layer });
  const config = blobOf("{}", { mediaType: mediaTypes.config });
  const manifest = { config: config.descriptor, layers: [layer.descriptor] };
  return [layer, config, blobOf(JSON.stringify(manifest), { mediaType: mediaTypes.manifest })];
}

function lastOf(blobs: readonly Blob[]): Descriptor {
  const last = blobs.at(-1);
  if (last === undefined) throw new Error("no blob");
  return last.descriptor;
}

async function makeBuild(name: string, content: string, platforms = "linux/amd64"): Promise<string> {
  const folder = path.join(scratch, name);
  const blobs = imageBlobs(content);
  const image = lastOf(blobs);
  const attested = attestationBlobs(image, []);
  const index = indexBlob([{ platform: "linux/amd64", image, attestation: lastOf(attested) }], {});
  const layout = path.join(folder, "layout");
  await writeLayout(layout, { top: index.descriptor, blobs: [...blobs, ...attested, index], taken: new Map() });
  const inputs = { platforms };
  const report: Report = {
    reportVersion: 1,
    id: idOf(inputs),
    name: "prosody-13-0",
    image: "prosody",
    series: "13.0",
    release: "13.0.7",
    ...(await layoutManifests(layout)),
    inputs,
    builtAt: "2026-11-20T16:00:00.000Z",
  };
  await writeFile(path.join(folder, "report.json"), JSON.stringify(report));
  return folder;
}

describe("importBuilds", () => {
  it("takes a build, and the same one again", async () => {
    const folder = await makeBuild("one", "x");
    const [report] = await importBuilds(cacheDir, [folder]);
    expect(await importBuilds(cacheDir, [folder])).toEqual([report]);
    expect(await readdir(path.join(cacheDir, "builds", report?.id ?? ""))).toEqual(["layout", "report.json"]);
  });

  it("refuses a link, wherever it leads", async () => {
    const folder = await makeBuild("one", "x");
    await mkdir(path.join(folder, "layout/more"));
    await symlink("/etc/passwd", path.join(folder, "layout/more/link"));
    await expect(importBuilds(cacheDir, [folder])).rejects.toMatchObject({
      code: "BUILD_REFUSED",
      message: expect.stringContaining("layout/more/link") as unknown,
    });
    expect(await readdir(path.join(cacheDir, "builds"))).toEqual([]);
  });

  it("refuses a build that lacks a platform of its inputs", async () => {
    const folder = await makeBuild("one", "x", "linux/amd64 linux/arm64");
    await expect(importBuilds(cacheDir, [folder])).rejects.toMatchObject({ code: "BUILD_REFUSED" });
  });

  it("refuses other images of the same inputs, and keeps those that are there", async () => {
    const [first, second] = [await makeBuild("one", "x"), await makeBuild("two", "y")];
    const [report] = await importBuilds(cacheDir, [first]);
    const kept = path.join(cacheDir, "builds", report?.id ?? "", "report.json");
    const before = await readFile(kept, "utf8");
    await expect(importBuilds(cacheDir, [second])).rejects.toMatchObject({ code: "BUILD_REFUSED" });
    expect(await readFile(kept, "utf8")).toBe(before);
  });

  it("takes a build in place of one whose report is broken", async () => {
    const folder = await makeBuild("one", "x");
    const [report] = await importBuilds(cacheDir, [folder]);
    await writeFile(path.join(cacheDir, "builds", report?.id ?? "", "report.json"), "{}");
    expect(await importBuilds(cacheDir, [folder])).toEqual([report]);
  });
});
