import { UserError } from "@prosody-foundry/kit";

const faults: Readonly<Record<string, { code: string; words: string }>> = {
  ENOSPC: { code: "DISK_FULL", words: "No space is left to write" },
  EDQUOT: { code: "DISK_FULL", words: "The disk quota is used up for" },
  EROFS: { code: "DISK_READ_ONLY", words: "The file system is read-only at" },
  EACCES: { code: "DISK_DENIED", words: "This user may not use" },
  EPERM: { code: "DISK_DENIED", words: "This user may not use" },
};

/** What the operating system refused, as an error the user can mend; undefined for anything else. */
export function refusalOfDisk(error: unknown): UserError | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  // Making a folder and those above it, node says ENOENT of a read-only file system.
  const code = error.code === "ENOENT" && "syscall" in error && error.syscall === "mkdir" ? "EROFS" : error.code;
  const fault = faults[String(code)];
  if (fault === undefined) return undefined;
  const where = "path" in error && typeof error.path === "string" ? error.path : `a file (${error.message})`;
  return new UserError(fault.code, `${fault.words} ${where}`, {
    hint: "Make room or rights there, or point FOUNDRY_CACHE elsewhere, and run the command again.",
    cause: error,
  });
}
