import { mkdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { checkShape, parseJson, prettyJson, UserError, writeFileWhole } from "@prosody-foundry/kit";
import { z } from "zod";
import type { VersionPlan } from "./version.ts";

const journalFile = ".changeset/version.journal.json";

const Files = z.record(z.string(), z.strictObject({ before: z.string().nullable(), after: z.string().nullable() }));

/**
 * Writes what a plan changes. All of it is noted down first, so that a run that is stopped on the way is finished by
 * the next one, and no changeset is counted twice.
 */
export async function writeVersion(root: string, { files }: Pick<VersionPlan, "files">): Promise<void> {
  if (Object.keys(files).length === 0) return;
  await mkdir(path.join(root, ".changeset"), { recursive: true });
  await writeFileWhole(path.join(root, journalFile), prettyJson(files));
  await finishVersion(root);
}

/**
 * Finishes what an earlier run began; true when there was something.
 * @throws UserError JOURNAL_STALE when somebody changed a file since
 */
export async function finishVersion(root: string): Promise<boolean> {
  const journal = path.join(root, journalFile);
  const text = await readText(journal);
  if (text === null) return false;
  const hint = `Take the committed files back (\`git checkout images .changeset\`), and remove ${journalFile}.`;
  const origin = { file: journalFile, code: "JOURNAL_STALE", hint };
  const files = checkShape(Files, parseJson(text, origin), origin);
  for (const [name, { before, after }] of Object.entries(files)) {
    const now = await readText(path.join(root, name));
    if (now === before || now === after) continue;
    throw new UserError(origin.code, `${name} was changed since \`foundry version\` was interrupted`, { hint });
  }
  for (const [name, { after }] of Object.entries(files)) {
    const file = path.join(root, name);
    await (after === null ? rm(file, { force: true }) : writeFileWhole(file, after));
  }
  await rm(journal);
  return true;
}

async function readText(file: string): Promise<string | null> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return null;
  });
}
