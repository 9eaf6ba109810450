import { z } from "zod";
import type { Reading } from "./reading.ts";
import { isWholeRevision } from "./revision.ts";
import { recallAnswer, recallContent } from "./write-cache.ts";

const RevisionDate = z.strictObject({ node: z.string(), date: z.string() });
const Changeset = z.strictObject({ ...RevisionDate.shape, author: z.string(), subject: z.string() });
const LineDates = z.array(z.string()).nullable();

/**
 * Keeps in the cache what a whole revision hash answers once and for all; what moves (the newest revision, a short
 * hash) is asked anew.
 * @param place - address and folder, so that two servers never answer for each other
 */
export function keepAnswers(reading: Reading, cacheDir: string, place: string): Reading {
  const textOf = (...words: readonly string[]): string => [place, ...words].join("\n");
  return {
    readNewest: () => reading.readNewest(),
    resolveRevision: (prefix) => {
      const ask = () => reading.resolveRevision(prefix);
      if (!isWholeRevision(prefix)) return ask();
      return recallAnswer(cacheDir, { text: textOf("revision", prefix), answer: RevisionDate }, ask);
    },
    listModules: (node) => {
      const ask = () => reading.listModules(node);
      if (!isWholeRevision(node)) return ask();
      return recallAnswer(cacheDir, { text: textOf("modules", node), answer: z.array(z.string()) }, ask);
    },
    readHistory: (name, node) => {
      const ask = () => reading.readHistory(name, node);
      if (node === undefined || !isWholeRevision(node)) return ask();
      return recallAnswer(cacheDir, { text: textOf("history", name, node), answer: z.array(Changeset) }, ask);
    },
    readLineDates: (node, name, path) => {
      const ask = () => reading.readLineDates(node, name, path);
      if (!isWholeRevision(node)) return ask();
      return recallAnswer(cacheDir, { text: textOf("lines", name, node, path), answer: LineDates }, ask);
    },
    readModule: (node, name) => {
      const ask = () => reading.readModule(node, name);
      if (!isWholeRevision(node)) return ask();
      return recallContent(cacheDir, { name, text: textOf("module", name, node) }, ask);
    },
  };
}
