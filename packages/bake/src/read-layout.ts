import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import type { Platform } from "@prosody-foundry/images";
import { UserError, sha256 } from "@prosody-foundry/kit";
import { z } from "zod";
import type { Part } from "./assemble.ts";
import {
  type Descriptor,
  ImageIndex,
  ImageManifestFile,
  type PlatformImage,
  attestationFor,
  blobPath,
  describeImage,
  imagesOf,
} from "./layout.ts";
import { hashFile } from "./read-cached.ts";

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
  const { entry, index } = await readIndex(folder);
  const platforms: LayoutManifests["platforms"] = {};
  for (const { platform, descriptor } of imagesOf(index)) {
    platforms[platform] = describeImage(descriptor, await readManifest(folder, descriptor));
  }
  return { index: entry.digest, platforms };
}

/** A part of an index, and the digests of all that image and attestation are made of. */
export interface LayoutPart extends Part {
  ofImage: string[];
  ofAttestation: string[];
}

/**
 * The parts of a layout: each image with its attestation.
 * @throws UserError LAYOUT_BROKEN when an image has none, or a manifest is not what its digest says.
 */
export async function readParts(folder: string): Promise<LayoutPart[]> {
  const { index } = await readIndex(folder);
  const parts: LayoutPart[] = [];
  for (const { platform, descriptor: image } of imagesOf(index)) {
    const attestation = attestationFor(index, image);
    if (attestation === undefined) throw brokenLayout(folder, `attests nothing of ${image.digest}`);
    const [ofImage, ofAttestation] = [await digestsOf(folder, image), await digestsOf(folder, attestation)];
    parts.push({ platform, image, attestation, ofImage, ofAttestation });
  }
  return parts;
}

async function digestsOf(folder: string, descriptor: Descriptor): Promise<string[]> {
  const { config, layers } = await readManifest(folder, descriptor);
  return [descriptor.digest, config.digest, ...layers.map(({ digest }) => digest)];
}

/** The in-toto statements of an attestation manifest. @throws UserError LAYOUT_BROKEN */
export async function readStatements(folder: string, attestation: Descriptor): Promise<unknown[]> {
  const { layers } = await readManifest(folder, attestation);
  return Promise.all(layers.map(({ digest }) => readJsonBlob(folder, { digest, shape: z.unknown() })));
}

/**
 * Reads every blob of a layout, whether something names it or not.
 * @throws UserError LAYOUT_BROKEN when one is not what its name says, or one that is named is not there.
 */
export async function checkLayout(folder: string): Promise<void> {
  const names = await readdir(path.join(folder, "blobs", "sha256")).catch((): string[] => []);
  for (const name of names) {
    if ((await hashFile(path.join(folder, "blobs", "sha256", name))) !== name)
      throw brokenLayout(folder, `has other content under sha256:${name}`);
  }
  const present = new Set(names.map((name) => `sha256:${name}`));
  const wanted = (await readParts(folder)).flatMap(({ ofImage, ofAttestation }) => [...ofImage, ...ofAttestation]);
  const missing = wanted.find((digest) => !present.has(digest));
  if (missing !== undefined) throw brokenLayout(folder, `lacks ${missing}`);
}

/** Digest of what a layout's `index.json` names first. @throws UserError LAYOUT_BROKEN */
export async function layoutDigest(folder: string): Promise<string> {
  return (await readTop(folder)).digest;
}

async function readTop(folder: string): Promise<Descriptor> {
  const text = await readFile(path.join(folder, "index.json"), "utf8").catch(() => "{}");
  const top = ImageIndex.safeParse(parse(text));
  const entry = top.success ? top.data.manifests[0] : undefined;
  if (entry === undefined) throw brokenLayout(folder, "has no image");
  return entry;
}

async function readIndex(folder: string): Promise<{ entry: Descriptor; index: ImageIndex }> {
  const entry = await readTop(folder);
  return { entry, index: await readJsonBlob(folder, { digest: entry.digest, shape: ImageIndex }) };
}

async function readManifest(folder: string, { digest }: Descriptor): Promise<ImageManifestFile> {
  return readJsonBlob(folder, { digest, shape: ImageManifestFile });
}

/** A blob of a layout. @throws UserError LAYOUT_BROKEN when it is not what its digest says. */
export async function readBlob(folder: string, digest: string): Promise<Buffer> {
  const bytes = await readFile(path.join(folder, blobPath(digest))).catch(() => undefined);
  if (bytes === undefined) throw brokenLayout(folder, `lacks ${digest}`);
  if (`sha256:${sha256(bytes)}` !== digest) throw brokenLayout(folder, `has other content under ${digest}`);
  return bytes;
}

/** A blob of JSON. @throws UserError LAYOUT_BROKEN when it is not what its digest says, or has another shape. */
export async function readJsonBlob<T>(
  folder: string,
  { digest, shape }: { digest: string; shape: z.ZodType<T> },
): Promise<T> {
  const value = parse((await readBlob(folder, digest)).toString("utf8"));
  const read = shape.safeParse(value);
  if (value === undefined || !read.success) throw brokenLayout(folder, `has something malformed under ${digest}`);
  return read.data;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function brokenLayout(folder: string, because: string): UserError {
  return new UserError("LAYOUT_BROKEN", `The built image in ${folder} ${because}`, {
    hint: `Remove ${path.dirname(folder)} and build again.`,
  });
}
