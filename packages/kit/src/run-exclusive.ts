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
 * @throws UserError BUSY when the other one does not finish in time.
 */
export async function runExclusive<T>(
  target: string,
  work: () => Promise<T>,
  options: ExclusiveOptions = {},
): Promise<T> {
  await mkdir(path.dirname(target), { recursive: true });
  const release = await acquire(target, options);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(target: string, options: ExclusiveOptions): Promise<() => Promise<void>> {
  const deadline = performance.now() + (options.patience ?? 600_000);
  let told = false;
  for (;;) {
    const release = await lock(target, { realpath: false, stale: 10_000, update: 2000 }).catch(whenHeld);
    if (release !== undefined) return release;
    if (performance.now() > deadline) throw busy(target);
    if (!told) options.onWait?.(`Another command holds ${target}; waiting for it.`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, beat));
  }
}

function whenHeld(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ELOCKED") throw error;
}

function busy(target: string): UserError {
  return new UserError("BUSY", `Another command has held ${target} for too long`, {
    hint: `End it, or remove ${target}.lock if none is running.`,
  });
}
