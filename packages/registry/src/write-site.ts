import { readFile } from "node:fs/promises";
import path from "node:path";
import { writeFileWhole } from "@prosody-foundry/kit";
import { readLock } from "@prosody-foundry/lockfile";
import { readSurveys, surveyFile } from "./read-survey.ts";
import { siteFiles } from "./site.ts";

/**
 * The registry as a folder that any web server can serve: the page, the lock and the surveys as they are committed.
 * Answers the files' names.
 * @throws UserError of readLock, SURVEY_MALFORMED
 */
export async function writeSite(root: string, folder: string): Promise<string[]> {
  const lockFile = path.join(root, "modules.lock.json");
  const surveys = await readSurveys(root);
  const files = new Map<string, string>(Object.entries(siteFiles(await readLock(lockFile), surveys)));
  files.set("modules.lock.json", await readFile(lockFile, "utf8"));
  for (const { source } of surveys) {
    files.set(`surveys/${source}.json`, await readFile(surveyFile(root, source), "utf8"));
  }
  for (const [name, text] of files) await writeFileWhole(path.join(folder, name), text);
  return [...files.keys()];
}
