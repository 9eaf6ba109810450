import { createReadStream } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { createHash } from "node:crypto";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { UserError, prettyJson, writeFileWhole } from "@prosody-foundry/kit";
import { z } from "zod";
import type { BakeContext } from "./engine.ts";

/** A file of the input cache. */
export interface CachedFile {
  path: string;
  sha256: string;
  /** Where it came from, one line for people. */
  via: string;
}

const Note = z.strictObject({ sha256: z.string(), via: z.string() });

/**
 * A file kept in the cache under this name, checked again by its hash.
 * @throws UserError CACHE_CORRUPT when a byte of it changed.
 */
export async function readCached(file: string, expected?: string): Promise<CachedFile | undefined> {
  if (!(await exists(file))) return undefined;
  const note = await readNote(`${file}.json`);
  const wanted = expected ?? note?.sha256;
  const found = await hashFile(file);
  if (wanted !== undefined && found !== wanted) throw corrupt(file, wanted, found);
  // Without its note (killed in between) a file that a hash of ours names is as good; another is fetched again.
  return wanted === undefined ? undefined : { path: file, sha256: found, via: note?.via ?? "the cache" };
}

/** Takes a fetched file into the cache whole, or, when its hash is not the expected one, throws it away. */
export async function keepFile(from: string, file: string, via: string): Promise<CachedFile> {
  await mkdir(path.dirname(file), { recursive: true });
  const hash = await hashFile(from);
  const partial = `${file}.${hash.slice(0, 8)}.partial`;
  await copyFile(from, partial);
  await writeFileWhole(`${file}.json`, prettyJson({ sha256: hash, via }));
  await rename(partial, file);
  await rm(from, { force: true });
  return { path: file, sha256: hash, via };
}

/** SHA-256 of a file, read as a stream. */
export async function hashFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function readNote(file: string): Promise<z.infer<typeof Note> | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return Note.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function corrupt(file: string, expected: string, found: string): UserError {
  return new UserError("CACHE_CORRUPT", `The cached file ${file} has SHA-256 ${found}, not ${expected}`, {
    hint: `Remove ${file}; it is fetched again.`,
  });
}

/** An input whose content is not what was declared. Nothing of it is kept. */
export function refuseInput(what: string, expected: string, got: string): UserError {
  return new UserError("INPUT_REFUSED", `${what} is not what was declared: expected ${expected}, got ${got}`, {
    hint: "Somebody changed it, or images/series.json names the wrong hash. Check with upstream before you change the hash.",
  });
}

/** An input that no source of it gave. */
export function inputUnreachable(what: string, because: readonly string[], cause?: unknown): UserError {
  return new UserError("INPUT_UNREACHABLE", `${what} cannot be had: ${because.join("; ")}`, {
    hint: "Try again with a network that reaches it, pick another with --release, or take the newest reachable with --available.",
    cause,
  });
}

/** @throws UserError INPUT_UNREACHABLE when this command may ask nobody. */
export function refuseOffline(context: Pick<BakeContext, "offline">, what: string): void {
  if (context.offline === true)
    throw inputUnreachable(what, ["this command works offline, and the cache does not have it"]);
}
