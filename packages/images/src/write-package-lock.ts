import path from "node:path";
import { prettyJson, writeFileWhole } from "@prosody-foundry/kit";
import { PackageLock } from "./package-lock.ts";
import { packageLockFile } from "./read-package-locks.ts";

/** Writes an image's package lock, or the builder's, whole, and not when the file says the same; the answer says which. */
export async function writePackageLock(root: string, lock: PackageLock, image?: string): Promise<boolean> {
  return writeFileWhole(path.join(root, packageLockFile(image)), prettyJson(PackageLock.parse(lock)));
}
