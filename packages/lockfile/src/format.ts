import { compareText, prettyJson } from "@prosody-foundry/kit";
import { toFile } from "./file-shape.ts";
import { groupJudgements } from "./judgements.ts";
import { type Lock, type LockedModule, type LockedRelease, type NoPin, type Pin } from "./schema.ts";

/** The text of modules.lock.json: equal locks give equal bytes. */
export function formatLock(lock: Lock): string {
  return prettyJson(toFile(normaliseLock(lock)));
}

/**
 * The one form of a lock among those that say the same: sets sorted, releases with the same verdict and evidence
 * together (see groupJudgements). `parseLock(formatLock(lock))` gives this.
 */
export function normaliseLock(lock: Lock): Lock {
  const releases = Object.entries(lock.releases).map(([name, release]) => [name, normaliseRelease(release)] as const);
  const modules = Object.entries(lock.modules).map(([name, module]) => [name, normaliseModule(module)] as const);
  return { ...lock, releases: Object.fromEntries(releases), modules: Object.fromEntries(modules) };
}

function normaliseRelease(release: LockedRelease): LockedRelease {
  return { ...release, core: sortSet(release.core), features: sortSet(release.features) };
}

function normaliseModule(module: LockedModule): LockedModule {
  const pins = Object.entries(module.pins).map(([series, pin]) => [series, normalisePin(pin)] as const);
  return { ...module, pins: Object.fromEntries(pins), judgements: groupJudgements(module.judgements) };
}

function normalisePin(pin: Pin | NoPin): Pin | NoPin {
  if ("none" in pin) return pin;
  return { ...pin, depends: sortSet(pin.depends), optional: sortSet(pin.optional), hosts: sortSet(pin.hosts) };
}

function sortSet<T extends string>(items: readonly T[]): T[] {
  return [...new Set(items)].toSorted(compareText);
}
