const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Somebody ended the command; what the work had made is removed by then. */
export class Interrupted extends Error {}

/** Work that removes what it made before the command ends on Ctrl-C or kill. */
export async function interruptible<T>(work: (cancelSignal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new Interrupted());
  for (const signal of signals) process.once(signal, abort);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, abort);
  }
}
