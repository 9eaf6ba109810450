import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { UserError, writeFileWhole } from "@prosody-foundry/kit";
import { type Lock, updateLock } from "@prosody-foundry/lockfile";
import { type Bump, changesetPrefix } from "@prosody-foundry/release";
import type { ComposedBumps } from "./compose-bumps.ts";
import type { Context } from "./context.ts";

/** Composes bumps from the lock as it is once nobody else writes it, and writes them. */
export async function writeBumps(
  context: Context,
  compose: (now: Lock) => Promise<ComposedBumps>,
): Promise<ComposedBumps> {
  const composed: ComposedBumps[] = [];
  const change = async (now: Lock): Promise<Lock> => {
    const bumps = await compose(now);
    composed.push(bumps);
    // The lock last: whoever is stopped before it finds everything to do again, under the same names.
    if (bumps.bumps.length > 0) await writeChangesets(context.root, bumps);
    return bumps.lock;
  };
  await updateLock(context.lockFile, change, { onWait: (message) => context.say(message) });
  const [written] = composed;
  if (written === undefined) throw new Error("The lock was written without a bump");
  return written;
}

/** In place of all earlier ones that start from the same lock. */
async function writeChangesets(root: string, { base, bumps }: ComposedBumps): Promise<void> {
  const folder = path.join(root, ".changeset");
  const files = new Map(bumps.flatMap(changesetsOf));
  const prefix = changesetPrefix(base);
  const present = await readdir(folder).catch(emptyWhenMissing);
  for (const name of present.filter((one) => one.startsWith(prefix))) {
    if (!files.has(`.changeset/${name}`)) await rm(path.join(folder, name));
  }
  for (const [name, text] of files) await writeFileWhole(path.join(root, name), text);
}

/** Names and texts of a bump's changesets. */
export function changesetsOf({ files }: Bump): [string, string][] {
  return Object.entries(files).filter(([name]) => name.startsWith(".changeset/"));
}

/**
 * Each bump's report, into the files that `reportFiles` names.
 * @throws UserError REPORT_UNWRITABLE
 */
export async function writeReports(file: string, bumps: readonly Bump[]): Promise<void> {
  const files = reportFiles(file, bumps);
  for (const [at, { body }] of bumps.entries()) {
    await writeReport(files[at] ?? file, body);
  }
}

/**
 * A report for a pull request.
 * @throws UserError REPORT_UNWRITABLE
 */
export async function writeReport(file: string, text: string): Promise<void> {
  await writeFileWhole(file, text).catch((error: unknown) => {
    throw unwritable(file, error);
  });
}

/** One for each bump: of several, `report-mod_x.md`. */
export function reportFiles(file: string, bumps: readonly Pick<Bump, "branch">[]): string[] {
  const { dir, name, ext } = path.parse(path.resolve(file));
  const nameOf = (branch: string): string => (bumps.length === 1 ? name : `${name}-${path.basename(branch)}`);
  return bumps.map(({ branch }) => path.join(dir, nameOf(branch) + ext));
}

function unwritable(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  return new UserError("REPORT_UNWRITABLE", `The report cannot be written to ${file}: ${error.message}`, {
    hint: "Name another file with --report. The repository is as it was.",
    cause: error,
  });
}

function emptyWhenMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code !== "ENOENT") throw error;
  return [];
}
