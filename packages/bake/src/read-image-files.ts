import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import path from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { type Header, extract } from "tar-stream";
import { z } from "zod";
import { isElf, parseElf } from "./elf.ts";
import { type ImageFile, type LayerEntry, stackLayers } from "./image-files.ts";
import { type Descriptor, ImageManifestFile } from "./layout.ts";
import { quotedWords } from "./named-libraries.ts";
import { readBlob, readJsonBlob } from "./read-layout.ts";

/** What an image's configuration says of how it starts. */
const ImageConfig = z.looseObject({ config: z.looseObject({ Entrypoint: z.array(z.string()).min(1) }) });

/** An image out of an OCI layout, without running any of it. */
export interface LayoutImage {
  files: Map<string, ImageFile>;
  /** First word of the entrypoint. */
  program: string;
}

/**
 * Reads all layers of one image manifest.
 * @throws UserError LAYOUT_BROKEN
 */
export async function readImageFiles(layout: string, digest: string): Promise<LayoutImage> {
  const manifest = await readJsonBlob(layout, { digest, shape: ImageManifestFile });
  const config = await readJsonBlob(layout, { digest: manifest.config.digest, shape: ImageConfig });
  const layers: LayerEntry[][] = [];
  for (const layer of manifest.layers) layers.push(await readLayer(await readBlob(layout, layer.digest), layer));
  return { files: stackLayers(layers), program: config.config.Entrypoint[0] ?? "" };
}

async function readLayer(bytes: Buffer, { mediaType }: Descriptor): Promise<LayerEntry[]> {
  const tar = extract();
  Readable.from([unpack(bytes, mediaType)]).pipe(tar);
  const entries: LayerEntry[] = [];
  for await (const entry of tar) {
    const content = await buffer(entry);
    entries.push(describeEntry(entry.header, content));
  }
  return entries;
}

function unpack(bytes: Buffer, mediaType: string): Buffer {
  if (mediaType.endsWith("gzip")) return gunzipSync(bytes);
  return mediaType.endsWith("zstd") ? zstdDecompressSync(bytes) : bytes;
}

const kinds: Readonly<Record<string, ImageFile["kind"]>> = {
  file: "file",
  "contiguous-file": "file",
  link: "file",
  directory: "folder",
  symlink: "link",
};

function describeEntry(header: Header, content: Buffer): LayerEntry {
  const kind = kinds[header.type ?? "file"] ?? "device";
  const mode = (header.mode ?? 0) & 0o7777;
  const at = absolute(header.name);
  const file: ImageFile = { kind, mode, size: content.length, ...contentOf(at, content) };
  if (kind === "link") file.target = header.linkname ?? "";
  if (header.type !== "link") return { path: at, file };
  return { path: at, file, copyOf: absolute(header.linkname ?? "") };
}

function absolute(name: string): string {
  return path.posix.join("/", name).replace(/(?<=.)\/$/u, "");
}

function contentOf(at: string, content: Buffer): Pick<ImageFile, "elf" | "words"> {
  if (isElf(content)) return { elf: readElf(content) };
  const isLua = at.endsWith(".lua") || /^#!.*lua/u.test(content.subarray(0, 80).toString("latin1"));
  return isLua ? { words: quotedWords(content.toString("utf8")) } : {};
}

function readElf(content: Buffer): ImageFile["elf"] {
  try {
    return parseElf(content);
  } catch (error) {
    if (error instanceof RangeError) return "broken";
    throw error;
  }
}
