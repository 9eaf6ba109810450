import type { Progress } from "@prosody-foundry/kit";

/** Where progress is written: standard error, or a stand-in. */
export interface ProgressStream {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

export interface ProgressPrinter {
  report: Progress;
  /** Wipes the line in progress and stops the clock. */
  end(): void;
}

/** Milliseconds before anything is shown, and between lines where they stay. */
const patience = 1000;
/** Milliseconds between changes of a line that is overwritten. */
const blink = 100;

/**
 * Shows what is going on once it has taken a second: on a terminal one line that is overwritten, elsewhere plain lines, one
 * a second at most.
 */
export function createProgress(stream: ProgressStream): ProgressPrinter {
  const isTTY = stream.isTTY === true;
  let clock: NodeJS.Timeout | undefined;
  let waited = 0;
  let latest = "";
  let shown = "";
  const show = () => {
    waited += isTTY ? blink : patience;
    if (waited < patience || latest === shown) return;
    shown = latest;
    stream.write(isTTY ? `\r\u001B[K${fitLine(latest, stream.columns ?? 80)}` : `${latest}\n`);
  };
  return {
    report(message) {
      latest = message;
      clock ??= setInterval(show, isTTY ? blink : patience).unref();
    },
    end() {
      clearInterval(clock);
      if (shown !== "" && isTTY) stream.write("\r\u001B[K");
      [clock, waited, shown] = [undefined, 0, ""];
    },
  };
}

function fitLine(message: string, columns: number): string {
  const line = message.replaceAll(/\s+/gu, " ");
  return line.length < columns ? line : `${line.slice(0, columns - 2)}…`;
}
