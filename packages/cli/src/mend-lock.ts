import { allSeries, compareText, UserError } from "@prosody-foundry/kit";
import {
  emptyLock,
  isPin,
  isSame,
  type Judgement,
  type Lock,
  type LockConflict,
  type LockedModule,
  type LooseLock,
  mergeLocks,
  type NoPin,
  parseLoosely,
  type Pin,
} from "@prosody-foundry/lockfile";
import { checkedPart, type PinCheck } from "./check-pins.ts";
import type { LockSides } from "./read-lock-sides.ts";

/** A lock that was refused, as it should be, before its pins are checked. */
export interface MendedLock {
  lock: Lock;
  /** `form`: it was merged from nothing, only written otherwise than we do. */
  from: LockSides["from"] | "form";
  /** What both sides changed, and what was taken. */
  conflicts: LockConflict[];
  /** Modules whose pins have to be checked: those the sides do not agree on. */
  recheck: string[];
  /** Those of them that stand only if their pins are right: nobody vouches for their entries. */
  unproven: string[];
  /** Those of them with a pin that no whole lock has: what no source can tell was taken out of it. */
  emptied: string[];
}

export interface Wreck {
  text: string;
  /** What to call it in errors. */
  file: string;
  sides: LockSides | null;
  /** The last lock that was whole, to take judgements from. */
  committed: Lock | undefined;
}

/**
 * Merges the sides of a lock that git could not merge; takes one that has none as it stands. Pure.
 * @throws UserError LOCK_CONFLICT, LOCK_MALFORMED, LOCK_VERSION, LOCK_CHANGED for a source or release changed by hand.
 */
export function mendLock({ text, file, sides, committed }: Wreck): MendedLock {
  const whole = sides ?? takeAsItStands(text, file);
  const { lock, conflicts } = mergeLocks(whole.base?.lock ?? emptyLock(), whole.ours.lock, whole.theirs.lock);
  const known = [whole.base, whole.ours, whole.theirs];
  const unproven = findUnproven(lock, known);
  refuseOthers(unproven, file);
  const keys = unproven.map((entry) => entry.replace(/^modules\./u, ""));
  const proven = [committed, ...known.map((side) => (side === null ? undefined : provenPart(side)))];
  const modules = keys.map((key) => ({ key, ...keepProven(lock, key, proven) }));
  const mended = Object.fromEntries(modules.map(({ key, module }) => [key, module]));
  return {
    lock: { ...lock, modules: { ...lock.modules, ...mended } },
    from: whole.from,
    conflicts,
    recheck: [...new Set([...keys, ...findDiffering(lock, whole)])].toSorted(compareText),
    unproven: keys,
    emptied: modules.filter(({ emptied }) => emptied).map(({ key }) => key),
  };
}

function takeAsItStands(text: string, file: string): Omit<LockSides, "from"> & { from: "form" } {
  const loose = parseLoosely(text, file);
  return { from: "form", base: loose, ours: loose, theirs: loose };
}

/** Entries that are in no side with a check that is theirs. */
function findUnproven(lock: Lock, sides: readonly (LooseLock | null)[]): string[] {
  const entries = [...new Set(sides.flatMap((side) => side?.unproven ?? []))].toSorted(compareText);
  return entries.filter((entry) => {
    const merged = entryIn(lock, entry);
    if (merged === undefined) return false;
    return !sides.some(
      (side) => side !== null && !side.unproven.includes(entry) && isSame(entryIn(side.lock, entry), merged),
    );
  });
}

function entryIn(lock: Lock, entry: string): unknown {
  const [, section = "", key = ""] = /^(\w+)\.(.*)$/su.exec(entry) ?? [];
  return { sources: lock.sources, releases: lock.releases, modules: lock.modules }[section]?.[key];
}

// What a source's address or a release's own modules should be, no upstream can tell.
function refuseOthers(unproven: readonly string[], file: string): void {
  const others = unproven.filter((entry) => !entry.startsWith("modules."));
  if (others.length === 0) return;
  throw new UserError("LOCK_CHANGED", `${file} was changed by hand: ${others.join(", ")}`, {
    hint: "Nothing to check them against: take the committed file back (`git checkout`), or use `foundry source add`.",
  });
}

function provenPart({ lock, unproven }: LooseLock): Lock {
  const modules = Object.entries(lock.modules).filter(([key]) => !unproven.includes(`modules.${key}`));
  return { ...lock, modules: Object.fromEntries(modules) };
}

/** The module with those pins and judgements only that a whole lock has. */
function keepProven(
  lock: Lock,
  key: string,
  proven: readonly (Lock | undefined)[],
): { module: LockedModule; emptied: boolean } {
  const merged = lock.modules[key];
  if (merged === undefined) throw new Error(`${key} was merged and is gone`);
  const known = proven
    .map((one) => one?.modules[key])
    .filter((one) => one !== undefined)
    .filter(({ source }) => source === merged.source);
  const pins = allSeries.flatMap((series) => {
    const pin = merged.pins[series];
    const before = known.map((one) => one.pins[series]);
    return pin === undefined ? [] : [{ series, ...provePin(pin, before) }];
  });
  const module = { ...merged, pins: Object.fromEntries(pins.map(({ series, pin }) => [series, pin])) };
  const judgements = keepJudgements(lock, module, known[0]);
  return { module: { ...module, judgements }, emptied: pins.some(({ emptied }) => emptied) };
}

/** The whole pin that a lock has with the same content; else without what was seen of it, and its place in the history. */
function provePin(
  pin: Pin | NoPin,
  before: readonly (Pin | NoPin | undefined)[],
): { pin: Pin | NoPin; emptied: boolean } {
  if (!isPin(pin)) return { pin, emptied: false };
  const same = before.filter((one) => isPin(one)).filter((one) => isSame(checkedPart(one), checkedPart(pin)));
  const whole = same.find((one) => isSame(one, pin)) ?? same[0];
  if (whole !== undefined) return { pin: whole, emptied: false };
  return { pin: { ...pin, revision: null, hosts: [], refused: [] }, emptied: true };
}

/** Those made on the same pin with the same patches. */
function keepJudgements(lock: Lock, module: LockedModule, before: LockedModule | undefined): Judgement[] {
  if (before === undefined || !isSame(before.patches, module.patches)) return [];
  const holds = (release: string): boolean => {
    const series = lock.releases[release]?.series;
    return series !== undefined && isSame(before.pins[series], module.pins[series]);
  };
  const judgements = before.judgements.map((one) => ({ ...one, releases: one.releases.filter(holds) }));
  return judgements.filter(({ releases }) => releases.length > 0);
}

function findDiffering(lock: Lock, { ours, theirs }: Pick<LockSides, "ours" | "theirs">): string[] {
  return Object.keys(lock.modules).filter((key) => !isSame(ours.lock.modules[key], theirs.lock.modules[key]));
}

/** Why a lock stays as it is whose changed modules (`keys`) did not stand the check. */
export function refuseWrong(file: string, keys: readonly string[], checks: readonly PinCheck[]): UserError {
  const failed = checks.filter(({ module, result }) => keys.includes(module) && result !== "same");
  const lines = failed.map(({ module, source, result, detail }) => `\n  ${module}: ${result} at ${source}: ${detail}`);
  const isSeen = failed.some(({ result }) => result === "other" || result === "lies");
  if (!isSeen && failed.some(({ result }) => result === "unreachable")) {
    return new UserError("LOCK_CHANGED", `${file} was changed by hand, and cannot be checked now:${lines.join("")}`, {
      hint: "Run the command again when the sources answer, or take the committed file back (`git checkout`).",
    });
  }
  return new UserError(
    "LOCK_CHANGED",
    `${file} was changed by hand, and is not what the sources have:${lines.join("")}`,
    {
      hint: "Take the committed file back (`git checkout`), and pin these with `foundry module add` or `update`.",
    },
  );
}
