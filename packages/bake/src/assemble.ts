import { type Platform, type Target, upstreamVersion } from "@prosody-foundry/images";
import { canonicalJson, compareText } from "@prosody-foundry/kit";
import { type Blob, type Descriptor, blobOf, describePlatform, mediaTypes } from "./layout.ts";
import type { Origin } from "./origin.ts";

/** One platform's share of an index: its image, and what is attested of it. */
export interface Part {
  platform: Platform;
  image: Descriptor;
  attestation: Descriptor;
}

/**
 * The attestation manifest of an image in BuildKit's form, which docker, buildx and scanners know how to read: a layer
 * for each in-toto statement, with its predicate type beside it. The manifest is the last of the blobs. Pure.
 */
export function attestationBlobs(image: Descriptor, statements: readonly { predicateType: string }[]): Blob[] {
  const layers = statements.map((statement) =>
    blobOf(canonicalJson(statement), {
      mediaType: mediaTypes.statement,
      annotations: { "in-toto.io/predicate-type": statement.predicateType },
    }),
  );
  const diffs = { type: "layers", diff_ids: layers.map(({ descriptor }) => descriptor.digest) };
  const unknown = { architecture: "unknown", os: "unknown" };
  const config = blobOf(canonicalJson({ ...unknown, config: {}, rootfs: diffs }), { mediaType: mediaTypes.config });
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: config.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
  };
  const annotations = {
    "vnd.docker.reference.digest": image.digest,
    "vnd.docker.reference.type": "attestation-manifest",
  };
  const more = { mediaType: mediaTypes.manifest, platform: unknown, annotations };
  return [...layers, config, blobOf(canonicalJson(manifest), more)];
}

/** The index over some platforms: images sorted by platform, then their attestations in the same order. Pure. */
export function indexBlob(parts: readonly Part[], annotations: Readonly<Record<string, string>>): Blob {
  const sorted = parts.toSorted((a, b) => compareText(a.platform, b.platform));
  const images = sorted.map(({ image, platform }) => ({
    mediaType: image.mediaType,
    digest: image.digest,
    size: image.size,
    platform: describePlatform(platform),
  }));
  const manifests = [...images, ...sorted.map(({ attestation }) => attestation)];
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests, annotations };
  return blobOf(canonicalJson(index), { mediaType: mediaTypes.index });
}

/** Where people find what Prosody is, and how to use it. */
const addresses = { url: "https://prosody.im/", documentation: "https://prosody.im/doc" };

/**
 * Labels and annotations of an image itself: only what follows from the target's inputs, so that equal inputs give equal
 * bytes. Names by the OCI image specification, and ours.
 */
export function imageAnnotations(target: Target): Record<string, string> {
  return {
    "org.opencontainers.image.title": target.title,
    "org.opencontainers.image.description": target.description,
    "org.opencontainers.image.version": upstreamVersion(target.release),
    "org.opencontainers.image.created": momentOf(target.epoch),
    "org.opencontainers.image.url": addresses.url,
    "org.opencontainers.image.documentation": addresses.documentation,
    "org.opencontainers.image.vendor": "Prosody Foundry",
    "org.opencontainers.image.licenses": "MIT",
    "org.prosody-foundry.series": target.series,
    "org.prosody-foundry.release": target.release.version,
    "org.prosody-foundry.debian": target.release.suite,
  };
}

/** Annotations of the index: those of the image, its id, when it was put together, and where it was built from. */
export function indexAnnotations(target: Target, origin: Origin, at: Date): Record<string, string> {
  const { source } = origin;
  const contract = origin.contracts[target.image];
  return {
    ...imageAnnotations(target),
    ...(source === null ? {} : { "org.opencontainers.image.source": source.url }),
    ...(source?.commit === undefined || source.commit === null
      ? {}
      : { "org.opencontainers.image.revision": `${source.commit}${source.dirty ? "-dirty" : ""}` }),
    "org.prosody-foundry.built": at.toISOString(),
    "org.prosody-foundry.id": target.id,
    ...(contract === undefined ? {} : { "org.prosody-foundry.contract": contract }),
  };
}

/** Seconds since 1970 as the moment that RFC 3339 and SPDX write. */
export function momentOf(epoch: number): string {
  return `${new Date(epoch * 1000).toISOString().slice(0, 19)}Z`;
}
