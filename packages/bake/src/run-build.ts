import { mkdir } from "node:fs/promises";
import path from "node:path";
import { type Target, narrowTarget } from "@prosody-foundry/images";
import { runExclusive } from "@prosody-foundry/kit";
import type { BakeContext } from "./engine.ts";
import { unknownOrigin } from "./origin.ts";
import { readReport } from "./read-report.ts";
import type { Report } from "./report.ts";
import { joinParts } from "./run-join.ts";
import { type Divided, type PartOptions, bakeParts } from "./run-parts.ts";
import { sweepInterrupted } from "./write-build.ts";

/** Builds although there is a report with `noCache`, and then without the engine's cache. */
export type BuildOptions = Pick<PartOptions, "materials"> & Partial<PartOptions>;

export interface Built {
  target: Target;
  report: Report;
  /** False when the report of an earlier build was found. */
  fresh: boolean;
}

/**
 * Builds the targets whose id has no report yet, into OCI layouts under the cache: their parts (one for each platform)
 * that are not there, all in one bake, each kept under its own id; then each target is joined from its parts. A build that
 * is interrupted leaves whole parts or nothing.
 */
export async function buildTargets(
  context: BakeContext,
  targets: readonly Target[],
  options: BuildOptions,
): Promise<Built[]> {
  const lock = path.join(context.cacheDir, "builds");
  return runExclusive(lock, () => buildMissing(context, targets, options), { onWait: context.progress });
}

async function buildMissing(context: BakeContext, targets: readonly Target[], options: BuildOptions): Promise<Built[]> {
  const missing = await withoutReport(context, targets, options);
  const divided = missing.map((target): Divided => {
    return { target, parts: target.platforms.map((platform) => narrowTarget(target, platform)) };
  });
  const made = { origin: unknownOrigin, now: () => new Date(), ...options };
  await mkdir(context.cacheDir, { recursive: true });
  await sweepInterrupted(context.cacheDir);
  const toBake: Divided[] = [];
  for (const { target, parts } of divided) {
    toBake.push({ target, parts: await withoutReport(context, parts, options) });
  }
  if (toBake.some(({ parts }) => parts.length > 0)) await bakeParts(context, toBake, made);
  for (const { target, parts } of divided) await joinParts(context.cacheDir, { target, parts }, made);
  const built: Built[] = [];
  for (const target of targets) {
    const report = await readReport(context.cacheDir, target.id);
    if (report === undefined) throw new Error(`The build of ${target.name} left no report`);
    built.push({ target, report, fresh: missing.includes(target) });
  }
  return built;
}

async function withoutReport(
  { cacheDir }: BakeContext,
  targets: readonly Target[],
  { noCache }: BuildOptions,
): Promise<Target[]> {
  const missing: Target[] = [];
  for (const target of targets) {
    const present = noCache === true ? undefined : await readReport(cacheDir, target.id);
    if (present === undefined) missing.push(target);
  }
  return missing;
}
