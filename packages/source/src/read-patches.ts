import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { compareText, sha256 } from "@prosody-foundry/kit";
import { type PatchText, unsafePatch } from "./patches-file.ts";

/** A local patch of the repository. */
export interface LocalPatch extends PatchText {
  sha256: string;
}

/**
 * The patches that a module carries, `patches/<module>/*.patch`, in the order they are applied: by name.
 * @throws UserError PATCH_UNSAFE for one that is no plain file
 */
export async function readPatches(root: string, name: string): Promise<LocalPatch[]> {
  const entries = await readdir(path.join(root, "patches", name), { withFileTypes: true }).catch(nothing);
  const patches = entries.filter((entry) => entry.name.endsWith(".patch"));
  const link = patches.find((entry) => !entry.isFile());
  if (link !== undefined) throw unsafePatch({ file: fileOf(name, link.name), text: "" }, "it is no plain file");
  const names = patches.map((entry) => entry.name).toSorted(compareText);
  return Promise.all(names.map((patch) => readPatch(root, fileOf(name, patch))));
}

function nothing(error: NodeJS.ErrnoException): [] {
  if (error.code === "ENOENT") return [];
  throw error;
}

// With "/" everywhere: it stands in the lock.
function fileOf(module: string, patch: string): string {
  return `patches/${module}/${patch}`;
}

async function readPatch(root: string, file: string): Promise<LocalPatch> {
  const bytes = await readFile(path.join(root, file));
  return { file, text: bytes.toString("latin1"), sha256: sha256(bytes) };
}
