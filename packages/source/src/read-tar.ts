import { readFile, stat } from "node:fs/promises";
import type { ModuleFile } from "./content.ts";
import { checkTreeSize, unpackTar, type WantPath } from "./tar.ts";

/**
 * The files of a tar on this machine.
 * @throws UserError ARCHIVE_MALFORMED, also for one of more than 256 MiB, which is not read; CONTENT_UNSAFE
 */
export async function readTar(file: string, where: string, wanted?: WantPath): Promise<ModuleFile[]> {
  checkTreeSize((await stat(file)).size, where);
  return unpackTar(await readFile(file), where, wanted);
}
