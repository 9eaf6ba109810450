import type { Evidence, Judgement, Verdict } from "@prosody-foundry/lockfile";
import { compareText } from "@prosody-foundry/kit";
import { judgementsOf, type KnownModule } from "./known.ts";

/** A module about which two kinds of evidence differ, on releases where they do so alike. */
export interface Disagreement {
  /** What differs most. */
  about: string;
  module: string;
  source: string;
  pinned: boolean;
  releases: string[];
  verdict: Verdict;
  /** All that was observed, the two that differ most first. */
  evidence: Evidence[];
}

type Side = `${Evidence["kind"]} ${Evidence["says"]}`;

// What matters first: somebody relies on a README that is wrong; then what we ourselves foresaw wrongly.
const differences: ReadonlyArray<{ favourable: Side; against: Side; about: string }> = [
  { favourable: "declared works", against: "loaded broken", about: "The README says it works; it does not load" },
  { favourable: "declared works", against: "header broken", about: "The README says it works; its header refuses it" },
  {
    favourable: "declared works",
    against: "loaded doubtful",
    about: "The README says it works; it loads and complains",
  },
  {
    favourable: "declared works",
    against: "static broken",
    about: "The README says it works; its code asks for more than there is",
  },
  { favourable: "static loads", against: "loaded broken", about: "All its code asks for is there; it does not load" },
  { favourable: "loaded loads", against: "static broken", about: "It loads; its code asks for more than there is" },
  { favourable: "loaded loads", against: "declared broken", about: "It loads; the README says it is broken" },
  {
    favourable: "loaded doubtful",
    against: "static broken",
    about: "It loads and complains; its code asks for more than there is",
  },
  {
    favourable: "static doubtful",
    against: "loaded broken",
    about: "Only a function that runs later asks for more than there is; it does not load",
  },
  {
    favourable: "loaded doubtful",
    against: "declared broken",
    about: "It loads and complains; the README says it is broken",
  },
  {
    favourable: "declared works",
    against: "static doubtful",
    about: "The README says it works; a function that runs later asks for more than there is",
  },
  { favourable: "loaded loads", against: "declared doubtful", about: "It loads; the README advises against it" },
  {
    favourable: "loaded loads",
    against: "static doubtful",
    about: "It loads; a function that runs later asks for more than there is",
  },
  {
    favourable: "static loads",
    against: "declared broken",
    about: "All its code asks for is there; the README says it is broken",
  },
  {
    favourable: "static loads",
    against: "loaded doubtful",
    about: "All its code asks for is there; it loads and complains",
  },
];

/** Where kinds of evidence differ, what matters first first: see the table above; what is pinned before what is not. */
export function disagreementsOf(modules: readonly KnownModule[]): Disagreement[] {
  const found = modules.flatMap((module) => judgementsOf(module).flatMap((judgement) => differIn(module, judgement)));
  const joined = Map.groupBy(found, (one) => JSON.stringify([one.module, one.about, one.verdict, one.evidence]));
  const grouped = [...joined.values()].flatMap((same) => {
    const [first] = same;
    const releases = same.flatMap((one) => one.releases).toSorted(compareText);
    return first === undefined ? [] : [{ ...first, releases }];
  });
  return grouped.toSorted(compareDisagreements);
}

function differIn({ key, source, pinned }: KnownModule, judgement: Judgement): Disagreement[] {
  const { evidence, releases, verdict } = judgement;
  // Nobody is to load it there, whatever is said of it.
  if (verdict === "core" || verdict === "tombstone") return [];
  const find = (side: Side): Evidence | undefined => evidence.find(({ kind, says }) => `${kind} ${says}` === side);
  for (const { favourable, against, about } of differences) {
    const pair = [find(favourable), find(against)].filter((item) => item !== undefined);
    if (pair.length < 2) continue;
    const others = evidence.filter((item) => !pair.includes(item));
    return [{ about, module: key, source, pinned: pinned !== null, releases, verdict, evidence: [...pair, ...others] }];
  }
  return [];
}

function compareDisagreements(a: Disagreement, b: Disagreement): number {
  const rank = ({ about }: Disagreement): number => differences.findIndex((one) => one.about === about);
  return rank(a) - rank(b) || Number(b.pinned) - Number(a.pinned) || compareText(a.module, b.module);
}
