import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import writeFileAtomic from "write-file-atomic";

/**
 * Writes through a temp file in the same folder, fsync and rename, so a reader sees the old bytes or the new ones.
 * Nothing is written when the file has these bytes already; the answer says whether it was.
 */
export async function writeFileWhole(file: string, data: string | Uint8Array): Promise<boolean> {
  const bytes = Buffer.from(data);
  const present = await readFile(file).catch(ignoreMissing);
  if (present !== undefined && present.equals(bytes)) return false;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFileAtomic(file, bytes);
  return true;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
