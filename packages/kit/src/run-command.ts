import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { execa } from "execa";
import { UserError } from "./error.ts";

export interface CommandResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

export interface CommandOptions {
  cwd?: string;
  /** Added to the environment the program inherits; undefined takes a variable away. */
  env?: Readonly<Record<string, string | undefined>>;
  /** A stream is passed on as it comes, for a program that is asked more than once. */
  input?: string | Uint8Array | Readable;
  /** Milliseconds; no limit unless given. */
  timeout?: number;
  /** Exit codes beside 0 that are an answer, not a failure. "any" takes all. */
  accept?: readonly number[] | "any";
  /** Called for each line of standard error and standard output as it comes. */
  onLine?: (line: string) => void;
  /** Characters after which standard output or standard error is cut off and the program ended; 512 Mi unless given. */
  maxOutput?: number;
  cancelSignal?: AbortSignal;
  /** File that standard output goes into, byte for byte; `stdout` is empty then. For what is no text. */
  outputFile?: string;
}

/** Runs one program with an argument array, never through a shell. */
export type Exec = (command: string, args: readonly string[], options?: CommandOptions) => Promise<CommandResult>;

/**
 * The real Exec.
 * @throws UserError COMMAND_MISSING when the program is not installed, COMMAND_TIMED_OUT, COMMAND_FAILED with the last
 * lines it printed.
 */
export const runCommand: Exec = async (command, args, options = {}) => {
  const result = await start(command, args, options);
  if (result.exitCode === undefined) throw commandError(command, args, result);
  const accepted = result.exitCode === 0 || isAccepted(result.exitCode, options.accept);
  if (!accepted) throw commandError(command, args, result);
  return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode };
};

interface RawResult extends Omit<CommandResult, "exitCode"> {
  exitCode: number | undefined;
  timedOut: boolean;
  code: string | undefined;
}

async function start(command: string, args: readonly string[], options: CommandOptions): Promise<RawResult> {
  const { accept: _accept, onLine, env, maxOutput, outputFile, ...rest } = options;
  const child = execa(command, args, {
    ...rest,
    ...(env === undefined ? {} : { env: { ...env } }),
    ...(options.input === undefined ? { stdin: "ignore" as const } : {}),
    ...(outputFile === undefined ? {} : { stdout: { file: outputFile }, buffer: { stdout: false } }),
    reject: false,
    stripFinalNewline: false,
    maxBuffer: maxOutput ?? 512 * 1024 * 1024,
  });
  if (onLine !== undefined) {
    const streams = [child.stdout, child.stderr].filter((input) => input !== null);
    for (const input of streams) createInterface({ input }).on("line", onLine);
  }
  const result = await child;
  const { stdout = "", stderr, exitCode, timedOut, code } = result;
  return { stdout, stderr, exitCode, timedOut, code };
}

function isAccepted(exitCode: number, accept: CommandOptions["accept"]): boolean {
  if (accept === undefined) return false;
  return accept === "any" || accept.includes(exitCode);
}

function commandError(command: string, args: readonly string[], result: RawResult): UserError {
  if (result.code === "ENOENT" || result.code === "EACCES") {
    return new UserError("COMMAND_MISSING", `The program ${command} cannot be run: it is not installed`, {
      hint: "Run `foundry doctor` to see what this machine lacks.",
    });
  }
  const line = [command, ...args].join(" ");
  const hint = "Run it again; `foundry doctor` shows what this machine lacks.";
  if (result.timedOut) return new UserError("COMMAND_TIMED_OUT", `\`${line}\` did not end in time`, { hint });
  const tail = `${result.stderr}\n${result.stdout}`.trim().split("\n").slice(-15).join("\n");
  return new UserError("COMMAND_FAILED", `\`${line}\` ended with ${result.exitCode ?? "no"} exit code:\n${tail}`, {
    hint,
  });
}
