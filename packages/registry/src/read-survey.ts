import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { compareText } from "@prosody-foundry/kit";
import { parseSurvey } from "./parse.ts";
import type { Survey } from "./schema.ts";

/** Where a repository has the survey of a source. */
export function surveyFile(root: string, source: string): string {
  return path.join(surveyFolder(root), `${source}.json`);
}

/**
 * The survey of a source; undefined while there is none.
 * @throws UserError SURVEY_MALFORMED
 */
export async function readSurvey(root: string, source: string): Promise<Survey | undefined> {
  const file = surveyFile(root, source);
  const text = await readFile(file, "utf8").catch(whenMissing);
  return text === undefined ? undefined : parseSurvey(text, path.relative(root, file));
}

/**
 * All surveys of a repository, by the names of their sources.
 * @throws UserError SURVEY_MALFORMED
 */
export async function readSurveys(root: string): Promise<Survey[]> {
  const names = (await readdir(surveyFolder(root)).catch(whenMissing)) ?? [];
  const sources = names.filter((name) => name.endsWith(".json")).map((name) => path.basename(name, ".json"));
  const surveys = await Promise.all(sources.toSorted(compareText).map((source) => readSurvey(root, source)));
  return surveys.filter((survey) => survey !== undefined);
}

function surveyFolder(root: string): string {
  return path.join(root, "packages", "registry", "surveys");
}

function whenMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
