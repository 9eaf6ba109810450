import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { platformOf, type Platform } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";
import type { z } from "zod";
import { layFiles, type LayerEntry } from "./laid-files.ts";
import { type Blobs, type BlobKind, type Crane, lastLine, openBlobs } from "./read-blobs.ts";
import { type ReadLayer, readLayerEntries } from "./read-layer-entries.ts";
import {
  type Descriptor,
  type FoundStatement,
  PublishedConfig,
  type PublishedImage,
  PublishedIndex,
  PublishedManifest,
  type PublishedPlatform,
  sortIndex,
} from "./published.ts";
import { Statement } from "./statement.ts";

export interface PublishedOptions {
  /** Only these; all of the index unless given. */
  platforms?: readonly Platform[];
  /** Layers too: everything is downloaded. */
  layers?: boolean;
}

/** A repository and the digest a name stands for. */
export interface Resolved {
  repository: string;
  digest: string;
}

/**
 * What a reference stands for now: a digest is taken as it is, a tag is asked for once.
 * @throws UserError REFERENCE_MALFORMED, IMAGE_UNREACHABLE
 */
export async function resolveReference({ exec, crane }: Crane, reference: string): Promise<Resolved> {
  const parts = /^([^@\s]+?)(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/u.exec(reference);
  const [, repository = "", tag, digest] = parts ?? [];
  if (repository === "" || !repository.includes("/")) {
    throw new UserError("REFERENCE_MALFORMED", `${JSON.stringify(reference)} names no image of a registry`, {
      hint: "Write HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:….",
    });
  }
  if (digest !== undefined) return { repository, digest };
  const named = `${repository}:${tag ?? "latest"}`;
  const answer = await exec(crane, ["digest", named], { accept: "any" });
  if (answer.exitCode !== 0) throw unreachable(named, answer.stderr);
  return { repository, digest: answer.stdout.trim() };
}

/**
 * An image as its registry gives it out, read anew and compared with its digests. What is not as it should be is in the
 * answer; nothing is thrown for it.
 * @throws UserError IMAGE_UNREACHABLE when the registry does not give out the index at all
 */
export async function readPublished(
  crane: Crane,
  { repository, digest }: Resolved,
  options: PublishedOptions = {},
): Promise<PublishedImage> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "foundry-published-"));
  try {
    const index = await readIndex(crane, { repository, digest, folder });
    const blobs = openBlobs(crane, { repository, folder });
    const { images, strays } = index.value === undefined ? { images: [], strays: [] } : sortIndex(index.value);
    const wanted = images.filter(({ platform }) => options.platforms?.includes(platform) ?? true);
    const layers = openLayers(blobs);
    const reading = { blobs, layers, withLayers: options.layers === true };
    const platforms = await Promise.all(wanted.map((image) => readPlatform(reading, image)));
    const faults = [...index.faults, ...blobs.faults, ...layers.faults].toSorted();
    return { repository, digest, index: index.value, platforms, strays, faults, compared: blobs.count() };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface ReadIndex {
  value: PublishedIndex | undefined;
  faults: string[];
}

/** Registries say "does not match" in their words; crane compares a manifest with the digest it asked for. */
const otherDigest = /does not match requested digest|digest mismatch|error verifying/u;

async function readIndex(crane: Crane, asked: Resolved & { folder: string }): Promise<ReadIndex> {
  const { repository, digest, folder } = asked;
  const file = path.join(folder, "index.json");
  const reference = `${repository}@${digest}`;
  const { exitCode, stderr } = await crane.exec(crane.crane, ["manifest", reference], {
    outputFile: file,
    accept: "any",
  });
  if (exitCode !== 0 && !otherDigest.test(stderr)) throw unreachable(reference, stderr);
  if (exitCode !== 0) return { value: undefined, faults: [`The index cannot be read: ${lastLine(stderr)}`] };
  const bytes = await readFile(file);
  const blobs = openBlobs(crane, { repository, folder });
  const value = await readJson(blobs, { digest, size: bytes.byteLength }, { kind: "manifest", shape: PublishedIndex });
  return { value, faults: blobs.faults };
}

interface Reading {
  blobs: Blobs;
  layers: Layers;
  withLayers: boolean;
}

type IndexedImage = ReturnType<typeof sortIndex>["images"][number];

async function readPlatform(reading: Reading, image: IndexedImage): Promise<PublishedPlatform> {
  const { platform, descriptor } = image;
  const [files, attestations] = await Promise.all([
    readFiles(reading, image),
    Promise.all(image.attestations.map((attestation) => readStatements(reading.blobs, attestation))),
  ]);
  return { platform, digest: descriptor.digest, attestations, files };
}

async function readFiles(
  { blobs, layers, withLayers }: Reading,
  { platform, descriptor }: IndexedImage,
): Promise<PublishedPlatform["files"]> {
  const manifest = await readJson(blobs, descriptor, { kind: "manifest", shape: PublishedManifest });
  if (manifest === undefined) return undefined;
  const config = await readJson(blobs, manifest.config, { kind: "blob", shape: PublishedConfig });
  if (config === undefined) return undefined;
  if (platformOf(config) !== platform)
    blobs.faults.push(`${descriptor.digest} is configured for another platform than ${platform}`);
  if (!withLayers) return undefined;
  const read = await Promise.all(
    manifest.layers.map((layer, index) => layers.read(layer, config.rootfs.diff_ids[index] ?? "none")),
  );
  if (manifest.layers.length !== config.rootfs.diff_ids.length) {
    blobs.faults.push(
      `${descriptor.digest} has ${manifest.layers.length} layers, and its configuration says ${config.rootfs.diff_ids.length}`,
    );
  }
  const entries = read.flatMap((layer) => (layer === undefined ? [] : [layer]));
  return entries.length === read.length ? layFiles(entries) : undefined;
}

async function readStatements(blobs: Blobs, descriptor: Descriptor): Promise<FoundStatement[]> {
  const manifest = await readJson(blobs, descriptor, { kind: "manifest", shape: PublishedManifest });
  const layers = manifest?.layers ?? [];
  return Promise.all(
    layers.map(async (layer) => ({
      annotated: layer.annotations?.["in-toto.io/predicate-type"],
      statement: await readJson(blobs, layer, { kind: "blob", shape: Statement }),
    })),
  );
}

interface Layers {
  read(layer: Descriptor, diffId: string): Promise<LayerEntry[] | undefined>;
  faults: string[];
}

/** Layers of several platforms are one another's: each is unpacked once. */
function openLayers(blobs: Blobs): Layers {
  const unpacked = new Map<string, Promise<ReadLayer | undefined>>();
  const faults: string[] = [];
  const unpack = async (layer: Descriptor): Promise<ReadLayer | undefined> => {
    const file = await blobs.fetch(layer, "blob");
    if (file === undefined) return undefined;
    return readLayerEntries(file, layer.mediaType).catch((error: Error) => {
      faults.push(`${layer.digest} cannot be unpacked: ${error.message}`);
      return undefined;
    });
  };
  return {
    faults,
    read: async (layer, diffId) => {
      const running = unpacked.get(layer.digest) ?? unpack(layer);
      unpacked.set(layer.digest, running);
      const read = await running;
      if (read !== undefined && read.diffId !== diffId) {
        faults.push(`${layer.digest} unpacks to ${read.diffId}, and the configuration says ${diffId}`);
      }
      return read?.entries;
    },
  };
}

interface Wish<S extends z.ZodType> {
  kind: BlobKind;
  shape: S;
}

async function readJson<S extends z.ZodType>(
  blobs: Blobs,
  descriptor: Pick<Descriptor, "digest" | "size">,
  { kind, shape }: Wish<S>,
): Promise<z.infer<S> | undefined> {
  const file = await blobs.fetch(descriptor, kind);
  if (file === undefined) return undefined;
  const parsed = shape.safeParse(parseText(await readFile(file, "utf8")));
  if (parsed.success) return parsed.data;
  blobs.faults.push(`${descriptor.digest} is not what it should be: ${parsed.error.issues[0]?.message ?? "no JSON"}`);
  return undefined;
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(reference: string, stderr: string): UserError {
  return new UserError("IMAGE_UNREACHABLE", `${reference} cannot be read: ${lastLine(stderr)}`, {
    hint: "Look at its name and the network; where the registry asks for a login, run `docker login` first.",
  });
}
