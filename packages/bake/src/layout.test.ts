import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { sha256 } from "@prosody-foundry/kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { blobPath } from "./layout.ts";
import { layoutManifests } from "./read-layout.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "foundry-layout-"));
  await mkdir(path.join(folder, "blobs/sha256"), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

const mediaType = "application/vnd.oci.image.manifest.v1+json";

interface Written {
  mediaType: string;
  digest: string;
  size: number;
}

async function writeBlob(value: unknown): Promise<Written> {
  return writeText(JSON.stringify(value));
}

async function writeText(text: string): Promise<Written> {
  const digest = `sha256:${sha256(text)}`;
  await writeFile(path.join(folder, blobPath(digest)), text);
  return { mediaType, digest, size: text.length };
}

function layer(size: number): object {
  return { mediaType: "l", digest: `sha256:${String(size).repeat(64)}`, size };
}

async function writeLayout(): Promise<string> {
  const config = layer(7);
  const arm = await writeBlob({ config, layers: [layer(1), layer(2)] });
  const attestation = await writeBlob({ config, layers: [layer(9)] });
  const index = await writeBlob({
    manifests: [
      { ...arm, platform: { os: "linux", architecture: "arm64", variant: "v8" } },
      { ...attestation, platform: { os: "unknown", architecture: "unknown" } },
    ],
  });
  await writeFile(path.join(folder, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [index] }));
  return arm.digest;
}

describe("layoutManifests", () => {
  it("gives each platform's digest, layers and compressed size, and no attestation", async () => {
    const digest = await writeLayout();
    const { platforms } = await layoutManifests(folder);
    expect(platforms).toEqual({
      "linux/arm64": {
        digest,
        size: 3,
        layers: [
          { digest: `sha256:${"1".repeat(64)}`, size: 1 },
          { digest: `sha256:${"2".repeat(64)}`, size: 2 },
        ],
      },
    });
  });

  it("refuses a manifest that is not what its digest says", async () => {
    const digest = await writeLayout();
    await writeFile(path.join(folder, blobPath(digest)), '{"config":{},"layers":[]}');
    await expect(layoutManifests(folder)).rejects.toMatchObject({ code: "LAYOUT_BROKEN" });
  });

  it.each([
    ["an index of another shape", '{"manifests":7}'],
    ["an index that is no JSON", "{"],
    ["a manifest of another shape", undefined],
  ])("refuses %s", async (_, text) => {
    const platform = { os: "linux", architecture: "arm64" };
    const index = { manifests: [{ ...(await writeBlob({ layers: [] })), platform }] };
    const entry = await writeText(text ?? JSON.stringify(index));
    await writeFile(path.join(folder, "index.json"), JSON.stringify({ manifests: [entry] }));
    await expect(layoutManifests(folder)).rejects.toMatchObject({ code: "LAYOUT_BROKEN" });
  });

  it("refuses a layout without an image", async () => {
    await writeFile(path.join(folder, "index.json"), '{"manifests":[]}');
    await expect(layoutManifests(folder)).rejects.toMatchObject({ code: "LAYOUT_BROKEN" });
  });
});
