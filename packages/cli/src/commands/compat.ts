import { allSeries, compareText, type Series } from "@prosody-foundry/kit";
import { isPin, keyFor, keysOf, type Lock, moduleNameOf, readLock, updateLock } from "@prosody-foundry/lockfile";
import { ensureContent } from "@prosody-foundry/source";
import { candidateOf, type Candidate } from "../candidates.ts";
import type { Context } from "../context.ts";
import type { CommandSpec } from "../command.ts";
import { judgeCandidates } from "../judge-candidates.ts";
import { lockedNames } from "../locked-names.ts";
import { type OpenRelease, openReleases } from "../open-releases.ts";
import { type OpenSource, openSources, sourceOf } from "../open-sources.ts";
import { rejudgeModule, type SeriesFinding } from "../pin-modules.ts";
import { dateReadme } from "../read-line-dates.ts";
import { readLockedPatches } from "../read-locked-patches.ts";
import { runSurveyFlag } from "../survey-command.ts";
import { renderTable } from "../table.ts";

export const compat: CommandSpec = {
  name: "compat",
  summary: "gather the evidence about locked modules again, or about all of a source, on every release, and judge",
  arguments: "[module...]",
  options: ["all", "source", "to", "series", "disagreements", "agreement", "dryRun", "json"],
  example: "foundry compat mod_firewall --series 13.0",
  async run(context, { args, flags }) {
    const survey = await runSurveyFlag(context, { args, flags });
    if (survey !== undefined) return survey;
    const lock = await readLock(context.lockFile);
    const names = lockedNames(lock, args);
    const releases = await openReleases(context, flags.series ?? allSeries);
    const findings = await judgePins(context, { lock, names, releases });
    const change = (current: Lock): Lock => applyFindings(current, { lock, findings, releases });
    const after = change(lock);
    if (flags.dryRun !== true) {
      await updateLock(context.lockFile, change, { onWait: (message) => context.say(message) });
    }
    return { value: describe(after, names), text: render(after, names) };
  },
};

type Findings = Map<string, SeriesFinding[]>;

interface JudgeRequest {
  lock: Lock;
  names: readonly string[];
  releases: readonly OpenRelease[];
}

async function judgePins(context: Context, request: JudgeRequest): Promise<Findings> {
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

interface Judged {
  /** As it was when it was judged. */
  lock: Lock;
  findings: Findings;
  releases: readonly OpenRelease[];
}

function applyFindings(lock: Lock, judged: Judged): Lock {
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

function describe(lock: Lock, names: readonly string[]) {
  return names.map((name) => ({ name, judgements: lock.modules[name]?.judgements ?? [] }));
}

function render(lock: Lock, names: readonly string[]): string {
  const releases = Object.keys(lock.releases).toSorted(compareText);
  const rows = names.map((name) => {
    const judgements = lock.modules[name]?.judgements ?? [];
    return [name, ...releases.map((one) => judgements.find((item) => item.releases.includes(one))?.verdict ?? "")];
  });
  return renderTable([["module", ...releases], ...rows]);
}
