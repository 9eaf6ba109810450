import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Platform } from "@prosody-foundry/images";
import { UserError, sha256 } from "@prosody-foundry/kit";
import {
  type Descriptor,
  ImageIndex,
  ImageManifestFile,
  type PlatformImage,
  blobPath,
  describeImage,
  imagesOf,
} from "./layout.ts";

export interface LayoutManifests {
  /** Digest of the index. */
  index: string;
  platforms: Partial<Record<Platform, PlatformImage>>;
}

/**
 * The images in an OCI layout folder; every manifest is checked against its digest.
 * @throws UserError LAYOUT_BROKEN
 */
export async function layoutManifests(folder: string): Promise<LayoutManifests> {
  const top = ImageIndex.parse(JSON.parse(await readFile(path.join(folder, "index.json"), "utf8")));
  const [entry] = top.manifests;
  if (entry === undefined) throw brokenLayout(folder, "has no image");
  const index = ImageIndex.parse(await readJsonBlob(folder, entry));
  const platforms: LayoutManifests["platforms"] = {};
  for (const { platform, descriptor } of imagesOf(index)) {
    const manifest = ImageManifestFile.parse(await readJsonBlob(folder, descriptor));
    platforms[platform] = describeImage(descriptor, manifest);
  }
  return { index: entry.digest, platforms };
}

/** A blob of a layout. @throws UserError LAYOUT_BROKEN when it is not what its digest says. */
export async function readBlob(folder: string, digest: string): Promise<Buffer> {
  const bytes = await readFile(path.join(folder, blobPath(digest))).catch(() => undefined);
  if (bytes === undefined) throw brokenLayout(folder, `lacks ${digest}`);
  if (`sha256:${sha256(bytes)}` !== digest) throw brokenLayout(folder, `has other content under ${digest}`);
  return bytes;
}

async function readJsonBlob(folder: string, descriptor: Descriptor): Promise<unknown> {
  return JSON.parse((await readBlob(folder, descriptor.digest)).toString("utf8"));
}

function brokenLayout(folder: string, because: string): UserError {
  return new UserError("LAYOUT_BROKEN", `The built image in ${folder} ${because}`, {
    hint: `Remove ${path.dirname(folder)} and build again.`,
  });
}
