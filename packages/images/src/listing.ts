import { compareUpstream } from "./versions.ts";

/** A tarball on Prosody's download site. */
export interface ListedRelease {
  version: string;
  /** Name of the file: `prosody-13.0.7.tar.gz`. */
  file: string;
  /** Name of its detached OpenPGP signature; null where there is none. */
  signature: string | null;
}

/**
 * The releases on a download site's page, newest first: whatever web server made it, each link whose last step is named like
 * a release. Release candidates, nightlies and other files are none.
 */
export function parseListing(html: string): ListedRelease[] {
  const links = [...html.matchAll(/\bhref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))/giu)];
  const files = new Set(links.map(([, a, b, c]) => (a ?? b ?? c ?? "").split("/").at(-1) ?? ""));
  const found = [...files].flatMap((file): ListedRelease[] => {
    const version = /^prosody-(\d+(?:\.\d+)+)\.tar\.gz$/u.exec(file)?.[1];
    if (version === undefined) return [];
    const signature = [`${file}.asc`, `${file}.sig`].find((name) => files.has(name)) ?? null;
    return [{ version, file, signature }];
  });
  return found.toSorted((a, b) => compareUpstream(b.version, a.version));
}
