import os from "node:os";

/** How long something took, and the machine's load average over its last minute. */
export interface Duration {
  seconds: number;
  load: number;
}

/** Runs something and says how long it took. */
export async function measure<T>(work: () => Promise<T>): Promise<Duration & { value: T }> {
  const start = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - start) / 1000, load: os.loadavg()[0] ?? Number.NaN };
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}
