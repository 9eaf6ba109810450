import { type Image, type ShippedModule, surveyModules } from "@prosody-foundry/images";
import { isUserError, type Series } from "@prosody-foundry/kit";
import { keyFor, type Lock } from "@prosody-foundry/lockfile";
import { ensureContent } from "@prosody-foundry/source";
import type { Context } from "./context.ts";
import type { ReachedRelease } from "./find-releases.ts";
import { describeOrigins } from "./origins.ts";
import { type OpenSource, sourceOf } from "./open-sources.ts";

export interface AvailabilityRequest {
  images: readonly Image[];
  lock: Lock;
  sources: ReadonlyMap<string, OpenSource>;
  reached: readonly ReachedRelease[];
}

type Unavailable = Partial<Record<Series, Record<string, string>>>;

/** By series, the modules (by their key in the lock) that would ship and whose locked content nobody reachable has, with the reason. */
export async function findUnavailable(context: Context, request: AvailabilityRequest): Promise<Unavailable> {
  const found: Unavailable = {};
  for (const { series, release } of request.reached) {
    const images = request.images.filter((image) => image.series.includes(series));
    const shipped = images.flatMap((image) => surveyModules({ image, series, release, lock: request.lock }).shipped);
    found[series] = await findMissing(context, shipped, request);
  }
  return found;
}

async function findMissing(
  context: Context,
  shipped: readonly ShippedModule[],
  { lock, sources }: AvailabilityRequest,
): Promise<Record<string, string>> {
  const missing: Record<string, string> = {};
  const origins: string[] = [];
  for (const module of shipped) {
    context.progress(`Looking for ${module.name}`);
    const found = await tryContent(context, module, sourceOf(sources, module.source));
    if ("because" in found) missing[keyFor(lock, module)] = found.because;
    else origins.push(found.from);
  }
  for (const line of describeOrigins(origins)) context.say(line);
  return missing;
}

type Found = { from: string } | { because: string };

async function tryContent(context: Context, module: ShippedModule, source: OpenSource): Promise<Found> {
  try {
    const { from } = await ensureContent(module, source.all, context);
    return { from };
  } catch (error) {
    if (!isUserError(error, "CONTENT_UNREACHABLE")) throw error;
    const because = `no reachable source of ${source.name} has revision ${module.node.slice(0, 12)}`;
    return { because };
  }
}
