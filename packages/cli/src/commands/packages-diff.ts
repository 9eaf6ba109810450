import type { CommandSpec } from "../command.ts";
import { comparePackages } from "../compare-packages.ts";
import { exitCodes } from "../exit-codes.ts";
import { renderPackages } from "../render-packages.ts";
import { resolveLocks } from "../resolve-locks.ts";

export const packagesDiff: CommandSpec = {
  name: "packages diff",
  summary:
    "Debian packages that `packages update` would move, and the CVEs that fixes (exit code 3 when there are some)",
  arguments: "[image...]",
  options: ["series", "available", "json"],
  example: "foundry packages diff",
  async run(context, { args, flags }) {
    const moves = await resolveLocks(context, args, flags);
    const changes = await comparePackages(context, moves);
    if (changes.length === 0) return { value: [], text: "Every locked package is the one Debian has now.\n" };
    return { value: changes, text: renderPackages(changes), exitCode: exitCodes.findings };
  },
};
