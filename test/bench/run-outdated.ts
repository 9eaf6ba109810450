import path from "node:path";
import { runCommand, UserError } from "@prosody-foundry/kit";
import { type Lock, readLock } from "@prosody-foundry/lockfile";
import { historyOf, type Source, type TreeLog } from "@prosody-foundry/source";
import type { Context } from "../../packages/cli/src/context.ts";
import { openTree, upstreamName } from "../../packages/cli/src/open-sources.ts";
import { type Figure, under } from "./figures.ts";
import { measure, median } from "./measure.ts";

/** So many modules are asked for on their own; more would be a burden to a server. */
const sample = 12;
const rounds = 5;

/** A tree's history, had at once and module by module. */
interface HistoryMeasured {
  changesets: number;
  modules: number;
  /** With clone or fetch. */
  firstSeconds: number;
  /** Of a source opened anew: is there something new, and all modules' histories. */
  warmSeconds: number;
  /** All modules, from what the sample took. */
  singlySeconds: number;
}

export interface OutdatedMeasured {
  hg: HistoryMeasured;
  git: HistoryMeasured;
  /** `foundry module outdated` as a command, warm. */
  commandSeconds: number;
  pins: number;
}

/** Upstream's Mercurial tree, and as a git tree with a longer history Prosody's own, whose modules are mostly files. */
export async function measureOutdated(context: Context): Promise<OutdatedMeasured> {
  const lock = await readLock(context.lockFile);
  const hg = await measureHistory(() => openTree(context, { name: upstreamName, ...upstreamOf(lock) }));
  const prosody = {
    name: "prosody",
    kind: "git",
    url: "https://github.com/bjc/prosody.git",
    folder: "plugins",
  } as const;
  const git = await measureHistory(() => openTree(context, prosody));
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round += 1) seconds.push(await runOutdated(context));
  return { hg, git, commandSeconds: median(seconds), pins: Object.keys(lock.modules).length };
}

export function figuresOfOutdated({ hg, git, commandSeconds }: OutdatedMeasured): Figure[] {
  return [
    figureOf("history of every module, hg", hg.warmSeconds, hg.singlySeconds),
    figureOf("history of every module, git", git.warmSeconds, git.singlySeconds),
    figureOf("foundry module outdated, warm", commandSeconds),
  ];
}

export function noteOutdated({ hg, git, pins }: OutdatedMeasured): string {
  return `Histories: hg ${describeTree(hg)}; git ${describeTree(git)}. Ours is warm; beside it, not the official recipe but the VCS asked once per module (${sample} were, and all reckoned from them). The command compares ${pins} modules' pins.`;
}

function figureOf(what: string, ours: number, singly?: number): Figure {
  return under({ what, unit: "seconds", ours, official: singly }, 1, "under 1 s");
}

function describeTree({ changesets, modules, firstSeconds }: HistoryMeasured): string {
  return `${changesets} changesets and ${modules} modules, read first in ${firstSeconds.toFixed(1)} s`;
}

function upstreamOf({ sources }: Lock): Lock["sources"][string] {
  const source = sources[upstreamName];
  if (source !== undefined) return source;
  throw new UserError("SOURCE_UNKNOWN", `The lock has no ${upstreamName}`, { hint: "Restore modules.lock.json." });
}

async function measureHistory(open: () => Source): Promise<HistoryMeasured> {
  const first = await measure(() => readAll(open()));
  const warm: number[] = [];
  for (let round = 0; round < rounds; round += 1) warm.push((await measure(() => readAll(open()))).seconds);
  const log = first.value;
  // Evenly, so that old and new, large and small are among them.
  const names = log.present.filter((_, at) => at % Math.ceil(log.present.length / sample) === 0);
  const source = open();
  const singly = await measure(async () => {
    for (const name of names) await source.readHistory(name);
  });
  return {
    changesets: log.changesets.length,
    modules: log.present.length,
    firstSeconds: first.seconds,
    warmSeconds: median(warm),
    singlySeconds: (singly.seconds / names.length) * log.present.length,
  };
}

async function readAll(source: Source): Promise<TreeLog> {
  const log = await source.readLog();
  if (log === null) throw new Error(`${source.location} gives no log here: install Mercurial`);
  for (const name of log.present) historyOf(log, name);
  return log;
}

async function runOutdated(context: Context): Promise<number> {
  const program = path.join(context.root, "packages/cli/src/bin.ts");
  const env = { FOUNDRY_CACHE: context.cacheDir };
  // It ends with 3 where there is something newer.
  const options = { env, cwd: context.root, accept: [0, 3] };
  return (await measure(() => runCommand(process.execPath, [program, "module", "outdated"], options))).seconds;
}
