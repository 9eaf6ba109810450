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

const patience = 1000;

/**
 * Shows what is going on once it has taken a second: on a terminal one line that is overwritten, elsewhere plain lines.
 */
export function createProgress(stream: ProgressStream): ProgressPrinter {
  let timer: NodeJS.Timeout | undefined;
  let shown = false;
  const wipe = () => {
    clearTimeout(timer);
    if (shown && stream.isTTY === true) stream.write("\r\u001B[K");
    shown = false;
  };
  return {
    report(message) {
      wipe();
      timer = setTimeout(() => {
        shown = true;
        stream.write(stream.isTTY === true ? fitLine(message, stream.columns ?? 80) : `${message}\n`);
      }, patience);
      timer.unref();
    },
    end: wipe,
  };
}

function fitLine(message: string, columns: number): string {
  const line = message.replaceAll(/\s+/gu, " ");
  return line.length < columns ? line : `${line.slice(0, columns - 2)}…`;
}
