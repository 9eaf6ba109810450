import { compareUpstream } from "@prosody-foundry/images";
import { UserError, compareText } from "@prosody-foundry/kit";
import type { LedgerEntry } from "./ledger.ts";

/** The committed settings the floating tags follow. */
export interface TagPolicy {
  /** The series `latest` and `stable` follow: a new one takes them only when this says so. */
  default: string;
  /** The series `oldstable` follows. */
  oldstable: string | null;
  /** Variants that are still published, the default image's "" among them; others keep their immutable tags only. */
  variants: readonly string[];
}

// The image's name is in no tag; its variant is.
type Published = Omit<LedgerEntry, "image">;

/**
 * Every tag there should be → the digest it should have. A pure function of the policy and of all that was ever published,
 * in any order; never of what was just built. Order is by number: 13.0.10 is after 13.0.9, r10 after r9, trunk builds go
 * by their day.
 * @throws UserError TAG_IMMUTABLE when one image revision has two digests, VARIANT_RESERVED.
 */
export function tagsFor(policy: TagPolicy, ledger: readonly Published[]): Map<string, string> {
  const floating = floatingTagsFor(policy, ledger);
  return new Map([...immutableTags(ledger), ...floating].toSorted(([a], [b]) => compareText(a, b)));
}

/** Only the tags that move, in order. @throws UserError as tagsFor. */
export function floatingTagsFor(policy: TagPolicy, ledger: readonly Published[]): Map<string, string> {
  refuseReserved(policy.variants);
  immutableTags(ledger);
  const newest = [...newestByTag(policy, ledger)].toSorted(([a], [b]) => compareText(a, b));
  return new Map(newest.map(([tag, entry]) => [tag, entry.digest]));
}

/** The immutable tag of an entry: `13.0.7-r3`, `13.0.7-r3-full`. */
export function immutableTag({ version, rev, variant }: Pick<LedgerEntry, "version" | "rev" | "variant">): string {
  return withVariant(`${version}-r${rev}`, variant);
}

function immutableTags(ledger: readonly Published[]): Map<string, string> {
  const tags = new Map<string, string>();
  for (const entry of ledger) {
    const tag = immutableTag(entry);
    const digest = tags.get(tag) ?? entry.digest;
    if (digest !== entry.digest) throw secondDigest(tag, [digest, entry.digest]);
    tags.set(tag, digest);
  }
  return tags;
}

function newestByTag(policy: TagPolicy, ledger: readonly Published[]): Map<string, Published> {
  const newest = new Map<string, Published>();
  const kept = standing(ledger).filter(({ variant }) => policy.variants.includes(variant));
  for (const entry of kept.toSorted(compareRevisions)) {
    for (const tag of floatingTags(policy, entry)) newest.set(tag, entry);
  }
  return newest;
}

// A revision that is yanked in one copy of the ledger is yanked.
function standing(ledger: readonly Published[]): Published[] {
  const yanked = new Set(ledger.filter((entry) => entry.yanked).map(immutableTag));
  return ledger.filter((entry) => !yanked.has(immutableTag(entry)));
}

/** The floating tags an entry would carry if it were the newest everywhere. */
function floatingTags(policy: TagPolicy, entry: Published): string[] {
  const { series, variant } = entry;
  const latest = variant === "" ? "latest" : variant;
  return [
    ...versionTags(entry).map((tag) => withVariant(tag, variant)),
    ...(series === policy.default ? [latest, withVariant("stable", variant)] : []),
    ...(series === policy.oldstable ? [withVariant("oldstable", variant)] : []),
  ];
}

function versionTags({ series, version }: Published): string[] {
  if (series === "trunk") return ["edge", "trunk"];
  const major = version.split(".")[0] ?? "";
  // 0.12 and 0.11 have nothing in common that a bare 0 could promise.
  return major === "0" ? [version, series] : [version, series, major];
}

// Of two trunk builds of one day the one published later is the newer; then by name, so that there is an order at all.
export function compareRevisions(a: Published, b: Published): number {
  return (
    compareUpstream(a.version, b.version) ||
    (a.series === "trunk" ? compareText(a.date, b.date) : 0) ||
    compareText(a.version, b.version) ||
    a.rev - b.rev
  );
}

function withVariant(tag: string, variant: string): string {
  return variant === "" ? tag : `${tag}-${variant}`;
}

function refuseReserved(variants: readonly string[]): void {
  const taken = variants.find((variant) => /^(latest|stable|oldstable|edge|trunk|\d+|r\d+)$/u.test(variant));
  if (taken === undefined) return;
  throw new UserError("VARIANT_RESERVED", `No variant can be called ${taken}: it is a tag of the default image`, {
    hint: "Change `variant` in its image.json.",
  });
}

export function secondDigest(tag: string, digests: readonly string[]): UserError {
  const [first, second] = digests.toSorted(compareText);
  return new UserError("TAG_IMMUTABLE", `${tag} is ${first} and cannot become ${second}`, {
    hint: "Publish the new image as the next revision.",
  });
}
