import { type Exec, type Progress, runCommand, silent } from "@prosody-foundry/kit";
import type { Evidence, HostKind } from "@prosody-foundry/lockfile";
import { z } from "zod";
import { type TriedKind, renderLoadConfig, triedKinds } from "./load-config.ts";
import { type KindOutcome, type LoadedMap, type Trial, judgeTrial, relevantLines } from "./load-judge.ts";
import { type LoadRequest, explainNoCode, layOutModules } from "./load-request.ts";
import { summariseLoad } from "./load-summary.ts";
import { type ServerRun, runServer } from "./run-server.ts";

export interface LoadResult {
  /** `mod_x`. */
  name: string;
  evidence: Evidence;
  /** Kinds of host it loads on, in the order of `HostKind`. */
  hosts: HostKind[];
  /** Errors and warnings about it, `level name: message`, each once. */
  log: string[];
}

export interface LoadOptions {
  exec?: Exec;
  /** Engine reference of the image whose server loads them. */
  image: string;
  modules: readonly LoadRequest[];
  progress?: Progress;
  /** How many servers run at once; 2 unless given. */
  parallel?: number;
  /** The day that the evidence carries, `YYYY-MM-DD`. */
  date: string;
  /** Milliseconds until a server that does not answer counts as hanging; 20 seconds unless given. */
  timeout?: number;
}

/**
 * Really loads each module in servers of a release of its own: fresh containers without network, with only the
 * module's closure beside it, on each kind of host, with statistics and without. Results come in the order of
 * `modules`. Whatever a module does, it does it to a container; the next one starts from nothing.
 * @throws UserError SERVER_NOT_STARTED when the engine cannot run the image.
 */
export async function runLoads(options: LoadOptions): Promise<LoadResult[]> {
  const progress = options.progress ?? silent;
  let done = 0;
  return await mapInParallel(options.modules, options.parallel ?? 2, async (request) => {
    const result = await runLoad(options, request);
    done += 1;
    progress(`${result.name} ${result.evidence.says} (${done} of ${options.modules.length})`);
    return result;
  });
}

// The first failure stops what has not begun, and is thrown when what has begun is over: no server outlives the call.
async function mapInParallel<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const queue = [...items.entries()];
  const results: R[] = [];
  const takeAll = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results[next[0]] = await work(next[1]);
    }
  };
  const lanes = Array.from({ length: width }, async () => {
    await takeAll().finally(() => queue.splice(0));
  });
  for (const lane of await Promise.allSettled(lanes)) {
    if (lane.status === "rejected") throw lane.reason;
  }
  return results;
}

async function runLoad(options: LoadOptions, request: LoadRequest): Promise<LoadResult> {
  const without = explainNoCode(request, options.date);
  if (without !== undefined) return { name: request.name, evidence: without, hosts: [], log: [] };
  const plain = await runMode(options, request, { statistics: false, kinds: triedKinds, known: [] });
  const usable = plain.outcomes.filter((outcome) => outcome.says !== "broken").map((outcome) => outcome.kind);
  const measured = await runMode(options, request, { statistics: true, kinds: usable, known: plain.outcomes });
  const log = [...new Set([...plain.log, ...measured.log])];
  return { name: request.name, log, ...summariseLoad([...plain.outcomes, ...measured.outcomes], options.date) };
}

interface Mode {
  statistics: boolean;
  kinds: readonly TriedKind[];
  /** What is known of a module alone on a host; not asked again. */
  known: readonly KindOutcome[];
}

interface ModeResult {
  outcomes: KindOutcome[];
  log: string[];
}

// All kinds share one server first. What did not go well there is tried again alone: a second host can be refused
// because of the first ("already loaded"), and one host can take the server down for all.
async function runMode(options: LoadOptions, request: LoadRequest, mode: Mode): Promise<ModeResult> {
  if (mode.kinds.length === 0) return { outcomes: [], log: [] };
  const together = await runTrial(options, request, mode);
  const outcomes: KindOutcome[] = [];
  const trials = [together];
  for (const shared of judgeTrial(together)) {
    const settled = mode.kinds.length === 1 || isSettled(shared, [...mode.known, ...outcomes]);
    const alone = settled ? undefined : await runTrial(options, request, { ...mode, kinds: [shared.kind] });
    outcomes.push(...(alone === undefined ? [shared] : judgeTrial(alone)));
    if (alone !== undefined) trials.push(alone);
  }
  return { outcomes, log: relevantLines(trials) };
}

// A failure that a host showed alone is believed of the others too when they gave the same reason; not so the end of
// the server, which says nothing about who caused it.
function isSettled(shared: KindOutcome, known: readonly KindOutcome[]): boolean {
  if (shared.cause !== "any-host") return shared.cause === "itself";
  return known.some(({ says, because }) => says === shared.says && because === shared.because);
}

async function runTrial(options: LoadOptions, request: LoadRequest, mode: Mode): Promise<Trial> {
  const name = request.name.replace(/^mod_/u, "");
  const run = await runServer({
    exec: options.exec ?? runCommand,
    image: options.image,
    probe: "foundry_probe",
    config: (mark) => renderLoadConfig({ mark, name, ...mode }),
    files: layOutModules(request),
    timeout: options.timeout ?? 20_000,
  });
  const { log, exitCode, cut } = run;
  const { kinds, statistics } = mode;
  return { name, kinds, statistics, log, exitCode, cut, loaded: readAnswer(run) };
}

const NoHosts = z.array(z.never()).transform((): Record<string, string> => ({}));
const Answer = z.strictObject({
  global: z.string().optional(),
  hosts: z.union([z.record(z.string(), z.string()), NoHosts]),
});

// A module can read the mark and forge an answer; what does not parse is no answer.
function readAnswer(run: ServerRun): LoadedMap | undefined {
  if (run.answer === undefined) return undefined;
  return Answer.safeParse(parseJson(run.answer)).data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
