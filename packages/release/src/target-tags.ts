import { type Image, type SeriesFile, type Target, upstreamVersion } from "@prosody-foundry/images";
import type { LedgerEntry } from "./ledger.ts";
import { type TagPolicy, tagsFor } from "./tags.ts";

/** A target that was built, and what came out. */
export interface BuiltTarget {
  target: Pick<Target, "image" | "variant" | "series" | "release" | "id">;
  /** Of the index, `sha256:…`. */
  digest: string;
  /** Version of the image's package.json. */
  contract: string | null;
  platforms: LedgerEntry["platforms"];
  /** The day, or the moment in UTC. */
  date: string;
}

/** The policy the declared series and images amount to. */
export function policyOf(
  seriesFile: Pick<SeriesFile, "default" | "oldstable">,
  images: readonly Pick<Image, "variant">[],
): TagPolicy {
  const variants = [...new Set(images.map(({ variant }) => variant))];
  return { default: seriesFile.default, oldstable: seriesFile.oldstable, variants };
}

/**
 * What the ledger would gain if the target were published: the entry it has already when this digest is in it, else the
 * next image revision of that Prosody version and variant.
 */
export function nextEntry(built: BuiltTarget, ledger: readonly LedgerEntry[]): LedgerEntry {
  const { image, variant, series, release, id } = built.target;
  const version = upstreamVersion(release);
  const own = ledger.filter((entry) => entry.version === version && entry.variant === variant);
  const published = own.find((entry) => entry.digest === built.digest);
  if (published !== undefined) return published;
  const rev = 1 + Math.max(0, ...own.map((entry) => entry.rev));
  const { digest, contract, platforms, date } = built;
  return { image, variant, series, version, rev, digest, id, contract, platforms, yanked: false, date };
}

/**
 * The tags a target that was just built would carry, sorted: fewer floating ones when something newer is published.
 * @throws UserError of tagsFor.
 */
export function tagsOfTarget(built: BuiltTarget, policy: TagPolicy, ledger: readonly LedgerEntry[]): string[] {
  const tags = tagsFor(policy, [...ledger, nextEntry(built, ledger)]);
  return [...tags].filter(([, digest]) => digest === built.digest).map(([tag]) => tag);
}
