import { readFile } from "node:fs/promises";
import { prettyJson, writeFileWhole } from "@prosody-foundry/kit";

/** A JSON value kept in the cache; undefined when there is none, or none that can be read. */
export async function readKept(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return undefined;
  }
}

/** Keeps a JSON value in the cache. */
export async function writeKept(file: string, value: unknown): Promise<void> {
  await writeFileWhole(file, prettyJson(value));
}
