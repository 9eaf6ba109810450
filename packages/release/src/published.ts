import { type Platform, platformOf } from "@prosody-foundry/images";
import { z } from "zod";
import type { LaidFiles } from "./laid-files.ts";
import type { Statement } from "./statement.ts";

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/u, "is no sha256 digest");

const Descriptor = z.looseObject({
  mediaType: z.string(),
  digest: Digest,
  size: z.number().int().nonnegative(),
  platform: z.looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
export type Descriptor = z.infer<typeof Descriptor>;

/** An image index as a registry has it. */
export const PublishedIndex = z.looseObject({
  manifests: z.array(Descriptor).min(1),
  annotations: z.record(z.string(), z.string()).optional(),
});
export type PublishedIndex = z.infer<typeof PublishedIndex>;

/** A manifest: of one platform's image, or of attestations. */
export const PublishedManifest = z.looseObject({ config: Descriptor, layers: z.array(Descriptor) });
export type PublishedManifest = z.infer<typeof PublishedManifest>;

/** What of an image's configuration can be checked against the rest. */
export const PublishedConfig = z.looseObject({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().optional(),
  rootfs: z.looseObject({ diff_ids: z.array(Digest) }),
});

/** A statement in an attestation manifest; undefined where the blob is none, or not what its descriptor says. */
export interface FoundStatement {
  /** Predicate type by the descriptor's annotation, which registries and tools go by. */
  annotated: string | undefined;
  statement: Statement | undefined;
}

/** One platform's image in a registry. */
export interface PublishedPlatform {
  platform: Platform;
  digest: string;
  /** Of each attestation manifest that says it is about this digest. */
  attestations: FoundStatement[][];
  /** Undefined where a layer cannot be read, or when layers were not asked for. */
  files: LaidFiles | undefined;
}

/** An image as a registry gives it out, everything by digest. */
export interface PublishedImage {
  /** Without tag and digest. */
  repository: string;
  /** Of the index. */
  digest: string;
  /** Undefined where the registry has other content under that digest, or something else than an index. */
  index: PublishedIndex | undefined;
  platforms: PublishedPlatform[];
  /** Descriptors of images that are for no platform we know, and of attestations about no image of this index. */
  strays: Descriptor[];
  /** What is not what its descriptor says, a sentence each. */
  faults: string[];
  /** Manifests, configurations and layers that were compared with their descriptors. */
  compared: number;
}

const referenceType = "vnd.docker.reference.type";
const referenceDigest = "vnd.docker.reference.digest";

/** The parts of an index: images by platform, each with the attestation manifests about it; and what is neither. */
export function sortIndex({ manifests }: PublishedIndex): {
  images: { platform: Platform; descriptor: Descriptor; attestations: Descriptor[] }[];
  strays: Descriptor[];
} {
  const attestations = manifests.filter(({ annotations }) => annotations?.[referenceType] === "attestation-manifest");
  const others = manifests.filter((descriptor) => !attestations.includes(descriptor));
  const images = others.flatMap((descriptor) => {
    const platform = descriptor.platform === undefined ? undefined : platformOf(descriptor.platform);
    if (platform === undefined) return [];
    const own = attestations.filter(({ annotations }) => annotations?.[referenceDigest] === descriptor.digest);
    return [{ platform, descriptor, attestations: own }];
  });
  const placed = new Set(images.flatMap(({ descriptor, attestations: own }) => [descriptor, ...own]));
  return { images, strays: manifests.filter((descriptor) => !placed.has(descriptor)) };
}
