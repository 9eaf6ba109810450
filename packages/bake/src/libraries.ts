import path from "node:path";
import { type Platform, platformNames } from "@prosody-foundry/images";
import type { ElfFile } from "./elf.ts";
import { type ImageFiles, findReal } from "./image-files.ts";

/** An ELF file of an image. */
export interface SharedObject {
  at: string;
  size: number;
  elf: ElfFile;
}

/** The ELF files of an image as the dynamic linker sees them. */
export interface Libraries {
  objects: readonly SharedObject[];
  /** Paths of ELF files that cannot be read. */
  broken: readonly string[];
  /** By a path that may be a link. */
  find: (at: string) => SharedObject | undefined;
  /** What a name in DT_NEEDED means to an object. */
  resolve: (by: SharedObject, name: string) => SharedObject | undefined;
  /** These and all they need, the interpreters of programs too. */
  closureOf: (roots: readonly SharedObject[]) => ReadonlySet<SharedObject>;
}

/** Where Debian's dynamic linker looks when nobody says more. */
export function libraryFolders(platform: Platform): string[] {
  const { triplet } = platformNames[platform];
  return [`/lib/${triplet}`, `/usr/lib/${triplet}`, "/lib64", "/usr/lib64", "/lib", "/usr/lib"];
}

/** Pure: rules of ld.so(8). */
export function openLibraries(files: ImageFiles, folders: readonly string[]): Libraries {
  const objects: SharedObject[] = [];
  const broken: string[] = [];
  for (const [at, { elf, size }] of files) {
    if (elf === "broken") broken.push(at);
    else if (elf !== undefined) objects.push({ at, size, elf });
  }
  const byPath = new Map(objects.map((object) => [object.at, object]));
  const find = (at: string): SharedObject | undefined => byPath.get(findReal(files, at) ?? "");
  const resolve: Libraries["resolve"] = (by, name) => {
    if (name.includes("/")) return find(name);
    const own = by.elf.runpath.map((folder) => replaceOrigin(folder, by.at));
    const found = [...own, ...folders].map((folder) => find(path.posix.join(folder, name)));
    // A file of another machine is passed over, as it is when a library for it is wanted.
    return found.find((object) => object?.elf.machine === by.elf.machine && object.elf.bits === by.elf.bits);
  };
  return { objects, broken, find, resolve, closureOf: (roots) => close(roots, { find, resolve }) };
}

function replaceOrigin(folder: string, at: string): string {
  return folder.replace(/\$\{?ORIGIN\}?/u, path.posix.dirname(at));
}

function close(
  roots: readonly SharedObject[],
  { find, resolve }: Pick<Libraries, "find" | "resolve">,
): ReadonlySet<SharedObject> {
  const reached = new Set(roots);
  // A set that grows while it is walked is walked to its end.
  for (const object of reached) {
    const { needed, interpreter } = object.elf;
    const next = [...needed.map((name) => resolve(object, name)), interpreter && find(interpreter)];
    for (const found of next.filter((each) => typeof each === "object")) reached.add(found);
  }
  return reached;
}
