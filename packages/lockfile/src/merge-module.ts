import { allSeries, compareText, type Series } from "@prosody-foundry/kit";
import { type Judgement, type Lock, type LockedModule, type NoPin, type Pin, isPin } from "./schema.ts";
import { isSame, type LockConflict, mergeThree, type Side, type Sides } from "./sides.ts";

/** A module both sides changed. */
type Changed = Sides<LockedModule> | { base: undefined; ours: LockedModule; theirs: LockedModule };

type Merged = Pick<LockedModule, "pins" | "patches">;

const bothSides: readonly Side[] = ["ours", "theirs"];

interface Around {
  locks: Sides<Lock>;
  name: string;
  /** Added to. */
  conflicts: LockConflict[];
}

/** Field by field, pins series by series; a judgement goes with the pin it was made on. */
export function mergeModule(sides: Changed, around: Around): LockedModule {
  const { base, ours, theirs } = sides;
  const settle = (part: string) => {
    around.conflicts.push({ entry: around.name, part, taken: "ours" });
  };
  const pins = mergePins(sides, around);
  const patches = mergeThree({ base: base?.patches ?? [], ours: ours.patches, theirs: theirs.patches }, () => {
    settle("patches");
    return ours.patches;
  });
  const merged = { pins, patches };
  const unseen = allSeries.filter((series) => isPin(pins[series]) && judgesOf(sides, merged, series).length === 0);
  for (const series of unseen) settle(`patches with the pin on ${series}`);
  return {
    source: ours.source,
    hold: mergeThree({ base: base?.hold ?? false, ours: ours.hold, theirs: theirs.hold }, () => true),
    ...merged,
    judgements: mergeJudgements(sides, merged, around),
  };
}

function mergePins({ base, ours, theirs }: Changed, { name, conflicts }: Around): LockedModule["pins"] {
  const merged = allSeries.map((series) => {
    const three = { base: base?.pins[series], ours: ours.pins[series], theirs: theirs.pins[series] };
    const pin = mergeThree(three, () => {
      const taken = newerSide(three.ours, three.theirs);
      conflicts.push({ entry: name, part: series, taken });
      return three[taken];
    });
    return [series, pin] as const;
  });
  return Object.fromEntries(merged.filter(([, pin]) => pin !== undefined));
}

type MaybePin = Pin | NoPin | undefined;

/** By the day upstream committed it, then by how many changesets had touched it; a pin before none, ours before theirs. */
function newerSide(ours: MaybePin, theirs: MaybePin): Side {
  if (!isPin(ours) || !isPin(theirs)) return isPin(theirs) || ours === undefined ? "theirs" : "ours";
  const step = compareText(ours.date, theirs.date) || (ours.revision ?? 0) - (theirs.revision ?? 0);
  return step < 0 ? "theirs" : "ours";
}

function mergeJudgements(sides: Changed, merged: Merged, around: Around): Judgement[] {
  const [base, ours, theirs] = [sides.base, sides.ours, sides.theirs].map((module) => byRelease(module));
  const releases = [...new Set([base, ours, theirs].flatMap((map) => [...(map?.keys() ?? [])]))].toSorted(compareText);
  return releases.flatMap((release) => {
    const series = seriesIn(around.locks, release);
    const three = { base: base?.get(release), ours: ours?.get(release), theirs: theirs?.get(release) };
    const judges = series === undefined ? bothSides : judgesOf(sides, merged, series);
    const [judge] = judges;
    if (judge === undefined) return [];
    const judgement = judges.length > 1 ? mergeThree(three, () => newestOf(three, release, around)) : three[judge];
    return judgement === undefined ? [] : [{ ...judgement, releases: [release] }];
  });
}

function byRelease(module: LockedModule | undefined): Map<string, Judgement> {
  const judgements = module?.judgements ?? [];
  return new Map(judgements.flatMap((one) => one.releases.map((release) => [release, one])));
}

/** The sides that have what was merged for a series: only they can have judged it. Without a pin, patches do not count. */
function judgesOf(sides: Changed, { pins, patches }: Merged, series: Series): Side[] {
  const pin = pins[series];
  return bothSides.filter((side) => {
    const own = sides[side];
    return isSame(own.pins[series], pin) && (!isPin(pin) || isSame(own.patches, patches));
  });
}

function seriesIn({ base, ours, theirs }: Sides<Lock>, release: string): Series | undefined {
  return [ours, theirs, base].map((lock) => lock.releases[release]?.series).find((series) => series !== undefined);
}

/** Of two judgements of one pin, the one with the newest observation; a conflict only where the verdicts differ. */
function newestOf(
  { ours, theirs }: Sides<Judgement | undefined>,
  release: string,
  around: Around,
): Judgement | undefined {
  const taken = dayOf(ours) < dayOf(theirs) ? "theirs" : "ours";
  if (ours?.verdict !== theirs?.verdict) {
    around.conflicts.push({ entry: around.name, part: `verdict on ${release}`, taken });
  }
  return taken === "ours" ? ours : theirs;
}

function dayOf(judgement: Judgement | undefined): string {
  const days = judgement?.evidence.map(({ date }) => date) ?? [];
  return days.toSorted(compareText).at(-1) ?? "";
}
