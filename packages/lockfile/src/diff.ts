import { type Series, allSeries, canonicalJson, compareText } from "@prosody-foundry/kit";
import { normaliseLock } from "./format.ts";
import { type Lock, type LockedModule, type NoPin, type Pin, type Verdict, isPin, verdictOn } from "./schema.ts";

/** A pin as far as a diff shows it, the reason for having none, or null where the series was not resolved. */
type PinPoint = Pick<Pin, "node" | "date" | "revision" | "integrity"> | NoPin | null;

export interface PinChange {
  series: Series;
  from: PinPoint;
  to: PinPoint;
}

export interface VerdictChange {
  release: string;
  from: Verdict;
  to: Verdict;
}

export interface ModuleChange {
  name: string;
  change: "added" | "removed" | "changed";
  pins: PinChange[];
  verdicts: VerdictChange[];
  /** Other fields that differ: `source`, `hold`, `patches`, `evidence`, `facts`. */
  fields: string[];
}

/** What differs between two locks; empty lists when they say the same. */
export interface LockDiff {
  modules: ModuleChange[];
  sources: string[];
  releases: string[];
}

/** Pure. Locks that would be written as the same text do not differ. */
export function diffLocks(before: Lock, after: Lock): LockDiff {
  return diffNormal(normaliseLock(before), normaliseLock(after));
}

function diffNormal(before: Lock, after: Lock): LockDiff {
  const names = differing(before.modules, after.modules);
  return {
    modules: names.map((name) => diffModule(name, before.modules[name], after.modules[name])),
    sources: differing(before.sources, after.sources),
    releases: differing(before.releases, after.releases),
  };
}

/** The diff for people, a line for each module and series; empty text when nothing differs. */
export function formatDiff(diff: LockDiff): string {
  const lines = [
    ...diff.modules.flatMap(formatModule),
    ...diff.sources.map((name) => `~ source ${name}`),
    ...diff.releases.map((name) => `~ release ${name}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function diffModule(name: string, before: LockedModule | undefined, after: LockedModule | undefined): ModuleChange {
  const change = before === undefined ? "added" : after === undefined ? "removed" : "changed";
  return {
    name,
    change,
    pins: diffPins(before, after),
    verdicts: diffVerdicts(before, after),
    fields: change === "changed" && before && after ? diffFields(before, after) : [],
  };
}

function diffPins(before: LockedModule | undefined, after: LockedModule | undefined): PinChange[] {
  return allSeries
    .map((series) => ({ series, from: pointOf(before?.pins[series]), to: pointOf(after?.pins[series]) }))
    .filter(({ from, to }) => canonicalJson(from) !== canonicalJson(to));
}

function pointOf(pin: Pin | NoPin | undefined): PinPoint {
  if (pin === undefined) return null;
  if (!isPin(pin)) return pin;
  return { node: pin.node, date: pin.date, revision: pin.revision, integrity: pin.integrity };
}

function diffVerdicts(before: LockedModule | undefined, after: LockedModule | undefined): VerdictChange[] {
  const releases = new Set(
    [before, after].flatMap((module) => (module?.judgements ?? []).flatMap((one) => one.releases)),
  );
  return [...releases]
    .toSorted(compareText)
    .map((release) => ({ release, from: verdictOf(before, release), to: verdictOf(after, release) }))
    .filter(({ from, to }) => from !== to);
}

function verdictOf(module: LockedModule | undefined, release: string): Verdict {
  return module === undefined ? "unknown" : verdictOn(module, release);
}

function diffFields(before: LockedModule, after: LockedModule): string[] {
  const parts: [string, (module: LockedModule) => unknown][] = [
    ["source", (module) => module.source],
    ["hold", (module) => module.hold],
    ["patches", (module) => module.patches],
    ["evidence", (module) => module.judgements],
    ["facts", (module) => module.pins],
  ];
  const changed = parts.filter(([, part]) => canonicalJson(part(before)) !== canonicalJson(part(after)));
  return changed.map(([name]) => name);
}

function formatModule(module: ModuleChange): string[] {
  const mark = { added: "+", removed: "-", changed: "~" }[module.change];
  const pins = groupPins(module.pins).map(([series, text]) => `    ${series.join(", ")}: ${text}`);
  const verdicts = module.verdicts.map(({ release, from, to }) => `    on ${release}: ${from} → ${to}`);
  const quiet = pins.length + verdicts.length === 0 ? [`    ${module.fields.join(", ")}`] : [];
  return [`${mark} ${module.name}`, ...pins, ...verdicts, ...quiet];
}

function groupPins(pins: readonly PinChange[]): [Series[], string][] {
  const groups = new Map<string, Series[]>();
  for (const { series, from, to } of pins) {
    const text = formatChange(from, to);
    groups.set(text, [...(groups.get(text) ?? []), series]);
  }
  return [...groups].map(([text, series]) => [series, text]);
}

function formatChange(from: PinPoint, to: PinPoint): string {
  if (from === null) return formatPoint(to);
  return `${formatPoint(from)} → ${formatPoint(to)}`;
}

function formatPoint(point: PinPoint): string {
  if (point === null) return "no pin";
  if ("none" in point) return `none (${point.none})`;
  return `${point.node.slice(0, 12)} of ${point.date}`;
}

function differing(before: Record<string, unknown>, after: Record<string, unknown>): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...names].filter(
    (name) => canonicalJson(before[name] ?? null) !== canonicalJson(after[name] ?? null),
  );
  return changed.toSorted(compareText);
}
