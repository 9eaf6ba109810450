import {
  coreEvidence,
  declaredEvidence,
  headerEvidence,
  judge,
  type LoadRequest,
  runLoads,
  staticEvidence,
} from "@prosody-foundry/compat";
import type { Evidence, HostKind, Verdict } from "@prosody-foundry/lockfile";
import { shippingFiles } from "@prosody-foundry/source";
import type { Candidate } from "./candidates.ts";
import { type Context, engineExec } from "./context.ts";
import type { OpenRelease } from "./open-releases.ts";

/** What was found about one candidate on one release. */
export interface Finding {
  release: string;
  verdict: Verdict;
  evidence: Evidence[];
  hosts: HostKind[];
}

export interface Candidates {
  /** By name: what may be loaded, as the module in question or because another one needs it. */
  candidates: ReadonlyMap<string, Candidate>;
  /** Those to judge; all of them unless given. */
  names?: readonly string[];
}

/** Gathers all kinds of evidence for the candidates on one release and judges them; by module name. */
export async function judgeCandidates(
  context: Context,
  release: OpenRelease,
  { candidates, names }: Candidates,
): Promise<Map<string, Finding>> {
  const judged = [...candidates.values()].filter((item) => names?.includes(item.name) ?? true);
  const around = { today: context.today, modules: new Set(candidates.keys()) };
  const read = new Map(judged.map((item) => [item.name, readEvidence(release, item, around)]));
  const loadable = judged.filter((item) => canBeLoaded(read.get(item.name) ?? []));
  const loads = await runLoads({
    exec: await engineExec(context),
    image: release.image,
    modules: loadable.map((item) => loadRequest(item, candidates, release)),
    progress: (message) => context.progress(`Prosody ${release.version}: ${message}`),
    date: context.today,
  });
  const loaded = new Map(loads.map((result) => [result.name, result]));
  const findings = [...read].map(([name, evidence]): [string, Finding] => {
    const result = loaded.get(name);
    const all = result === undefined ? evidence : [...evidence, result.evidence];
    return [name, { release: release.version, verdict: judge(all), evidence: all, hosts: result?.hosts ?? [] }];
  });
  return new Map(findings);
}

interface Around {
  today: string;
  /** Community modules that are at hand to meet dependencies. */
  modules: ReadonlySet<string>;
}

/** Evidence that needs no running server. */
function readEvidence(release: OpenRelease, item: Candidate, { today, modules }: Around): Evidence[] {
  const on = { version: release.version, ...release.locked };
  return [
    ...headerEvidence(item.content, on, today),
    ...coreEvidence(item.content, on, today),
    ...(item.declared?.get(release.version) ??
      declaredEvidence(item.content, on, { date: item.date, lineDates: item.lineDates })),
    ...staticEvidence(item.content, release.surface, { date: item.date, modules }),
  ];
}

/** A server would not even try what has no code, is refused by its header, or is shadowed by core. */
function canBeLoaded(evidence: readonly Evidence[]): boolean {
  return !evidence.some(
    ({ kind, says }) => says === "tombstone" || says === "core" || (kind === "header" && says === "broken"),
  );
}

function loadRequest(item: Candidate, candidates: ReadonlyMap<string, Candidate>, release: OpenRelease): LoadRequest {
  const closure = closureOf(item, candidates, release);
  return {
    name: item.name,
    files: shippingFiles(item.content),
    closure: closure.map((other) => ({ name: other.name, files: shippingFiles(other.content) })),
  };
}

/** Community modules it needs, and those it would use, as far as they are pinned too and the release has none itself. */
function closureOf(item: Candidate, candidates: ReadonlyMap<string, Candidate>, release: OpenRelease): Candidate[] {
  const found = new Map<string, Candidate>();
  const queue = [...item.facts.depends];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const other = candidates.get(name);
    if (other === undefined || name === item.name || found.has(name) || release.locked.core.includes(name)) continue;
    found.set(name, other);
    queue.push(...other.facts.depends);
  }
  return [...found.values()];
}
