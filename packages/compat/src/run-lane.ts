import { randomUUID } from "node:crypto";
import { PassThrough } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { Exec } from "@prosody-foundry/kit";
import { bars, outputLimit } from "./server-cage.ts";

interface LaneJob {
  /** Lua, as `renderJob` gives it. */
  script: string;
  /** Milliseconds until the child that does the job is ended. */
  limit: number;
}

/**
 * How the child ended: by itself, or because it had to be ended. "stuck": the lane cannot be used any more. "lost": the
 * lane did not answer.
 */
type LaneState = "ended" | "hangs" | "floods" | "stuck" | "lost";

export interface LaneAnswer {
  state: LaneState;
  /** What the child wrote. */
  said: string;
}

/** A server in a container that takes job after job, each in a child of its own. */
export interface Lane {
  /** Never rejects; one job at a time. */
  run: (job: LaneJob) => Promise<LaneAnswer>;
  end: () => Promise<void>;
}

/** What `harness/lane.lua` wants to know. */
export const laneSettings = {
  keep: "/tmp/lane",
  // The user whose powers are none; the lane itself is root among the processes of the container.
  user: 65_534,
  // Seconds before which no child has ended.
  settle: 0.15,
  // Processes that one job may leave dead: two are the lane's own.
  deaths: 16,
  // What says more than this is worth a container of its own.
  most: outputLimit / 8,
};

// The lane may end its children and clean up after them; they leave it all behind when they become another user.
// The dead are not collected and keep their numbers, so a lane is given a limited number of jobs.
const cage = [
  ...bars,
  "--user=0:65534",
  "--cap-add=SETUID",
  "--cap-add=KILL",
  "--cap-add=DAC_OVERRIDE",
  "--pids-limit=1024",
];

// `lua -` would wait for the end of its input.
const reader = `assert(load(io.read(tonumber(io.read("l")))))()`;

// Beyond a job's own limit: for a container that starts on a busy machine.
const patience = 30_000;

const lost: LaneAnswer = { state: "lost", said: "" };

/** Starts a lane: the script is that of `renderScript`. What goes wrong shows when it is given a job. */
export function openLane({ exec, image }: { exec: Exec; image: string }, script: string): Lane {
  const name = `foundry-lane-${randomUUID()}`;
  const input = new PassThrough();
  const answers = new Map<string, (answer: LaneAnswer) => void>();
  const onLine = (line: string): void => {
    const [mark = "", state = "", text = ""] = line.split(" ");
    answers.get(mark)?.({ state: readState(state), said: Buffer.from(text, "base64").toString() });
  };
  const args = ["run", `--name=${name}`, ...cage, image, "-e", reader];
  const running = exec("docker", args, { input, onLine, accept: "any" })
    .then(() => lost)
    .catch(() => lost);
  send(input, "", script);
  return {
    run: async ({ script: job, limit }) => {
      const mark = randomUUID();
      const { promise, resolve } = Promise.withResolvers<LaneAnswer>();
      answers.set(mark, resolve);
      send(input, `${mark} ${limit / 1000} `, job);
      return await within(limit + patience, [promise, running]).finally(() => answers.delete(mark));
    },
    end: async () => {
      input.end();
      const stopped = running.then(() => undefined);
      if ((await within(5000, [stopped])) !== undefined)
        await exec("docker", ["rm", "--force", name], { accept: "any" });
      await stopped;
    },
  };
}

function send(input: PassThrough, header: string, text: string): void {
  input.write(`${header}${Buffer.byteLength(text)}\n${text}`);
}

// The first of these, or "lost" when none of them is there in time.
async function within<T>(milliseconds: number, promises: readonly Promise<T>[]): Promise<T | LaneAnswer> {
  const over = new AbortController();
  const late = wait(milliseconds, lost, { signal: over.signal }).catch(() => lost);
  return await Promise.race([...promises, late]).finally(() => over.abort());
}

// The lane's own words; what is none of them is not from the lane.
function readState(word: string): LaneState {
  return word === "ended" || word === "hangs" || word === "floods" ? word : "stuck";
}
