import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { PassThrough, Transform, type TransformCallback } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { type ExtractEvents, extract } from "tar-stream";
import type { LayerEntry } from "./laid-files.ts";

export interface ReadLayer {
  entries: LayerEntry[];
  /** Of the unpacked tar, `sha256:…`: the configuration's diff id. */
  diffId: string;
}

/** The files of modules and of packages' records; a path may lead to either through a link. */
const wanted = /(?:^|\/)(?:mod_[^/]*|prosody-modules|status\.d)(?:\/|$)|\.wh\./u;

/** All modules are 5 MB; a record is 2 kB. */
const mostFileBytes = 32 * 1024 * 1024;
/** The whole of an image is 35 MB on disk. */
const mostLayerBytes = 2 * 1024 * 1024 * 1024;

/**
 * What matters here of a layer on this machine; the rest passes by unread.
 * @throws Error for one that cannot be unpacked, or unpacks to more than an image can have
 */
export async function readLayerEntries(file: string, mediaType: string): Promise<ReadLayer> {
  const entries: LayerEntry[] = [];
  const hash = createHash("sha256");
  const reader = extract();
  const reading = (async () => {
    for await (const entry of reader) await keepEntry(entries, entry);
  })();
  await Promise.all([pipeline(createReadStream(file), unpackerOf(mediaType), tapInto(hash), reader), reading]);
  return { entries, diffId: `sha256:${hash.digest("hex")}` };
}

function unpackerOf(mediaType: string): NodeJS.ReadWriteStream {
  if (/[+.]gzip$/u.test(mediaType)) return createGunzip();
  return mediaType.endsWith("+zstd") ? createZstdDecompress() : new PassThrough();
}

function tapInto(hash: { update(chunk: Buffer): unknown }): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      bytes += chunk.byteLength;
      if (bytes > mostLayerBytes) return done(new RangeError("it unpacks to more than 2 GiB"));
      hash.update(chunk);
      return done(null, chunk);
    },
  });
}

async function keepEntry(entries: LayerEntry[], entry: ExtractEvents["entry"][1]): Promise<void> {
  const { name, type, mode, size, linkname } = entry.header;
  const path = name.replace(/^(?:\.?\/)+/u, "").replace(/\/+$/u, "");
  if (type === "symlink") entries.push({ kind: "link", path, target: linkname });
  if (type === "symlink" || type === "directory" || !wanted.test(path)) return void entry.resume();
  if (size > mostFileBytes) throw new RangeError(`${path} has ${size} bytes`);
  const bytes = await buffer(entry);
  const isFile = type === "file" || type === "contiguous-file";
  entries.push(isFile ? { kind: "file", path, executable: (mode & 0o100) !== 0, bytes } : { kind: "odd", path });
}
