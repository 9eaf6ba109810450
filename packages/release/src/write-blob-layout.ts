import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { canonicalJson, sha256 } from "@prosody-foundry/kit";
import { readUpload } from "./read-upload.ts";
import type { Reference } from "./remote-index.ts";

const types = {
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/octet-stream",
  manifest: "application/vnd.oci.image.manifest.v1+json",
};

/**
 * Hands `work` a layout that has all blobs of another one below a manifest no registry has: its push asks for each of them.
 * Removed afterwards.
 */
export async function withBlobLayout(
  layout: string,
  work: (folder: string, digest: string) => Promise<void>,
): Promise<void> {
  const { blobs } = await readUpload(layout);
  const folder = await mkdtemp(path.join(os.tmpdir(), "foundry-push-"));
  try {
    await mkdir(path.join(folder, "blobs/sha256"), { recursive: true });
    for (const { digest } of blobs) await symlink(blobFile(path.resolve(layout), digest), blobFile(folder, digest));
    const config = await writeBlob(folder, configOf(blobs));
    const manifest = await writeBlob(folder, manifestOf(config, blobs));
    const top = { schemaVersion: 2, manifests: [{ mediaType: types.manifest, ...manifest }] };
    await writeFile(path.join(folder, "index.json"), canonicalJson(top));
    await writeFile(path.join(folder, "oci-layout"), canonicalJson({ imageLayoutVersion: "1.0.0" }));
    await work(folder, manifest.digest);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function configOf(blobs: readonly Reference[]): string {
  const rootfs = { type: "layers", diff_ids: blobs.map(({ digest }) => digest) };
  return canonicalJson({ architecture: "unknown", os: "unknown", rootfs });
}

function manifestOf(config: Reference, blobs: readonly Reference[]): string {
  const layers = blobs.map((blob) => ({ mediaType: types.layer, ...blob }));
  // Of the last attempt the registry may have the manifest and have lost the blobs.
  const annotations = { "org.prosody-foundry.attempt": randomUUID() };
  const head = { schemaVersion: 2, mediaType: types.manifest, annotations };
  return canonicalJson({ ...head, config: { mediaType: types.config, ...config }, layers });
}

async function writeBlob(folder: string, text: string): Promise<Reference> {
  const digest = `sha256:${sha256(text)}`;
  await writeFile(blobFile(folder, digest), text);
  return { digest, size: Buffer.byteLength(text) };
}

function blobFile(layout: string, digest: string): string {
  return path.join(layout, "blobs/sha256", digest.slice("sha256:".length));
}
