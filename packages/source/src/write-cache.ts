import { UserError, writeFileWhole } from "@prosody-foundry/kit";
import { z } from "zod";
import { integrityOf, type ModuleContent, treeOf } from "./content.ts";
import { answerPath, contentPath, encodeAnswer, readAnswer, readCachedContent } from "./read-cache.ts";
import { packTar } from "./tar.ts";

/** A question whose answer never changes, such as what a revision holds. */
export interface Question<T> {
  text: string;
  answer: z.ZodType<T>;
}

/**
 * Keeps content under its hashes. Two commands may do so at once: both write the same bytes.
 * @throws UserError CACHE_UNWRITABLE
 */
export async function writeCachedContent(cacheDir: string, content: ModuleContent): Promise<void> {
  const file = contentPath(cacheDir, { integrity: integrityOf(content), tree: treeOf(content) });
  await writeCached(file, await packTar(content));
}

/**
 * The answer the cache has, or else a fresh one, which it then has.
 * @throws UserError CACHE_CORRUPT, CACHE_UNWRITABLE, and what `ask` throws
 */
export async function recallAnswer<T>(cacheDir: string, question: Question<T>, ask: () => Promise<T>): Promise<T> {
  const kept = await readAnswer(cacheDir, question.text, question.answer);
  if (kept !== undefined) return kept;
  const answer = await ask();
  await writeAnswer(cacheDir, question.text, answer);
  return answer;
}

/**
 * Keeps an answer in place of the one before.
 * @throws UserError CACHE_UNWRITABLE
 */
export async function writeAnswer(cacheDir: string, question: string, answer: unknown): Promise<void> {
  await writeCached(answerPath(cacheDir, question), encodeAnswer(answer));
}

const ContentHashes = z.strictObject({ tree: z.string(), integrity: z.string() });

/** The same for a question that asks for content, which is kept apart under its hashes. */
export async function recallContent(
  cacheDir: string,
  question: { name: string; text: string },
  ask: () => Promise<ModuleContent>,
): Promise<ModuleContent> {
  const known = await readAnswer(cacheDir, question.text, ContentHashes);
  const kept = known && (await readCachedContent(cacheDir, { ...known, name: question.name, node: "" }));
  // A tree that ships the same is not enough here: the README was asked for, too.
  if (kept !== undefined && treeOf(kept) === known?.tree) return kept;
  const content = await ask();
  await writeCachedContent(cacheDir, content);
  const hashes = { tree: treeOf(content), integrity: integrityOf(content) };
  await writeAnswer(cacheDir, question.text, hashes);
  return content;
}

async function writeCached(file: string, data: string | Uint8Array): Promise<void> {
  await writeFileWhole(file, data).catch((error: NodeJS.ErrnoException) => {
    throw new UserError("CACHE_UNWRITABLE", `${file} cannot be written: ${error.message}`, {
      hint: "Make room, or choose another cache folder.",
      cause: error,
    });
  });
}
