import { copyFile, writeFile } from "node:fs/promises";
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
