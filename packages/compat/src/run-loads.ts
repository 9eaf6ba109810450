import { type Exec, type Progress, runCommand, silent } from "@prosody-foundry/kit";
import { type LoadResult, loadModule } from "./load-module.ts";
import type { LoadRequest } from "./load-request.ts";
import { openKeptLoads } from "./run-kept-loads.ts";
import { type Lanes, openLanes } from "./run-lanes.ts";
import { type TrialPlace, runTrialAlone } from "./run-trial.ts";

export interface LoadOptions {
  exec?: Exec;
  /** Engine reference of the image whose server loads them. */
  image: string;
  modules: readonly LoadRequest[];
  progress?: Progress;
  /** How many modules are loaded at once; 16 unless given. They wait more than they work. */
  parallel?: number;
  /** The day that the evidence carries, `YYYY-MM-DD`. */
  date: string;
  /** Milliseconds until a server that does not answer counts as hanging; 20 seconds unless given. */
  timeout?: number;
  /** Where results are kept, by all that they depend on; nothing is kept unless given. */
  cacheDir?: string;
  /**
   * Whether each trial starts a container of its own, or most of them share containers, each in a process of its own;
   * "shared" unless given. The answers are the same.
   */
  containers?: "shared" | "own";
}

/**
 * Really loads each module in servers of a release of its own: without network, with only the module's closure beside
 * it, on each kind of host, with statistics and without. Results come in the order of `modules`. Whatever a module
 * does, it does it to a process that ends with it; the next one starts from the same server.
 * @throws UserError SERVER_NOT_STARTED when the engine cannot run the image.
 */
export async function runLoads(options: LoadOptions): Promise<LoadResult[]> {
  const { exec = runCommand, image, modules, date, timeout = 20_000, parallel = 16 } = options;
  const place = { exec, image, timeout };
  const kept = await openKeptLoads({ ...place, cacheDir: options.cacheDir });
  const lanes = options.containers === "own" ? openNoLanes(place) : openLanes(place, Math.ceil(parallel / 2));
  const progress = options.progress ?? silent;
  let done = 0;
  const load = async (request: LoadRequest): Promise<LoadResult> => {
    const result = await kept.recall(request, () => loadModule(request, date, lanes.runTrial));
    done += 1;
    progress(`${result.name} ${result.evidence.says} (${done} of ${modules.length})`);
    return result;
  };
  try {
    return await mapInParallel(modules, parallel, load);
  } finally {
    await lanes.end();
  }
}

function openNoLanes(place: TrialPlace): Lanes {
  return { runTrial: (setup) => runTrialAlone(place, setup), end: async () => {} };
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
