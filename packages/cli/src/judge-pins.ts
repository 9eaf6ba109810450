import type { Series } from "@prosody-foundry/kit";
import { isPin, keyFor, keysOf, type Lock, moduleNameOf } from "@prosody-foundry/lockfile";
import { ensureContent } from "@prosody-foundry/source";
import { candidateOf, type Candidate } from "./candidates.ts";
import type { Context } from "./context.ts";
import { judgeCandidates } from "./judge-candidates.ts";
import type { OpenRelease } from "./open-releases.ts";
import { type OpenSource, openSources, sourceOf } from "./open-sources.ts";
import { rejudgeModule, type SeriesFinding } from "./pin-modules.ts";
import { dateReadme } from "./read-line-dates.ts";
import { readLockedPatches } from "./read-locked-patches.ts";

export type Findings = Map<string, SeriesFinding[]>;

export interface JudgeRequest {
  lock: Lock;
  names: readonly string[];
  releases: readonly OpenRelease[];
}

/** What is found about locked modules on these releases, each with its pins and those it needs. */
export async function judgePins(context: Context, request: JudgeRequest): Promise<Findings> {
  const findings: Findings = new Map();
  // Opened once, so that a source that is down is not waited for on every release.
  const opened = { ...request, sources: openSources(context, request.lock) };
  // Source by source: each has its own idea of what a name is.
  const bySource = Map.groupBy(request.names, (key) => request.lock.modules[key]?.source ?? "");
  const rounds = request.releases.flatMap((release) => [...bySource].map((group) => [release, ...group] as const));
  for (const [release, source, keys] of rounds) {
    const candidates = await readPinned(context, { ...opened, names: keys }, release.series);
    const found = await judgeCandidates(context, release, { candidates, names: keys.map(moduleNameOf) });
    for (const [name, finding] of found) {
      const key = keyFor(request.lock, { name, source });
      findings.set(key, [...(findings.get(key) ?? []), { ...finding, series: release.series }]);
    }
  }
  return findings;
}

type Opened = JudgeRequest & { sources: Map<string, OpenSource> };

/** By name: the modules (of one source) that have a pin on the series, and those they need, each as its own candidate. */
async function readPinned(
  context: Context,
  { lock, names, sources }: Opened,
  series: Series,
): Promise<Map<string, Candidate>> {
  const candidates = new Map<string, Candidate>();
  for (const key of neededKeys(lock, names, series)) {
    const name = moduleNameOf(key);
    const module = lock.modules[key];
    const pin = module?.pins[series];
    if (module === undefined || !isPin(pin)) continue;
    context.progress(`Fetching ${key}`);
    const source = sourceOf(sources, module.source);
    const { content } = await ensureContent({ name, ...pin }, source.all, context);
    const patches = await readLockedPatches(context.root, key, module);
    const candidate = candidateOf(content, { ...pin, source, patches });
    const isJudged = names.includes(key);
    candidates.set(name, isJudged ? await dateReadme(candidate, { source, module, pin }, context.progress) : candidate);
  }
  return candidates;
}

function neededKeys(lock: Lock, keys: readonly string[], series: Series): Set<string> {
  const needed = new Set(keys);
  // A Set hands out what is added while it is gone through.
  for (const key of needed) {
    const pin = lock.modules[key]?.pins[series];
    const depends = isPin(pin) ? pin.depends : [];
    for (const other of depends.flatMap((name) => findNeeded(lock, name, key) ?? [])) needed.add(other);
  }
  return needed;
}

/** The module of that name from the source of the one that needs it, else from any. */
function findNeeded(lock: Lock, name: string, by: string): string | undefined {
  const [own = keysOf(lock, name)[0]] = keysOf(lock, `${name}@${lock.modules[by]?.source}`);
  return own;
}

export interface Judged {
  /** As it was when it was judged. */
  lock: Lock;
  findings: Findings;
  releases: readonly OpenRelease[];
}

/** The lock with what was found, as far as it still has what was judged. */
export function applyFindings(lock: Lock, judged: Judged): Lock {
  const modules = Object.entries(lock.modules).map(([name, module]) => {
    const found = judged.findings.get(name);
    const then = judged.lock.modules[name];
    return [name, found && then ? rejudgeModule(module, then, found) : module] as const;
  });
  const heard = judged.releases.map(({ version, locked }) => [version, locked] as const);
  return {
    ...lock,
    releases: { ...lock.releases, ...Object.fromEntries(heard) },
    modules: Object.fromEntries(modules),
  };
}
