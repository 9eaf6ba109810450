import { isUserError } from "@prosody-foundry/kit";
import { CommanderError } from "commander";
import { Interrupted } from "./interruptible.ts";
import { createProgram } from "./program.ts";
import { refusalOfDisk } from "./disk-errors.ts";
import { exitCodes } from "./exit-codes.ts";

/**
 * Runs one command line and answers the exit code. Data goes to standard output, everything else to standard error.
 */
export async function main(args: readonly string[]): Promise<number> {
  process.stdout.on("error", endWhenReaderLeft);
  const outcome = { exitCode: exitCodes.done };
  try {
    await createProgram(outcome).parseAsync(args, { from: "user" });
    return outcome.exitCode;
  } catch (error) {
    return reportError(error);
  }
}

function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  if (error instanceof Interrupted) return exitCodes.interrupted;
  const refusal = isUserError(error) ? error : refusalOfDisk(error);
  if (refusal !== undefined) {
    process.stderr.write(`${refusal.code}: ${refusal.message}\n`);
    if (refusal.hint !== undefined) process.stderr.write(`  ${refusal.hint.replaceAll("\n", "\n  ")}\n`);
    return exitCodes.refused;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`BUG: something we did not think of. Please report it with this text:\n${stack}\n`);
  return exitCodes.bug;
}

/** `foundry … | head` ends quietly. */
function endWhenReaderLeft(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(exitCodes.done);
}
