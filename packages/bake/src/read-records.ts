import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { createGunzip } from "node:zlib";
import { compareText } from "@prosody-foundry/kit";
import { extract } from "tar-stream";
import type { PlatformImage } from "./layout.ts";
import { type PackageRecord, parseRecord } from "./package-record.ts";
import { readBlob } from "./read-layout.ts";

const folder = "var/lib/dpkg/status.d/";

/**
 * The records of Debian packages in an image of a layout, sorted by name; of an upper layer where two have one.
 * @throws UserError LAYOUT_BROKEN
 */
export async function readRecords(layout: string, image: PlatformImage): Promise<PackageRecord[]> {
  const found = new Map<string, PackageRecord>();
  for (const { digest } of image.layers) {
    for (const record of await readLayer(await readBlob(layout, digest))) found.set(record.name, record);
  }
  return [...found.values()].toSorted((a, b) => compareText(a.name, b.name));
}

async function readLayer(bytes: Buffer): Promise<PackageRecord[]> {
  const entries = extract();
  const unzip = createGunzip();
  Readable.from([bytes])
    .pipe(unzip)
    .on("error", (error) => entries.destroy(error))
    .pipe(entries);
  const records: PackageRecord[] = [];
  for await (const entry of entries) {
    const isRecord = entry.header.type === "file" && entry.header.name.replace(/^\.?\//u, "").startsWith(folder);
    const record = isRecord ? parseRecord(await text(entry)) : undefined;
    if (record !== undefined) records.push(record);
    entry.resume();
  }
  return records;
}
