import type { BakeContext } from "./engine.ts";

/**
 * Where a URL is to be fetched from instead; undefined where nobody says so. A mirror of a folder (a URL that ends in a slash)
 * holds for all that is in it; the longest that fits counts.
 */
export function mirrorOf({ mirrors = {} }: Pick<BakeContext, "mirrors">, url: string): string | undefined {
  const exact = mirrors[url];
  if (exact !== undefined) return exact;
  const folders = Object.keys(mirrors).filter((key) => key.endsWith("/") && url.startsWith(key));
  const [folder] = folders.toSorted((a, b) => b.length - a.length);
  const replacement = folder === undefined ? undefined : mirrors[folder];
  if (folder === undefined || replacement === undefined) return undefined;
  return `${replacement.replace(/\/*$/u, "/")}${url.slice(folder.length)}`;
}
