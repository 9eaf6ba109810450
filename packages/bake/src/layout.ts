import { type Platform, platformOf } from "@prosody-foundry/images";
import { sha256 } from "@prosody-foundry/kit";
import { z } from "zod";

/** Media types of the OCI image specification and of in-toto. */
export const mediaTypes = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  statement: "application/vnd.in-toto+json",
} as const;

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/u, "is no sha256 digest");

export const Descriptor = z.looseObject({
  mediaType: z.string(),
  digest: Digest,
  size: z.number().int().nonnegative(),
  platform: z.looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
export type Descriptor = z.infer<typeof Descriptor>;

/** An OCI image index, and the `index.json` of a layout. */
export const ImageIndex = z.looseObject({ manifests: z.array(Descriptor) });
export type ImageIndex = z.infer<typeof ImageIndex>;

export const ImageManifestFile = z.looseObject({ config: Descriptor, layers: z.array(Descriptor) });
export type ImageManifestFile = z.infer<typeof ImageManifestFile>;

/** One platform's image in a layout. */
export interface PlatformImage {
  digest: string;
  /** Bytes of all layers, compressed: what a user pulls. */
  size: number;
  layers: { digest: string; size: number }[];
}

/** Bytes that a layout holds, and what refers to them. */
export interface Blob {
  descriptor: Descriptor;
  bytes: Buffer;
}

/** A blob of some text, with what its descriptor says beside digest and size. */
export function blobOf(text: string, more: { mediaType: string } & Partial<Descriptor>): Blob {
  const bytes = Buffer.from(text);
  return { bytes, descriptor: { ...more, digest: `sha256:${sha256(bytes)}`, size: bytes.length } };
}

/** The images of an index by platform; attestations (platform unknown/unknown) and platforms we do not build left out. */
export function imagesOf(index: ImageIndex): { platform: Platform; descriptor: Descriptor }[] {
  return index.manifests.flatMap((descriptor) => {
    const platform = descriptor.platform === undefined ? undefined : platformOf(descriptor.platform);
    return platform === undefined ? [] : [{ platform, descriptor }];
  });
}

/** The attestation manifest of an image in an index, by BuildKit's annotations; undefined when it has none. */
export function attestationFor(index: ImageIndex, image: Descriptor): Descriptor | undefined {
  return index.manifests.find(
    ({ annotations = {} }) =>
      annotations["vnd.docker.reference.type"] === "attestation-manifest" &&
      annotations["vnd.docker.reference.digest"] === image.digest,
  );
}

export function describeImage(descriptor: Descriptor, manifest: ImageManifestFile): PlatformImage {
  const layers = manifest.layers.map(({ digest, size }) => ({ digest, size }));
  return { digest: descriptor.digest, size: sum(layers.map((layer) => layer.size)), layers };
}

function sum(numbers: readonly number[]): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

/** A platform as OCI descriptors have it. */
export function describePlatform(platform: Platform): { os: string; architecture: string; variant?: string } {
  const [os = "", architecture = "", variant] = platform.split("/");
  return variant === undefined ? { os, architecture } : { os, architecture, variant };
}

/** Path of a blob inside a layout. */
export function blobPath(digest: string): string {
  return `blobs/sha256/${digest.slice("sha256:".length)}`;
}
