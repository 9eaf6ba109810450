import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { UserError, compareText } from "@prosody-foundry/kit";
import { Report } from "./report.ts";

/** Where a target's build is kept: `layout/` and `report.json`. */
export function buildFolder(cacheDir: string, id: string): string {
  return path.join(cacheDir, "builds", id);
}

/**
 * The report of a target that was built before; undefined when it was not.
 * @throws UserError REPORT_BROKEN
 */
export async function readReport(cacheDir: string, id: string): Promise<Report | undefined> {
  const folder = buildFolder(cacheDir, id);
  const text = await readFile(path.join(folder, "report.json"), "utf8").catch(whenMissing);
  if (text === undefined) return undefined;
  const report = Report.safeParse(parseJson(text));
  if (report.success && report.data.id === id) return report.data;
  throw brokenReport(folder);
}

/** The report of a build in any folder. @throws UserError REPORT_BROKEN */
export async function readReportIn(folder: string): Promise<Report> {
  const report = Report.safeParse(parseJson(await readFile(path.join(folder, "report.json"), "utf8")));
  if (report.success) return report.data;
  throw brokenReport(folder);
}

function brokenReport(folder: string): UserError {
  return new UserError("REPORT_BROKEN", `${path.join(folder, "report.json")} is not the report of this build`, {
    hint: `Remove ${folder}; the image is built again.`,
  });
}

/** The reports of all builds kept here, newest first. */
export async function listBuilt(cacheDir: string): Promise<Report[]> {
  const ids = (await readdir(path.join(cacheDir, "builds")).catch(whenMissing)) ?? [];
  const reports = await Promise.all(
    ids.filter((id) => /^[0-9a-f]{64}$/u.test(id)).map((id) => readReport(cacheDir, id)),
  );
  return reports.filter((report) => report !== undefined).toSorted((a, b) => compareText(b.builtAt, a.builtAt));
}

function whenMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
