import path from "node:path";
import type { ElfFile } from "./elf.ts";

/** A file of an image, as its layers have it. */
export interface ImageFile {
  kind: "file" | "folder" | "link" | "device";
  /** Permission bits, with setuid (4000), setgid (2000) and sticky (1000). */
  mode: number;
  /** Bytes. */
  size: number;
  /** Of a symbolic link: what it says. */
  target?: string;
  /** Of an ELF file; `broken` when it cannot be read. */
  elf?: ElfFile | "broken";
  /** Of Lua code: the words that are quoted in it. */
  words?: readonly string[];
}

/** Absolute path → file. */
export type ImageFiles = ReadonlyMap<string, ImageFile>;

/** One entry of a layer; `copyOf` is the path of an earlier one, for a hard link. */
export interface LayerEntry {
  /** Absolute. */
  path: string;
  file: ImageFile;
  copyOf?: string;
}

const whiteout = ".wh.";
const opaque = ".wh..wh..opq";

/** Pure: the files of an image whose layers are these, the lowest first. Rules: OCI image specification, layer.md. */
export function stackLayers(layers: readonly (readonly LayerEntry[])[]): Map<string, ImageFile> {
  const files = new Map<string, ImageFile>();
  for (const entries of layers) {
    // What a layer takes away is below it, wherever in the layer it says so.
    for (const entry of entries) takeAway(files, entry.path);
    for (const entry of entries) lay(files, entry);
  }
  return files;
}

function takeAway(files: Map<string, ImageFile>, entry: string): void {
  const name = path.posix.basename(entry);
  const folder = path.posix.dirname(entry);
  if (name === opaque) removeBelow(files, folder);
  else if (name.startsWith(whiteout)) removeWhole(files, path.posix.join(folder, name.slice(whiteout.length)));
}

function lay(files: Map<string, ImageFile>, entry: LayerEntry): void {
  if (path.posix.basename(entry.path).startsWith(whiteout)) return;
  const file = entry.copyOf === undefined ? entry.file : (files.get(entry.copyOf) ?? entry.file);
  if (file.kind !== "folder") removeBelow(files, entry.path);
  files.set(entry.path, file);
}

function removeWhole(files: Map<string, ImageFile>, at: string): void {
  files.delete(at);
  removeBelow(files, at);
}

function removeBelow(files: Map<string, ImageFile>, folder: string): void {
  const prefix = folder === "/" ? "/" : `${folder}/`;
  for (const name of files.keys()) {
    if (name.startsWith(prefix)) files.delete(name);
  }
}

/** As many links as the kernel follows. */
const maxLinks = 40;

/** Where a path leads, links in any part of it followed; undefined when there is nothing, or a circle. */
export function findReal(files: ImageFiles, at: string): string | undefined {
  let real = at;
  for (let links = 0; links <= maxLinks; links += 1) {
    const followed = followFirst(files, real);
    if (followed === undefined) return files.has(real) || real === "/" ? real : undefined;
    real = followed;
  }
  return undefined;
}

/** A path with the first link in it replaced by where it leads; undefined when there is none. */
function followFirst(files: ImageFiles, at: string): string | undefined {
  const parts = at.split("/").filter(Boolean);
  const index = parts.findIndex((_, end) => files.get(`/${parts.slice(0, end + 1).join("/")}`)?.kind === "link");
  if (index < 0) return undefined;
  const folder = `/${parts.slice(0, index).join("/")}`;
  const target = files.get(path.posix.join(folder, parts[index] ?? ""))?.target ?? "";
  return path.posix.resolve(folder, target, ...parts.slice(index + 1));
}
