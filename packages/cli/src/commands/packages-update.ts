import { packageLockFile, writePackageLock } from "@prosody-foundry/images";
import type { Context } from "../context.ts";
import type { CommandSpec } from "../command.ts";
import { comparePackages, movedPackages } from "../compare-packages.ts";
import { packagesReport } from "../report-packages.ts";
import { renderPackages } from "../render-packages.ts";
import { type LockMove, resolveLocks } from "../resolve-locks.ts";
import { writeReport } from "../write-bumps.ts";

export const packagesUpdate: CommandSpec = {
  name: "packages update",
  summary: "lock the Debian packages that images are made of and with, at the versions Debian has now",
  arguments: "[image...]",
  options: ["series", "available", "report", "dryRun", "json"],
  example: "foundry packages update --dry-run",
  async run(context, { args, flags }) {
    const moves = await resolveLocks(context, args, flags);
    // Before the locks: afterwards there would be nothing to report any more.
    if (flags.report !== undefined)
      await writeReport(flags.report, packagesReport(await comparePackages(context, moves)));
    const files = flags.dryRun === true ? [] : await writeMoves(context, moves);
    const changes = movedPackages(moves);
    const written = files.map((file) => `Wrote ${file}\n`).join("");
    const table = changes.length === 0 ? "Debian has nothing newer.\n" : renderPackages(changes);
    return { value: { written: files, changes }, text: `${table}${written}` };
  },
};

async function writeMoves({ root }: Context, moves: readonly LockMove[]): Promise<string[]> {
  const files: string[] = [];
  for (const { image, after } of moves) {
    if (await writePackageLock(root, after, image)) files.push(packageLockFile(image));
  }
  return files;
}
