import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Target } from "@prosody-foundry/images";
import { UserError, writeFileWhole } from "@prosody-foundry/kit";
import { packageLists } from "./package-lists.ts";

/** A module as it ships. */
export interface ModuleMaterial {
  name: string;
  /** SPDX expression; for the bill of materials. */
  licence?: string;
  /** Where its source is had from, in SPDX's form of a download location; for the bill of materials. */
  download?: string;
  /** Paths relative to the module's folder. */
  files: readonly { path: string; executable: boolean; bytes: Uint8Array }[];
}

/** All that goes into one target, at hand and checked. */
export interface Materials {
  /** Path of the Dockerfile. */
  dockerfile: string;
  /** Name in `server/` → path; see `fetchRelease`. */
  server: Readonly<Record<string, string>>;
  modules: readonly ModuleMaterial[];
  /** Path of the folder with the images' own C modules; there may be none. */
  native: string;
  /** Path of the folder laid over `/` last. */
  rootfs: string;
  /** Files made for this target, laid over the rootfs: path in the image → text. */
  generated: Readonly<Record<string, string>>;
}

/**
 * Writes a target's build context into a folder, whole or not at all. Modes are fixed: 755 for folders and executables,
 * 644 for the rest, whatever the umask of whoever checked the sources out.
 */
export async function writeContext(folder: string, target: Target, materials: Materials): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true });
  const partial = await mkdtemp(`${folder}.`);
  try {
    await mkdir(path.join(partial, "server"));
    await copyFile(materials.dockerfile, path.join(partial, "Dockerfile"));
    for (const [name, from] of Object.entries(materials.server))
      await copyFile(from, path.join(partial, "server", name));
    await copyNative(materials.native, path.join(partial, "native"));
    await cp(materials.rootfs, path.join(partial, "rootfs"), { recursive: true, verbatimSymlinks: true });
    for (const [name, text] of Object.entries(materials.generated)) {
      await writeFileWhole(path.join(partial, "rootfs", name), text);
    }
    for (const [name, text] of Object.entries(packageLists(target.debs))) {
      await writeFileWhole(path.join(partial, "packages", name), text);
    }
    await writeModules(path.join(partial, "modules"), target, materials.modules);
    await fixModes(partial);
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function copyNative(from: string, to: string): Promise<void> {
  await mkdir(to);
  await cp(from, to, { recursive: true, verbatimSymlinks: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
}

const buckets = [0, 1, 2, 3, 4, 5, 6, 7];

async function writeModules(folder: string, target: Target, modules: readonly ModuleMaterial[]): Promise<void> {
  for (const bucket of buckets) await mkdir(path.join(folder, `b${bucket}`), { recursive: true });
  for (const shipped of target.modules) {
    const module = modules.find(({ name }) => name === shipped.name);
    if (module === undefined) throw new Error(`No content was handed in for ${shipped.name}`);
    await writeModule(path.join(folder, `b${shipped.bucket}`, shipped.name), module);
  }
}

async function writeModule(folder: string, module: ModuleMaterial): Promise<void> {
  for (const file of module.files) {
    const to = path.join(folder, file.path);
    if (!to.startsWith(folder + path.sep)) throw leavesFolder(module.name, file.path);
    await mkdir(path.dirname(to), { recursive: true });
    await writeFile(to, file.bytes, { mode: file.executable ? 0o755 : 0o644 });
  }
}

function leavesFolder(module: string, file: string): UserError {
  return new UserError("MODULE_REFUSED", `${module} has a file that leaves its folder: ${file}`, {
    hint: "Its source is not to be trusted.",
  });
}

async function fixModes(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) await fixModes(at);
    else if (entry.isFile()) await chmod(at, ((await stat(at)).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}
