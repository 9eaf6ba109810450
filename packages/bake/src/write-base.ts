import { mkdir, rename, stat } from "node:fs/promises";
import path from "node:path";
import { canonicalJson } from "@prosody-foundry/kit";
import { blobOf, blobPath, mediaTypes } from "./layout.ts";
import { hashFile } from "./read-cached.ts";
import { writeLayout } from "./write-layout.ts";

/** Makes an OCI layout of one uncompressed layer out of a tar of a root, which is moved into it. */
export async function writeBaseLayout(folder: string, tar: string, architecture: string): Promise<void> {
  const digest = `sha256:${await hashFile(tar)}`;
  const layer = { mediaType: mediaTypes.layer, digest, size: (await stat(tar)).size };
  const settings = {
    architecture,
    os: "linux",
    config: { Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] },
    rootfs: { type: "layers", diff_ids: [digest] },
  };
  const config = blobOf(canonicalJson(settings), { mediaType: mediaTypes.config });
  const manifest = blobOf(
    canonicalJson({ schemaVersion: 2, mediaType: mediaTypes.manifest, config: config.descriptor, layers: [layer] }),
    { mediaType: mediaTypes.manifest },
  );
  await mkdir(folder, { recursive: true });
  await writeLayout(folder, { top: manifest.descriptor, blobs: [config, manifest], taken: new Map() });
  await rename(tar, path.join(folder, blobPath(digest)));
}
