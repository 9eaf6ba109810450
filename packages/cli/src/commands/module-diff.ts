import { allSeries } from "@prosody-foundry/kit";
import { readLock } from "@prosody-foundry/lockfile";
import type { CommandSpec } from "../command.ts";
import { compareRevisions } from "../compare-revisions.ts";
import { lockedNames } from "../locked-names.ts";
import { renderComparison } from "../render-comparison.ts";

export const moduleDiff: CommandSpec = {
  name: "module diff",
  summary: "what upstream changed in a module since its pins, and what that means",
  arguments: "<module>",
  options: ["series", "to", "json"],
  example: "foundry module diff mod_http_oauth2",
  async run(context, { args, flags }) {
    const lock = await readLock(context.lockFile);
    const [key = ""] = lockedNames(lock, args);
    const series = flags.series ?? allSeries;
    const comparison = await compareRevisions(context, { lock, key, series, to: flags.to });
    return { value: comparison, text: renderComparison(comparison) };
  },
};
