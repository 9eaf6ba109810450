import type { Evidence, HostKind } from "@prosody-foundry/lockfile";
import { type TriedKind, triedKinds } from "./load-config.ts";
import { type KindOutcome, type Trial, judgeTrial, relevantLines } from "./load-judge.ts";
import { optionsNamedIn } from "./load-options.ts";
import { type LoadRequest, explainNoCode } from "./load-request.ts";
import { summariseLoad } from "./load-summary.ts";

export interface LoadResult {
  /** `mod_x`. */
  name: string;
  evidence: Evidence;
  /** Kinds of host it loads on, in the order of `HostKind`. */
  hosts: HostKind[];
  /** Errors and warnings about it, `level name: message`, each once. */
  log: string[];
}

/** What is to be tried: the module on one host of each of these kinds, all in one server. */
export interface TrialSetup {
  request: LoadRequest;
  statistics: boolean;
  kinds: readonly TriedKind[];
  /** It is known to hang here on a host alone: that it does so on others too needs no long proof. */
  isHanging: boolean;
}

export type RunTrial = (setup: TrialSetup) => Promise<Trial>;

/** Loads a module on each kind of host, with statistics and without, and says what came of it. */
export async function loadModule(request: LoadRequest, date: string, runTrial: RunTrial): Promise<LoadResult> {
  const without = explainNoCode(request, date);
  if (without !== undefined) return { name: request.name, evidence: without, hosts: [], log: [] };
  const plain = await runMode({ request, statistics: false, kinds: triedKinds, known: [] }, runTrial);
  const usable = plain.outcomes.filter((outcome) => outcome.says !== "broken").map((outcome) => outcome.kind);
  const measured = await runMode({ request, statistics: true, kinds: usable, known: plain.outcomes }, runTrial);
  const log = [...new Set([...plain.log, ...measured.log])];
  const outcomes = [...plain.outcomes, ...measured.outcomes];
  return { name: request.name, log, ...summariseLoad(outcomes, date, optionsNamedIn(request.files)) };
}

interface Mode extends Omit<TrialSetup, "isHanging"> {
  /** What is known of a module alone on a host; not asked again. */
  known: readonly KindOutcome[];
}

interface ModeResult {
  outcomes: KindOutcome[];
  log: string[];
}

// All kinds share one server first. What did not go well there is tried again alone: a second host can be refused
// because of the first ("already loaded"), and one host can take the server down for all.
async function runMode({ known, ...mode }: Mode, runTrial: RunTrial): Promise<ModeResult> {
  if (mode.kinds.length === 0) return { outcomes: [], log: [] };
  const together = await runTrial({ ...mode, isHanging: false });
  const outcomes: KindOutcome[] = [];
  const alone: Trial[] = [];
  for (const shared of judgeTrial(together)) {
    const settled = mode.kinds.length === 1 || isSettled(shared, [...known, ...outcomes]);
    const isHanging = alone.some((trial) => trial.cut === "hangs");
    const trial = settled ? undefined : await runTrial({ ...mode, kinds: [shared.kind], isHanging });
    outcomes.push(...(trial === undefined ? [shared] : judgeTrial(trial)));
    if (trial !== undefined) alone.push(trial);
  }
  return { outcomes, log: relevantLines([together, ...alone]) };
}

// A failure that a host showed alone is believed of the others too when they gave the same reason; not so the end of
// the server, which says nothing about who caused it.
function isSettled(shared: KindOutcome, known: readonly KindOutcome[]): boolean {
  if (shared.cause !== "any-host") return shared.cause === "itself";
  return known.some(({ says, because }) => says === shared.says && because === shared.because);
}
