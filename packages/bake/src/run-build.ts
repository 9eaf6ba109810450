import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Release, Target } from "@prosody-foundry/images";
import { prettyJson, runExclusive, writeFileWhole } from "@prosody-foundry/kit";
import { type Bakeable, bakeDefinition } from "./definition.ts";
import type { BakeContext } from "./engine.ts";
import { layoutManifests } from "./read-layout.ts";
import { buildFolder, readReport } from "./read-report.ts";
import type { Report } from "./report.ts";
import { runBake } from "./run-bake.ts";
import { ensureBase } from "./run-base.ts";
import { type Materials, writeContext } from "./write-context.ts";

export interface BuildOptions {
  /** Brings a target's materials together; asked only for targets that have to be built. */
  materials: (target: Target) => Promise<Materials>;
  /** Builds although there is a report, and without the engine's cache. */
  noCache?: boolean;
  now?: () => Date;
}

export interface Built {
  target: Target;
  report: Report;
  /** False when the report of an earlier build was found. */
  fresh: boolean;
}

/**
 * Builds the targets whose id has no report yet, all in one bake, into OCI layouts under the cache. A build that is
 * interrupted leaves nothing.
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
  const missing: Target[] = [];
  for (const target of targets) {
    const present = options.noCache === true ? undefined : await readReport(context.cacheDir, target.id);
    if (present === undefined) missing.push(target);
  }
  if (missing.length > 0) await bakeTargets(context, missing, options);
  const built: Built[] = [];
  for (const target of targets) {
    const report = await readReport(context.cacheDir, target.id);
    if (report === undefined) throw new Error(`The build of ${target.name} left no report`);
    built.push({ target, report, fresh: missing.includes(target) });
  }
  return built;
}

async function bakeTargets(context: BakeContext, targets: readonly Target[], options: BuildOptions): Promise<void> {
  await mkdir(context.cacheDir, { recursive: true });
  await sweepInterrupted(context.cacheDir);
  const folder = await mkdtemp(path.join(context.cacheDir, scratchPrefix));
  try {
    const bakeables: Bakeable[] = [];
    for (const target of targets) {
      const materials = await options.materials(target);
      await writeContext(path.join(folder, "contexts", target.name), target, materials);
      bakeables.push(await placeTarget(context, target));
    }
    await runBake(context, bakeDefinition(bakeables, options.noCache), folder);
    for (const { target, layout } of bakeables) {
      await keepBuild(context, target, { layout: path.join(folder, layout), now: options.now ?? (() => new Date()) });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const scratchPrefix = "bake-";

/** What a killed build left; the lock of `builds` says that none is running. */
async function sweepInterrupted(cacheDir: string): Promise<void> {
  const names = (await readdir(cacheDir)).filter((name) => name.startsWith(scratchPrefix));
  for (const name of names) await rm(path.join(cacheDir, name), { recursive: true, force: true });
}

/** The suite a target is built in: a compiled server needs its own suite's headers, for Debian's any apt will do. */
export function baseSuiteOf(release: Release): string {
  return release.kind === "debian" ? "trixie" : release.suite;
}

async function placeTarget(context: BakeContext, target: Target): Promise<Bakeable> {
  const base = await ensureBase(context, baseSuiteOf(target.release));
  const layout = `made/${target.name}/layout`;
  return { target, context: `contexts/${target.name}`, layout, base: base.context };
}

async function keepBuild(
  context: BakeContext,
  target: Target,
  made: { layout: string; now: () => Date },
): Promise<void> {
  const { index, platforms } = await layoutManifests(made.layout);
  const report: Report = {
    reportVersion: 1,
    id: target.id,
    name: target.name,
    image: target.image,
    series: target.series,
    release: target.release.version,
    index,
    platforms,
    inputs: target.inputs,
    builtAt: made.now().toISOString(),
  };
  const partial = path.dirname(made.layout);
  await writeFileWhole(path.join(partial, "report.json"), prettyJson(report));
  const final = buildFolder(context.cacheDir, target.id);
  await mkdir(path.dirname(final), { recursive: true });
  await rm(final, { recursive: true, force: true });
  await rename(partial, final);
}
