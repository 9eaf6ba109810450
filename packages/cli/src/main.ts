import { isUserError } from "@prosody-foundry/kit";
import { CommanderError } from "commander";
import { createProgram } from "./program.ts";
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
  if (isUserError(error)) {
    process.stderr.write(`${error.code}: ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`  ${error.hint.replaceAll("\n", "\n  ")}\n`);
    return exitCodes.refused;
  }
  const diskError = describeDiskError(error);
  if (diskError !== undefined) {
    process.stderr.write(diskError);
    return exitCodes.refused;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`BUG: something we did not think of. Please report it with this text:\n${stack}\n`);
  return exitCodes.bug;
}

const diskErrors: Readonly<Record<string, string>> = {
  ENOSPC: "DISK_FULL: no space is left to write",
  EDQUOT: "DISK_FULL: the disk quota is used up for",
  EROFS: "DISK_READ_ONLY: the file system is read-only at",
  EACCES: "DISK_DENIED: this user may not use",
  EPERM: "DISK_DENIED: this user may not use",
};

function describeDiskError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const words = diskErrors[String(error.code)];
  if (words === undefined) return undefined;
  const where = "path" in error && typeof error.path === "string" ? error.path : error.message;
  return `${words} ${where}\n  Make room or rights there, or point FOUNDRY_CACHE elsewhere, and run the command again.\n`;
}

/** `foundry … | head` ends quietly. */
function endWhenReaderLeft(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(exitCodes.done);
}
