import { constants } from "node:fs";
import { copyFile, link, mkdir, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Blob, type Descriptor, blobPath, mediaTypes } from "./layout.ts";

/** What a layout is made of: blobs written, and blobs other layouts have. */
export interface LayoutContent {
  /** What `index.json` names. */
  top: Descriptor;
  blobs: readonly Blob[];
  /** Digest of a blob → layout that has it. */
  taken: ReadonlyMap<string, string>;
}

/** Writes an OCI layout into a folder that is not there yet. Blobs of other layouts are shared by hard links. */
export async function writeLayout(folder: string, { top, blobs, taken }: LayoutContent): Promise<void> {
  await mkdir(path.join(folder, "blobs", "sha256"), { recursive: true });
  for (const [digest, from] of taken)
    await shareFile(path.join(from, blobPath(digest)), path.join(folder, blobPath(digest)));
  for (const { descriptor, bytes } of blobs) await writeFile(path.join(folder, blobPath(descriptor.digest)), bytes);
  await writeFile(path.join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  const index = { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [top] };
  await writeFile(path.join(folder, "index.json"), JSON.stringify(index));
}

/** Makes a folder that has the files of another, shared where the file system can. */
export async function shareFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) await shareFolder(source, target);
    else await shareFile(source, target);
  }
}

async function shareFile(from: string, to: string): Promise<void> {
  const refusal = await link(from, to).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  );
  // Two parts may have the same blob; another disk or owner allows no link.
  if (refusal === undefined || refusal.code === "EEXIST") return;
  if (!["EXDEV", "EPERM", "EMLINK", "ENOTSUP"].includes(refusal.code ?? "")) throw refusal;
  await copyFile(from, to, constants.COPYFILE_FICLONE);
}
