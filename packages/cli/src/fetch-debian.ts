import path from "node:path";
import { type DebianContent, fetchDebian } from "@prosody-foundry/bake";
import { isUserError } from "@prosody-foundry/kit";
import type { DebianRequest } from "@prosody-foundry/source";
import { z } from "zod";
import { type Context, openBake } from "./context.ts";
import { readKept, writeKept } from "./write-kept.ts";

const Newest = z.strictObject({ version: z.string(), day: z.string() });

/**
 * A suite's package as fetchDebian gives it; which version is the newest is asked once a day, so that commands which
 * find everything in the cache need no network.
 */
export async function fetchDebianDaily(context: Context, request: DebianRequest): Promise<DebianContent> {
  const bake = await openBake(context);
  const file = path.join(context.cacheDir, "debian", request.suite, `${request.package}.newest.json`);
  const kept = Newest.safeParse(await readKept(file));
  const fresh = kept.success && (kept.data.day === context.today || context.offline);
  if (request.version === undefined && fresh) {
    const content = await fetchDebian(bake, { ...request, version: kept.data.version }).catch(whenGone);
    if (content !== undefined) return content;
  }
  const content = await fetchDebian(bake, request);
  if (request.version === undefined) await writeKept(file, { version: content.version, day: context.today });
  return content;
}

function whenGone(error: unknown): undefined {
  if (!isUserError(error, "INPUT_UNREACHABLE")) throw error;
}
