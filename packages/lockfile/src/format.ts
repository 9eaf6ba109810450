import { canonicalJson, compareText, prettyJson } from "@prosody-foundry/kit";
import { toFile } from "./file-shape.ts";
import { type Judgement, type Lock, type LockedModule, type LockedRelease, type NoPin, type Pin } from "./schema.ts";

/** The text of modules.lock.json: equal locks give equal bytes. */
export function formatLock(lock: Lock): string {
  return prettyJson(toFile(normaliseLock(lock)));
}

/**
 * The one form of a lock among those that say the same: sets sorted, releases with the same verdict and evidence
 * together. `parseLock(formatLock(lock))` gives this.
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

// A release that is named twice keeps its first judgement, the one `verdictOn` answers with.
function groupJudgements(judgements: readonly Judgement[]): Judgement[] {
  const groups = new Map<string, Judgement>();
  const seen = new Set<string>();
  for (const { releases, verdict, evidence } of judgements) {
    const fresh = releases.filter((release) => !seen.has(release));
    const key = canonicalJson([verdict, evidence]);
    const present = groups.get(key)?.releases ?? [];
    if (fresh.length > 0) groups.set(key, { releases: sortSet([...present, ...fresh]), verdict, evidence });
    for (const release of fresh) seen.add(release);
  }
  return [...groups.values()].toSorted((a, b) => compareText(a.releases[0] ?? "", b.releases[0] ?? ""));
}

function sortSet<T extends string>(items: readonly T[]): T[] {
  return [...new Set(items)].toSorted(compareText);
}
