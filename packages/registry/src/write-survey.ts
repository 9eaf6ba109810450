import { readFile } from "node:fs/promises";
import path from "node:path";
import { type ExclusiveOptions, runExclusive, writeFileWhole } from "@prosody-foundry/kit";
import { renderAgreement } from "./agreement.ts";
import { formatSurvey } from "./format.ts";
import { parseSurvey } from "./parse.ts";
import { readSurvey, readSurveys, surveyFile } from "./read-survey.ts";
import type { Survey } from "./schema.ts";
import { fillTable } from "./table.ts";

/** Whose survey it is, and how to wait for another command that writes it. */
export interface SurveyPlace extends ExclusiveOptions {
  root: string;
  source: string;
}

/**
 * Makes the survey of a source out of the one before, while no other command of ours does; written whole or not at all, and
 * not when the file says the same already, which the answer tells. The table of agreement in the package's README
 * follows, where the repository has it.
 * @throws UserError BUSY, SURVEY_MALFORMED, and what `make` throws: then nothing is written.
 */
export async function updateSurvey(
  { root, source, ...options }: SurveyPlace,
  make: (before: Survey | undefined) => Survey,
): Promise<boolean> {
  const file = surveyFile(root, source);
  const update = async (): Promise<boolean> => {
    const text = formatSurvey(make(await readSurvey(root, source)));
    parseSurvey(text, path.relative(root, file));
    return writeFileWhole(file, text);
  };
  const written = await runExclusive(file, update, options);
  await writeAgreement(root);
  return written;
}

async function writeAgreement(root: string): Promise<void> {
  const file = path.join(root, "packages", "registry", "README.md");
  const text = await readFile(file, "utf8").catch(whenMissing);
  if (text === undefined) return;
  await writeFileWhole(file, fillTable(text, renderAgreement(await readSurveys(root))));
}

function whenMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
