import type { Series } from "@prosody-foundry/kit";
import type { Lock, LockedRelease } from "@prosody-foundry/lockfile";
import { type Candidate, checkNames, readCandidates } from "./candidates.ts";
import type { Context } from "./context.ts";
import { judgeCandidates } from "./judge-candidates.ts";
import { type OpenRelease, openReleases } from "./open-releases.ts";
import type { OpenSource } from "./open-sources.ts";
import { pinModule, type SeriesFinding } from "./pin-modules.ts";

export interface PinsRequest {
  source: OpenSource;
  names: readonly string[];
  series: readonly Series[];
  hold: boolean;
}

/** What was found for the named modules and those they need, as a change of the lock that is still to be made. */
export interface GatheredPins {
  candidates: Map<string, Candidate>;
  apply: (lock: Lock) => Lock;
}

/** Reads the newest revision of each module, loads it on every release to be had, and decides on its pins. */
export async function gatherPins(context: Context, request: PinsRequest): Promise<GatheredPins> {
  // Before minutes go into building servers.
  await checkNames(request.source, request.names);
  const releases = await openReleases(context, request.series);
  const core = coreOfAll(releases);
  const candidates = await readCandidates(context, request.source, { names: request.names, core });
  const newest = await request.source.tree.readNewest();
  const findings = new Map<string, SeriesFinding[]>();
  for (const release of releases) {
    const found = await judgeCandidates(context, release, { candidates });
    for (const [name, finding] of found) {
      findings.set(name, [...(findings.get(name) ?? []), { ...finding, series: release.series }]);
    }
  }
  const heard = Object.fromEntries(releases.map(({ version, locked }): [string, LockedRelease] => [version, locked]));
  return {
    candidates,
    apply: (lock) => ({
      ...lock,
      sources: {
        ...lock.sources,
        [request.source.name]: { ...request.source.locked, node: newest.node, date: newest.date.slice(0, 10) },
      },
      releases: { ...lock.releases, ...heard },
      modules: { ...lock.modules, ...pinAll(candidates, findings, { ...request, lock }) },
    }),
  };
}

function coreOfAll(releases: readonly OpenRelease[]): Set<string> {
  const [first, ...others] = releases.map(({ locked }) => locked.core);
  return new Set(first?.filter((name) => others.every((core) => core.includes(name))));
}

function pinAll(
  candidates: ReadonlyMap<string, Candidate>,
  findings: ReadonlyMap<string, SeriesFinding[]>,
  request: PinsRequest & { lock: Lock },
): Lock["modules"] {
  const entries = [...candidates].map(([name, candidate]) => {
    const hold = request.hold && request.names.includes(name);
    const before = request.lock.modules[name];
    // What is held stays, though another module brought it along.
    if (before?.hold === true && !request.names.includes(name)) return [name, before];
    const found = findings.get(name) ?? [];
    return [name, pinModule({ candidate, findings: found, series: request.series, before, hold })];
  });
  return Object.fromEntries(entries);
}
