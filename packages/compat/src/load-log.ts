export interface LogLine {
  /** Who wrote it: `modulemanager`, `host:module`, or `mod_x` for a module that left its host. */
  from: string;
  level: string;
  /** Without the traceback that may follow it. */
  message: string;
  /** The lines that followed it: a traceback, or what somebody printed. */
  more: readonly string[];
  /** Written while the server started; later lines come from its event loop. */
  early: boolean;
}

export interface ServerOutput {
  /** The server's process ran at all; otherwise the engine failed. */
  started: boolean;
  /** What our probe said: JSON, or undefined when the server ended before it could. */
  answer: string | undefined;
  log: LogLine[];
}

/**
 * Reads standard output of a server started by our harness. Its own lines begin with the mark: `!` follows when the
 * process starts, `>` when the server is up, `=` and the answer of the probe, a space for the log
 * (`name TAB level TAB message`).
 */
export function readServerOutput(stdout: string, mark: string): ServerOutput {
  const [, ...chunks] = stdout.split(mark);
  const up = chunks.findIndex((chunk) => chunk.startsWith(">"));
  const answer = chunks.find((chunk) => chunk.startsWith("="));
  return {
    started: chunks[0]?.startsWith("!") === true,
    answer: answer?.slice(1).split("\n")[0],
    log: chunks.flatMap((chunk, index) => readChunk(chunk, up === -1 || index < up)),
  };
}

function readChunk(chunk: string, early: boolean): LogLine[] {
  if (!chunk.startsWith(" ")) return [];
  const [line = "", ...more] = chunk.slice(1).split("\n");
  const [from = "", level = "", ...rest] = line.split("\t");
  return [{ from, level, message: rest.join("\t"), more: more.filter((text) => text !== ""), early }];
}

/** The line as it is kept: `level from: message`, without the numbers that are others at every start. */
export function printLogLine(line: LogLine): string {
  const from = line.from.replace(/^runner[\w-]{12}$/u, "runner");
  return `${line.level} ${from}: ${line.message.replaceAll(/\b0x[0-9a-f]{6,16}\b/gu, "0x…")}`;
}
