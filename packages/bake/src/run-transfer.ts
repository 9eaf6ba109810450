import { cp, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { idOf } from "@prosody-foundry/images";
import { UserError, canonicalJson, runExclusive } from "@prosody-foundry/kit";
import { checkLayout, layoutManifests } from "./read-layout.ts";
import { buildFolder, readReportIn } from "./read-report.ts";
import type { Report } from "./report.ts";
import { replaceFolder, scratchPrefix, sweepInterrupted } from "./write-build.ts";

/** Copies builds of a cache into a folder, one folder for each id, for `importBuilds` on another machine. */
export async function exportBuilds(cacheDir: string, ids: readonly string[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const id of ids) await copyBuild(buildFolder(cacheDir, id), () => path.join(folder, id));
}

/**
 * Takes builds made elsewhere into the cache: from folders that `exportBuilds` wrote, or builds themselves. Each is read
 * whole and checked first: every blob by its digest, the id by the inputs, the report by the layout.
 * @throws UserError BUILD_REFUSED, LAYOUT_BROKEN, REPORT_BROKEN; then nothing of that build was taken.
 */
export async function importBuilds(cacheDir: string, folders: readonly string[]): Promise<Report[]> {
  const builds = path.join(cacheDir, "builds");
  const reports: Report[] = [];
  await mkdir(builds, { recursive: true });
  await runExclusive(builds, async () => {
    await sweepInterrupted(builds);
    for (const from of (await Promise.all(folders.map(findBuilds))).flat()) {
      reports.push(await copyBuild(from, ({ id }) => buildFolder(cacheDir, id)));
    }
  });
  return reports;
}

/** The copy is what is checked, so that nobody can change it in between; only then it gets its place. */
async function copyBuild(from: string, place: (report: Report) => string): Promise<Report> {
  const report = await checkReport(from, from);
  const to = place(report);
  const scratch = await mkdtemp(path.join(path.dirname(to), scratchPrefix));
  try {
    const copy = path.join(scratch, report.id);
    await cp(from, copy, { recursive: true });
    await checkBuild(copy, from);
    await replaceFolder(copy, to);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return report;
}

async function findBuilds(folder: string): Promise<string[]> {
  if (await isFile(path.join(folder, "report.json"))) return [folder];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => path.join(folder, name));
  const builds = await Promise.all(
    below.map(async (each) => ((await isFile(path.join(each, "report.json"))) ? [each] : [])),
  );
  if (builds.flat().length > 0) return builds.flat();
  throw refuse(folder, "has no build in it", "Name a folder that `foundry export` wrote.");
}

async function checkReport(folder: string, from: string): Promise<Report> {
  const report = await readReportIn(folder);
  if (idOf(report.inputs) !== report.id) throw refuse(from, "has an id that its inputs do not give");
  return report;
}

async function checkBuild(folder: string, from: string): Promise<void> {
  const report = await checkReport(folder, from);
  const layout = path.join(folder, "layout");
  await checkLayout(layout);
  const found = await layoutManifests(layout);
  const same = canonicalJson(found) === canonicalJson({ index: report.index, platforms: report.platforms });
  if (!same) throw refuse(from, "has a report of another layout");
}

function refuse(
  folder: string,
  because: string,
  hint = "Make it again where it came from, and copy it whole.",
): UserError {
  return new UserError("BUILD_REFUSED", `${folder} ${because}`, { hint });
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (found) => found.isFile(),
    () => false,
  );
}
