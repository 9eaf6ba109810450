import { mkdir } from "node:fs/promises";
import path from "node:path";
import { lock } from "proper-lockfile";
import { UserError } from "./error.ts";

export interface ExclusiveOptions {
  /** Told once when somebody else holds it and we begin to wait. */
  onWait?: (message: string) => void;
  /** Milliseconds to wait before giving up; ten minutes unless given. */
  patience?: number;
}

const beat = 500;

/**
 * Runs `work` while holding `target` (a file or folder that need not exist; the mark is `<target>.lock`) against every
 * other process of ours. A holder that died without letting go is noticed within ten seconds.
 * @throws UserError BUSY when the other one does not finish in time, TAKEN_OVER when the mark was lost while the work
 * went on: this process slept too long, or somebody removed it.
 */
export async function runExclusive<T>(
  target: string,
  work: () => Promise<T>,
  options: ExclusiveOptions = {},
): Promise<T> {
  await mkdir(path.dirname(target), { recursive: true });
  const held = await acquire(target, options);
  try {
    const result = await work();
    if (held.lost()) throw takenOver(target);
    return result;
  } finally {
    await held.release();
  }
}

interface Held {
  lost(): boolean;
  release(): Promise<void>;
}

async function acquire(target: string, options: ExclusiveOptions): Promise<Held> {
  const deadline = performance.now() + (options.patience ?? 600_000);
  let told = false;
  for (;;) {
    const held = await tryLock(target).catch(whenHeld);
    if (held !== undefined) return held;
    if (performance.now() > deadline) throw busy(target);
    if (!told) options.onWait?.(`Another command holds ${target}; waiting for it.`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, beat));
  }
}

async function tryLock(target: string): Promise<Held> {
  let lost = false;
  // Unless told, the library throws out of a timer, which nobody can catch.
  const onCompromised = () => {
    lost = true;
  };
  const release = await lock(target, { realpath: false, stale: 10_000, update: 2000, onCompromised });
  return { lost: () => lost, release: () => release().catch(whenReleased) };
}

function whenReleased(error: NodeJS.ErrnoException): void {
  if (error.code !== "ERELEASED") throw error;
}

function whenHeld(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ELOCKED") throw error;
}

function busy(target: string): UserError {
  return new UserError("BUSY", `Another command has held ${target} for too long`, {
    hint: `End it, or remove ${target}.lock if none is running.`,
  });
}

function takenOver(target: string): UserError {
  return new UserError("TAKEN_OVER", `Another command may have changed ${target} while this one worked on it`, {
    hint: `Run it again, and leave ${target}.lock alone while a command runs.`,
  });
}
