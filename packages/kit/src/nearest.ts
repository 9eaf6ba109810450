import { distance } from "fastest-levenshtein";

/** A hint that names the closest known word, or undefined when none is close (a third of the letters differ). */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, steps: distance(word, candidate) }))
    .toSorted((a, b) => a.steps - b.steps);
  const best = ranked[0];
  if (best === undefined || best.steps > Math.max(1, Math.floor(word.length / 3))) return undefined;
  return `Did you mean ${best.candidate}?`;
}
