import { mkdir, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Target } from "@prosody-foundry/images";
import { prettyJson, writeFileWhole } from "@prosody-foundry/kit";
import { layoutManifests } from "./read-layout.ts";
import { buildFolder } from "./read-report.ts";
import type { Report } from "./report.ts";

/**
 * Takes a finished build, a folder with a `layout/` in it, into the cache: with its report, whole or not at all, in place
 * of an earlier one.
 */
export async function keepBuild(
  cacheDir: string,
  target: Target,
  { folder, now }: { folder: string; now: () => Date },
): Promise<void> {
  const { index, platforms } = await layoutManifests(path.join(folder, "layout"));
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
    builtAt: now().toISOString(),
  };
  await writeFileWhole(path.join(folder, "report.json"), prettyJson(report));
  await replaceFolder(folder, buildFolder(cacheDir, target.id));
}

/** Moves a folder to where another may be. */
export async function replaceFolder(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  await rm(to, { recursive: true, force: true });
  await rename(from, to);
}

/** What every folder is called that something is made in before it gets its place. */
export const scratchPrefix = "bake-";

/** What a killed command left in a folder; whoever calls holds the lock that says that no other is at work there. */
export async function sweepInterrupted(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(scratchPrefix));
  for (const name of names) await rm(path.join(folder, name), { recursive: true, force: true });
}
