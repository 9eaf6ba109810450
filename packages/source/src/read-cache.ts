import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { isUserError, sha256, UserError } from "@prosody-foundry/kit";
import type { z } from "zod";
import { integrityOf, makeContent, type ModuleContent, treeOf } from "./content.ts";
import type { PinnedModule } from "./source.ts";
import { packTar, unpackTar } from "./tar.ts";

/** Where content lies: folders by integrity, in them a tar for each tree id (trees that differ in their READMEs). */
export function contentPath(cacheDir: string, pin: Pick<PinnedModule, "integrity" | "tree">): string {
  return path.join(cacheDir, "modules", pin.integrity, `${pin.tree}.tar`);
}

/** Where the answer to a question lies that has the same answer for ever. */
export function answerPath(cacheDir: string, question: string): string {
  return path.join(cacheDir, "answers", `${sha256(question)}.json`);
}

/** How an answer is kept: the SHA-256 of the line that follows. */
export function encodeAnswer(value: unknown): string {
  const line = JSON.stringify(value);
  return `${sha256(line)}\n${line}\n`;
}

/**
 * What the cache has for a pin: that very tree, or one that ships the same. Verified on every read.
 * @throws UserError CACHE_CORRUPT
 */
export async function readCachedContent(cacheDir: string, pin: PinnedModule): Promise<ModuleContent | undefined> {
  const exact = contentPath(cacheDir, pin);
  const folder = path.dirname(exact);
  const present = (await readdir(folder).catch(whenMissing)) ?? [];
  const trees = present.filter((name) => /^[0-9a-f]{40}\.tar$/u.test(name)).toSorted();
  const chosen = trees.includes(path.basename(exact)) ? path.basename(exact) : trees[0];
  if (chosen === undefined) return undefined;
  return readVerified(path.join(folder, chosen), { ...pin, tree: chosen.slice(0, 40) });
}

/**
 * The kept answer, or undefined.
 * @throws UserError CACHE_CORRUPT
 */
export async function readAnswer<T>(cacheDir: string, question: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const file = answerPath(cacheDir, question);
  const text = await readFile(file, "utf8").catch(whenMissing);
  if (text === undefined) return undefined;
  const line = text.split("\n")[1] ?? "";
  if (text !== `${sha256(line)}\n${line}\n`) throw corrupt(file);
  return schema.parse(JSON.parse(line));
}

async function readVerified(file: string, pin: PinnedModule): Promise<ModuleContent> {
  const bytes = await readFile(file);
  const content = await unpackTar(bytes, file).then(
    (files) => makeContent(pin.name, files),
    (error: unknown) => {
      throw isUserError(error) ? corrupt(file, error) : error;
    },
  );
  const sound = treeOf(content) === pin.tree && integrityOf(content) === pin.integrity;
  // The tar itself holds more than the content does, so it has to be byte for byte what we would write.
  if (!sound || !bytes.equals(await packTar(content))) throw corrupt(file);
  return content;
}

function corrupt(file: string, cause?: unknown): UserError {
  return new UserError("CACHE_CORRUPT", `${file} in the cache is not what was put there`, {
    hint: `Delete it and run the command again: rm ${file}`,
    cause,
  });
}

function whenMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}
