import { randomUUID } from "node:crypto";
import { loadHosts, renderLaneConfig, renderLoadConfig, triedKinds } from "./load-config.ts";
import type { Trial } from "./load-judge.ts";
import { readServerOutput } from "./load-log.ts";
import type { RunTrial, TrialSetup } from "./load-module.ts";
import { layOutModules } from "./load-request.ts";
import { renderJob, renderScript } from "./read-harness.ts";
import { type Lane, type LaneAnswer, laneSettings, openLane } from "./run-lane.ts";
import { type TrialPlace, runTrialAlone, shortName, trialOf } from "./run-trial.ts";

export interface Lanes {
  runTrial: RunTrial;
  end: () => Promise<void>;
}

// The dead of a lane stay until it ends: two for each job.
const jobsPerLane = 250;

// Whoever needs longer is given a container of its own and all the time there is.
const laneLimit = 4000;

/**
 * Runs trials in lanes, `width` at once for hosts of all kinds. What is no plain result there is told by a fresh
 * container of its own. A lane has the hosts of one trial, so one that is asked for the same again is used again.
 */
export function openLanes(place: TrialPlace, width: number): Lanes {
  const groups = new Map<string, Group>();
  const fresh = openTurns(() => 2);
  const tellAlone = async (setup: TrialSetup): Promise<Trial> => fresh(async () => runTrialAlone(place, setup));
  const groupOf = (setup: TrialSetup): Group => {
    const key = JSON.stringify([setup.statistics, setup.kinds]);
    const known = groups.get(key);
    if (known !== undefined) return known;
    // All modules are asked for on all kinds of host; lanes for other questions are worth their start only when many are.
    const isCommon = setup.kinds.length === triedKinds.length;
    const takeTurn = openTurns((turns) => (isCommon ? width : Math.min(width, 1 + Math.floor(turns / 25))));
    const group = { takeTurn, free: [], all: [] };
    groups.set(key, group);
    return group;
  };
  return {
    runTrial: async (setup) => {
      const group = groupOf(setup);
      const trial = await group.takeTurn(async () => runInGroup(place, setup, group));
      return trial ?? (await tellAlone(setup));
    },
    end: async () => {
      await Promise.all([...groups.values()].flatMap(({ all }) => all.map(async ({ lane }) => lane.end())));
    },
  };
}

/** Lanes with the same hosts. */
interface Group {
  takeTurn: Turns;
  free: OpenLane[];
  all: OpenLane[];
}

interface OpenLane {
  lane: Lane;
  mark: string;
  jobs: number;
}

async function runInGroup(place: TrialPlace, setup: TrialSetup, group: Group): Promise<Trial | undefined> {
  const open = group.free.pop() ?? (await openLaneFor(place, setup));
  if (open.jobs === 0) group.all.push(open);
  open.jobs += 1;
  const script = await renderJob({ ...jobOf(setup, open.mark), hosts: loadHosts(setup.kinds) });
  const answer = await open.lane.run({ script, limit: Math.min(place.timeout, laneLimit) });
  if (answer.state === "ended" && open.jobs < jobsPerLane) {
    group.free.push(open);
  } else {
    group.all.splice(group.all.indexOf(open), 1);
    await open.lane.end();
  }
  return judgeAnswer(setup, answer, open.mark);
}

async function openLaneFor(place: TrialPlace, { kinds, statistics }: TrialSetup): Promise<OpenLane> {
  const mark = `@${randomUUID()}`;
  const config = renderLaneConfig({ mark, kinds, statistics });
  const script = await renderScript({ probe: "foundry_probe", config, files: [], mark }, laneSettings);
  return { lane: openLane(place, script), mark, jobs: 0 };
}

function jobOf(setup: TrialSetup, mark: string): Parameters<typeof renderJob>[0] {
  const { kinds, statistics, request } = setup;
  const config = renderLoadConfig({ mark, name: shortName(setup), kinds, statistics });
  return { probe: "foundry_probe", config, files: layOutModules(request), mark };
}

// Of a server with several hosts that ended or had to be ended nothing is believed but that: each host is tried alone
// afterwards. Alone, how it ends is told by a container of its own.
function judgeAnswer(setup: TrialSetup, { state, said }: LaneAnswer, mark: string): Trial | undefined {
  if (state === "lost" || state === "stuck") return undefined;
  const output = readServerOutput(said, mark);
  // The lane has a module of that name already.
  if (!output.started) return undefined;
  if (state === "ended") {
    const trial = trialOf(setup, { ...output, exitCode: 0, cut: undefined });
    return trial.loaded !== undefined || setup.kinds.length > 1 ? trial : undefined;
  }
  const isBelieved = setup.kinds.length > 1 || (state === "hangs" && setup.isHanging);
  return isBelieved ? trialOf(setup, { ...output, answer: undefined, exitCode: 0, cut: state }) : undefined;
}

type Turns = <T>(work: () => Promise<T>) => Promise<T>;

// At most so many at once, as a function of how many there were; the others wait in the order they came.
function openTurns(widthAfter: (turns: number) => number): Turns {
  const waiting: (() => void)[] = [];
  let busy = 0;
  let turns = 0;
  const admit = (): void => {
    for (; busy < widthAfter(turns) && waiting.length > 0; turns += 1, busy += 1) waiting.shift()?.();
  };
  return async (work) => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      admit();
    });
    try {
      return await work();
    } finally {
      busy -= 1;
      admit();
    }
  };
}
