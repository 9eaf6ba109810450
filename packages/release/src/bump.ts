import type { Series } from "@prosody-foundry/kit";
import type { PinChange, Verdict, VerdictChange } from "@prosody-foundry/lockfile";
import type { Changeset, FileDiff } from "@prosody-foundry/source";

/** All that a pull request for one bump needs; printable as JSON. */
export interface Bump extends BumpContent {
  bumpVersion: 1;
  /** The same for every bump of the same modules: a newer bump takes the place of an older one. */
  branch: string;
  title: string;
  /** The report, in Markdown. */
  body: string;
  labels: string[];
  /** Path in the repository → its new text. */
  files: Record<string, string>;
}

/** What a bump changes: what its report tells. */
export interface BumpContent {
  modules: BumpedModule[];
  /** Modules that could be expected to move and do not. */
  stays: StayingModule[];
  targets: RebuiltTarget[];
}

export interface BumpedModule {
  /** Key of the lock: `mod_x` or `mod_x@source`. */
  name: string;
  source: string;
  /** Address of a changeset at upstream, up to its revision; null where there is none to be had. */
  link: string | null;
  /** Every series the module was resolved for. */
  series: BumpedSeries[];
  /** The module's changesets since the old pins, newest first; null where no history says. */
  commits: Changeset[] | null;
  /** One for each pair of contents; null where the old content cannot be had any more. */
  diffs: ModuleDiff[] | null;
  changes: Record<ChangedFact, Delta>;
  verdicts: (VerdictChange & { because: string[] })[];
  /** Compressed size of the largest layer the module makes a user pull anew; null where no image ships it. */
  bytes: number | null;
}

export interface BumpedSeries extends PinChange {
  /** The newest release of the series it is judged on, and the verdicts there; null where it is judged on none. */
  release: string | null;
  before: Verdict;
  after: Verdict;
  /** Newer revisions that do not work on this series. */
  refused: { node: string; because: string }[];
}

export interface ModuleDiff {
  series: Series[];
  files: FileDiff[];
}

/** What a module has or needs, in the order of the report. */
export const changedFacts = ["stage", "licence", "needs", "uses", "libraries", "options"] as const;
export type ChangedFact = (typeof changedFacts)[number];

/** What came and what went. */
export interface Delta {
  added: string[];
  removed: string[];
}

export interface StayingModule {
  name: string;
  because: string;
}

/** A target whose content changes. */
export interface RebuiltTarget {
  name: string;
  image: string;
  series: Series;
  /** Version of the Prosody release. */
  release: string;
  /** Its id until now; null where it could not be planned. */
  before: string | null;
  after: string;
  /** The bump's modules whose content in it changes, by the name Prosody knows them by. */
  modules: string[];
  /** What who has the old image pulls. */
  layers: RebuiltLayer[];
}

interface RebuiltLayer {
  /** `modules b3`, `configuration`, or what else changes. */
  name: string;
  /** Compressed; null where only a build can tell. */
  bytes: number | null;
}

/** True when the pin of a series became another. */
export function isMoved({ from, to }: Pick<PinChange, "from" | "to">): boolean {
  return nodeOf(from) !== nodeOf(to);
}

function nodeOf(point: PinChange["from"]): string | null {
  return point !== null && "node" in point ? point.node : null;
}

/** `1a2b3c4d5e6f → 6f5e4d3c2b1a` for each move, with the series it is on. */
export function movesOf(series: readonly BumpedSeries[]): [string, BumpedSeries[]][] {
  const moved = series.filter(isMoved);
  return [...Map.groupBy(moved, ({ from, to }) => `${shortNode(from)} → ${shortNode(to)}`)];
}

function shortNode(point: PinChange["from"]): string {
  return nodeOf(point)?.slice(0, 12) ?? "none";
}

/** One line for what happens to the modules; `lead` is the one a bump of its own is named after. */
export function titleOf({ modules }: BumpContent, lead: string | null): string {
  const moved = modules.filter((module) => module.series.some(isMoved));
  const [first] = moved;
  if (first === undefined) return `Newer evidence on ${countOf(modules.length, "module")}`;
  const name = moved.some((module) => module.name === lead) ? lead : null;
  if (moved.length === 1) return `Bump ${first.name}`;
  if (name !== null) return `Bump ${name} and ${moved.length - 1} more`;
  return `Bump ${moved.length} modules`;
}

/** `1 module`, `2 modules` */
export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** What a pull request is labelled with. */
export function labelsOf({ modules, targets }: BumpContent): string[] {
  const order: readonly Verdict[] = ["works", "loads", "doubtful"];
  const rank = (verdict: Verdict): number => (order.includes(verdict) ? order.indexOf(verdict) : order.length);
  const judged = modules.flatMap(({ series }) => series).filter(({ before }) => before !== "unknown");
  const worse = judged.some(({ before, after }) => rank(after) > rank(before));
  return ["bump", ...(targets.length === 0 ? ["no rebuild"] : []), ...(worse ? ["worse verdict"] : [])];
}
