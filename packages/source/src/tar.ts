import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { UserError } from "@prosody-foundry/kit";
import { type Extract, extract, pack } from "tar-stream";
import { checkCount, checkEntryType, checkSizes } from "./check.ts";
import type { ModuleContent, ModuleFile } from "./content.ts";

/** An unpacked tree may have this many bytes: all of prosody-modules has 5 million. */
const maximumTreeBytes = 256 * 1024 * 1024;

/** Paths it refuses are left out unread: a Debian package has links outside of its modules. */
export type WantPath = (path: string) => boolean;

/**
 * What a .gz holds.
 * @throws UserError ARCHIVE_MALFORMED, also for more bytes than `most`
 */
export async function unzip(bytes: Uint8Array, where: string, most: number = maximumTreeBytes): Promise<Buffer> {
  return promisify(gunzip)(bytes, { maxOutputLength: most }).catch((cause: Error) => {
    throw malformed(where, cause);
  });
}

/**
 * The files of a .tar.gz, in memory; nothing is written to disk.
 * @throws UserError ARCHIVE_MALFORMED, also for one that unpacks to more than 256 MiB; CONTENT_UNSAFE for links
 */
export async function unpackTarGz(bytes: Uint8Array, where: string, wanted?: WantPath): Promise<ModuleFile[]> {
  return unpackTar(await unzip(bytes, where), where, wanted);
}

/**
 * The files of a tar.
 * @throws UserError ARCHIVE_MALFORMED, CONTENT_UNSAFE for links, devices and pipes, and for too many entries
 */
export async function unpackTar(
  bytes: Uint8Array,
  where: string,
  wanted: WantPath = () => true,
): Promise<ModuleFile[]> {
  const reader = extract();
  const source = Readable.from([Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)]);
  source.on("error", (error) => reader.destroy(error)).pipe(reader);
  try {
    return await readEntries(reader, where, wanted);
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw malformed(where, error);
  } finally {
    source.destroy();
  }
}

async function readEntries(reader: Extract, where: string, wanted: WantPath): Promise<ModuleFile[]> {
  const files: ModuleFile[] = [];
  let count = 0;
  for await (const entry of reader) {
    count += 1;
    checkCount(where, count);
    const { name: path, mode, type, size } = entry.header;
    if (wanted(path)) checkSizes(path, [size ?? 0]);
    const bytes = await buffer(entry);
    if (!wanted(path)) continue;
    checkEntryType(where, path, type);
    if (type !== "directory") files.push({ path, executable: ((mode ?? 0) & 0o100) !== 0, bytes });
  }
  return files;
}

/** @throws UserError ARCHIVE_MALFORMED for more than an unpacked tree may have. */
export function checkTreeSize(bytes: number, where: string): void {
  if (bytes > maximumTreeBytes) throw malformed(where, new RangeError(`it has ${bytes} bytes`));
}

/** A tar that depends on nothing but the content: equal content, equal bytes. */
export async function packTar(content: ModuleContent): Promise<Buffer> {
  const writer = pack();
  for (const file of content.files) {
    const mode = file.executable ? 0o755 : 0o644;
    writer.entry({ name: file.path, mode, mtime: new Date(0), type: "file" }, Buffer.from(file.bytes));
  }
  writer.finalize();
  return buffer(writer);
}

function malformed(where: string, cause: unknown): UserError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new UserError("ARCHIVE_MALFORMED", `The archive of ${where} cannot be read: ${why}`, {
    hint: "It may have been cut off on the way. Try again, or another mirror.",
    cause,
  });
}
