import { compareUpstream, type SeriesFile, upstreamVersion } from "@prosody-foundry/images";
import { allSeries, type Series } from "@prosody-foundry/kit";
import { HostKind, isPin, type Lock, type LockedModule, type Verdict, verdictOn } from "@prosody-foundry/lockfile";
import type { Context } from "./context.ts";
import { applyFindings, judgePins } from "./judge-pins.ts";
import { openReleases } from "./open-releases.ts";

/** What a new release means for the pinned modules. */
export interface ReleaseCompatibility {
  series: Series;
  release: string;
  /** The newest older release that the modules were judged on; null where there is none. */
  against: string | null;
  modules: ModuleStanding[];
}

export interface ModuleStanding {
  /** Key of the lock. */
  name: string;
  before: Verdict;
  after: Verdict;
  /** What of the evidence on the new release is not silent. */
  because: string[];
}

export interface JudgedReleases {
  compatibility: ReleaseCompatibility[];
  /** Puts the evidence into a lock. */
  apply: (lock: Lock) => Lock;
}

/**
 * Builds a server of each of these Prosody versions and loads every module that is pinned on their series.
 * @param seriesFile - with the new releases in it
 * @throws UserError of openReleases
 */
export async function judgeReleases(
  context: Context,
  lock: Lock,
  { seriesFile, versions }: { seriesFile: SeriesFile; versions: readonly string[] },
): Promise<JudgedReleases> {
  const only = allSeries.filter((one) => releasesIn(seriesFile, one, versions).length > 0);
  const names = Object.keys(lock.modules).filter((key) => only.some((one) => isPin(lock.modules[key]?.pins[one])));
  if (names.length === 0) return { compatibility: [], apply: (now) => now };
  const releases = await openReleases(context, only, narrow(seriesFile, versions));
  const findings = await judgePins(context, { lock, names, releases });
  const apply = (now: Lock): Lock => keepHosts(now, applyFindings(now, { lock, findings, releases }));
  const after = apply(lock);
  const compatibility = releases.map(({ series, version }) => {
    const against = newestBefore(lock, series, version);
    const modules = names.flatMap((name) => standingOf([lock, after], name, { series, against, version }));
    return { series, release: version, against, modules };
  });
  return { compatibility, apply };
}

function releasesIn({ series }: SeriesFile, one: Series, versions: readonly string[]) {
  return series[one].releases.filter((release) => versions.includes(upstreamVersion(release)));
}

function narrow(seriesFile: SeriesFile, versions: readonly string[]): SeriesFile {
  const series = { ...seriesFile.series };
  for (const one of allSeries) series[one] = { releases: releasesIn(seriesFile, one, versions) };
  return { ...seriesFile, series };
}

function newestBefore({ releases }: Lock, series: Series, version: string): string | null {
  const own = Object.entries(releases).filter(([, release]) => release.series === series);
  const older = own.map(([name]) => name).filter((name) => compareUpstream(name, version) < 0);
  return older.toSorted(compareUpstream).at(-1) ?? null;
}

interface Step {
  series: Series;
  against: string | null;
  version: string;
}

function standingOf([old, now]: [Lock, Lock], name: string, { series, against, version }: Step): ModuleStanding[] {
  const [before, after] = [old.modules[name], now.modules[name]];
  if (before === undefined || after === undefined || !isPin(before.pins[series])) return [];
  const first = against === null ? "unknown" : verdictOn(before, against);
  return [{ name, before: first, after: verdictOn(after, version), because: reasonsOn(after, version) }];
}

function reasonsOn(module: LockedModule, version: string): string[] {
  const judged = module.judgements.find(({ releases }) => releases.includes(version));
  const loud = judged?.evidence.filter(({ says }) => says !== "silent") ?? [];
  return loud.map(({ kind, says, because }) => `${kind} ${says}: ${because}`);
}

/** Where a module was seen to load on the other releases of a series still holds. */
function keepHosts(before: Lock, after: Lock): Lock {
  const modules = Object.entries(after.modules).map(([name, module]): [string, LockedModule] => {
    const pins = { ...module.pins };
    for (const series of allSeries) {
      const [old, now] = [before.modules[name]?.pins[series], pins[series]];
      if (!isPin(old) || !isPin(now)) continue;
      const hosts = new Set([...old.hosts, ...now.hosts]);
      pins[series] = { ...now, hosts: HostKind.options.filter((kind) => hosts.has(kind)) };
    }
    return [name, { ...module, pins }];
  });
  return { ...after, modules: Object.fromEntries(modules) };
}
