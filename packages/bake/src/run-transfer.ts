import { cp, mkdir, mkdtemp, readdir, realpath, rm, stat } from "node:fs/promises";
import path from "node:path";
import { idOf } from "@prosody-foundry/images";
import { UserError, canonicalJson, compareText, isUserError, runExclusive } from "@prosody-foundry/kit";
import { checkLayout, layoutManifests } from "./read-layout.ts";
import { buildFolder, readReport, readReportIn } from "./read-report.ts";
import type { Report } from "./report.ts";
import { replaceFolder, scratchPrefix, sweepInterrupted } from "./write-build.ts";

/** Copies builds of a cache into a folder, one folder for each id, for `importBuilds` on another machine. */
export async function exportBuilds(cacheDir: string, ids: readonly string[], folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const id of ids) await copyBuild(buildFolder(cacheDir, id), () => path.join(folder, id));
}

/**
 * Takes builds made elsewhere into the cache: from folders that `exportBuilds` wrote, or builds themselves. Each is read
 * whole and checked first: every blob by its digest, the id by the inputs, the report by the layout. A build that is there
 * already with other images is not replaced: equal inputs give equal images, so one of the two is not what it says.
 * @throws UserError BUILD_REFUSED, LAYOUT_BROKEN, REPORT_BROKEN; then nothing of that build was taken.
 */
export async function importBuilds(cacheDir: string, folders: readonly string[]): Promise<Report[]> {
  const builds = path.join(cacheDir, "builds");
  const reports: Report[] = [];
  await mkdir(builds, { recursive: true });
  await runExclusive(builds, async () => {
    await sweepInterrupted(builds);
    for (const from of (await Promise.all(folders.map(findBuilds))).flat()) {
      reports.push(await copyBuild(from, (report) => placeFor(cacheDir, report, from)));
    }
  });
  return reports;
}

async function placeFor(cacheDir: string, { id, platforms }: Report, from: string): Promise<string> {
  const folder = buildFolder(cacheDir, id);
  const present = await readReport(cacheDir, id).catch(undefinedWhenBroken);
  if (present === undefined || canonicalJson(present.platforms) === canonicalJson(platforms)) return folder;
  const because = `has other images than ${folder}, of the same inputs`;
  throw refuse(from, because, "Find out which of them is right, and remove the other.");
}

function undefinedWhenBroken(error: unknown): undefined {
  if (!isUserError(error, "REPORT_BROKEN")) throw error;
}

/** The copy is what is checked, so that nobody can change it in between; only then it gets its place. */
async function copyBuild(from: string, place: (report: Report) => string | Promise<string>): Promise<Report> {
  const source = await realpath(from);
  await refuseOddEntries(source, from);
  const report = await checkReport(from, from);
  const to = await place(report);
  const scratch = await mkdtemp(path.join(path.dirname(to), scratchPrefix));
  try {
    const copy = path.join(scratch, report.id);
    await cp(source, copy, { recursive: true, verbatimSymlinks: true });
    await checkBuild(copy, from);
    await replaceFolder(copy, to);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return report;
}

// A link would be followed later, to wherever it leads then.
async function refuseOddEntries(folder: string, from: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const odd = entries.find((entry) => !entry.isFile() && !entry.isDirectory());
  if (odd === undefined) return;
  const name = path.relative(folder, path.join(odd.parentPath, odd.name));
  throw refuse(from, `has ${name} in it, which is neither file nor folder`);
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
  const wanted = (report.inputs["platforms"] ?? "").split(" ").toSorted(compareText);
  const had = Object.keys(report.platforms).toSorted(compareText);
  if (canonicalJson(had) !== canonicalJson(wanted)) {
    throw refuse(from, `has images for ${had.join(", ")}, and is for ${wanted.join(", ")}`);
  }
  return report;
}

async function checkBuild(folder: string, from: string): Promise<void> {
  await refuseOddEntries(folder, from);
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
