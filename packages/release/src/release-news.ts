import { compareUpstream, type Target, upstreamVersion } from "@prosody-foundry/images";
import { compareText, type Series } from "@prosody-foundry/kit";
import type { BumpType } from "./changelog.ts";
import type { LedgerEntry } from "./ledger.ts";

/** A Prosody release that an image would bring, and that nothing its users read has told them of. */
export interface ReleaseNews {
  image: string;
  series: Series;
  /** The release last published; null for a series the image was never published on. */
  from: string | null;
  to: string;
  bump: BumpType;
  /** One line for the changelog; names the release. */
  summary: string;
}

export interface NewsRequest {
  targets: readonly Pick<Target, "image" | "series" | "release">[];
  ledger: readonly LedgerEntry[];
  /** True when a pending changeset of the image, or its changelog since that contract, names the version. */
  isTold: (image: string, version: string, since: string | null) => boolean;
}

/**
 * What the declared releases change for users without a changeset saying so: a minor for a series the image was never
 * published on, a patch for another release of one. Of an image that was never published at all, nothing is new.
 * The release itself is the news, so nobody has to write it down; who has more to say writes a changeset that names it.
 */
export function releaseNews({ targets, ledger, isTold }: NewsRequest): ReleaseNews[] {
  return targets.flatMap(({ image, series, release }) => {
    const published = ledger.filter((entry) => entry.image === image);
    if (published.length === 0) return [];
    const last = lastPublished(published, image, series);
    const to = upstreamVersion(release);
    // Who publishes ahead of what is committed, as trunk's nights do, has told of more than this.
    if (last !== undefined && compareUpstream(to, last.version) <= 0) return [];
    const since = last === undefined ? lastContract(published) : last.contract;
    return isTold(image, to, since) ? [] : [describe({ image, series, to }, last?.version ?? null)];
  });
}

/** The newest publication of an image on a series that still stands; by when it was published, not by its version. */
export function lastPublished(ledger: readonly LedgerEntry[], image: string, series: string): LedgerEntry | undefined {
  const own = ledger.filter((entry) => entry.image === image && entry.series === series && !entry.yanked);
  return own.toSorted(byPublication).at(-1);
}

function lastContract(published: readonly LedgerEntry[]): string | null {
  return published.toSorted(byPublication).at(-1)?.contract ?? null;
}

function byPublication(a: LedgerEntry, b: LedgerEntry): number {
  return compareText(a.date, b.date) || compareUpstream(a.version, b.version) || a.rev - b.rev;
}

function describe(target: Pick<ReleaseNews, "image" | "series" | "to">, from: string | null): ReleaseNews {
  const { series, to } = target;
  if (from !== null) return { ...target, from, bump: "patch", summary: `Prosody ${to} in place of ${from}` };
  return { ...target, from, bump: "minor", summary: `The ${series} series of Prosody, with ${to}` };
}
