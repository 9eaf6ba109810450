import { compareText } from "@prosody-foundry/kit";
import type { LedgerEntry } from "./ledger.ts";
import { compareRevisions, floatingTagsFor, immutableTag, type TagPolicy } from "./tags.ts";

/** Why a tag is where it is. */
export interface ExplainedTag {
  tag: string;
  kind: "immutable" | "floating";
  digest: string;
  /** The revision it is on, by its immutable tag. */
  revision: string;
  rule: string;
  /** What it would take to move it. */
  moves: string;
}

/** Every tag there should be, the floating ones first. Pure, as the rules themselves. */
export function explainTags(policy: TagPolicy, entries: readonly LedgerEntry[]): ExplainedTag[] {
  const sorted = entries.toSorted((a, b) => compareText(immutableTag(a), immutableTag(b)));
  const floating = [...floatingTagsFor(policy, entries)].flatMap(([tag, digest]) =>
    explainFloating(policy, sorted, { tag, digest }),
  );
  return [...floating, ...sorted.map(explainImmutable)];
}

function explainImmutable(entry: LedgerEntry): ExplainedTag {
  const tag = immutableTag(entry);
  const rule = entry.yanked ? "an image revision, withdrawn: no other tag goes there" : "an image revision";
  return { tag, kind: "immutable", digest: entry.digest, revision: tag, rule, moves: "nothing" };
}

function explainFloating(
  policy: TagPolicy,
  entries: readonly LedgerEntry[],
  { tag, digest }: { tag: string; digest: string },
): ExplainedTag[] {
  const on = entries.filter((entry) => entry.digest === digest && !entry.yanked).toSorted(compareRevisions);
  return on.slice(-1).map((entry): ExplainedTag => {
    const { rule, moves } = ruleOf(policy, tag, entry);
    const passed = entries.filter((other) => other.yanked && isNewer(other, entry)).map(immutableTag);
    const over = passed.length === 0 ? "" : `; ${passed.join(", ")} withdrawn`;
    return { tag, kind: "floating", digest, revision: immutableTag(entry), rule: rule + over, moves };
  });
}

function isNewer(other: LedgerEntry, entry: LedgerEntry): boolean {
  return other.series === entry.series && other.variant === entry.variant && compareRevisions(other, entry) > 0;
}

type Rule = Pick<ExplainedTag, "rule" | "moves">;

function ruleOf(policy: TagPolicy, tag: string, { series, version, variant }: LedgerEntry): Rule {
  const what = variant === "" ? "" : ` (${variant})`;
  const word = withoutVariant(tag, variant);
  const major = version.split(".")[0] ?? "";
  const newest = (of: string): Rule => ({ rule: `newest of ${of}${what}`, moves: `anything newer of ${of}` });
  const rules = new Map<string, Rule>([
    [major, newest(major)],
    ...[series, "edge", "trunk"].map((name): [string, Rule] => [name, newest(`the ${series} series`)]),
    [version, { rule: `newest revision of ${version}${what}`, moves: "its next revision" }],
    ["oldstable", named("oldstable", policy.oldstable ?? series, what)],
  ]);
  return rules.get(word) ?? named("default", policy.default, what);
}

function withoutVariant(tag: string, variant: string): string {
  return variant !== "" && tag.endsWith(`-${variant}`) ? tag.slice(0, -variant.length - 1) : tag;
}

function named(setting: string, series: string, what: string): Rule {
  return {
    rule: `newest of ${series}${what}, which \`${setting}\` in images/series.json names`,
    moves: `anything newer of ${series}, or another series named there`,
  };
}
