import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { BakeContext } from "./engine.ts";
import { inputUnreachable, refuseOffline } from "./read-cached.ts";

/**
 * Brings a URL or a local path into a file.
 * @throws UserError INPUT_UNREACHABLE
 */
export async function download(context: BakeContext, place: string, file: string): Promise<void> {
  if (!/^https?:/u.test(place)) return copyLocal(place, file);
  refuseOffline(context, place);
  context.progress(`Fetching ${place}`);
  const response = await (context.fetch ?? fetch)(place, { signal: AbortSignal.timeout(60_000) }).catch(
    (error: unknown) => {
      throw inputUnreachable(place, [reasonOf(error)], error);
    },
  );
  if (!response.ok) throw inputUnreachable(place, [`HTTP status ${response.status}`]);
  await writeFile(file, new Uint8Array(await response.arrayBuffer()));
}

/**
 * What a URL or a local path has, for what is small enough to be held.
 * @throws UserError INPUT_UNREACHABLE
 */
export async function fetchBytes(context: BakeContext, place: string): Promise<Buffer> {
  return withTempFile(context, async (file) => {
    await download(context, place, file);
    return readFile(file);
  });
}

/** A file on the cache's disk that need not exist and is gone afterwards. */
export async function withTempFile<T>(context: BakeContext, use: (file: string) => Promise<T>): Promise<T> {
  await mkdir(context.cacheDir, { recursive: true });
  const folder = await mkdtemp(path.join(context.cacheDir, "fetch-"));
  try {
    return await use(path.join(folder, "file"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function copyLocal(place: string, file: string): Promise<void> {
  const local = place.startsWith("file:") ? fileURLToPath(place) : place;
  await copyFile(local, file).catch((error: unknown) => {
    throw inputUnreachable(place, [reasonOf(error)], error);
  });
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
