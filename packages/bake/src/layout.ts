import { type Platform, platformOf } from "@prosody-foundry/images";
import { z } from "zod";

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/u, "is no sha256 digest");

export const Descriptor = z.looseObject({
  mediaType: z.string(),
  digest: Digest,
  size: z.number().int().nonnegative(),
  platform: z.looseObject({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional(),
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

/** The images of an index by platform; attestations (platform unknown/unknown) and platforms we do not build left out. */
export function imagesOf(index: ImageIndex): { platform: Platform; descriptor: Descriptor }[] {
  return index.manifests.flatMap((descriptor) => {
    const platform = descriptor.platform === undefined ? undefined : platformOf(descriptor.platform);
    return platform === undefined ? [] : [{ platform, descriptor }];
  });
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

/** Path of a blob inside a layout. */
export function blobPath(digest: string): string {
  return `blobs/sha256/${digest.slice("sha256:".length)}`;
}
