import { allSeries, compareText } from "@prosody-foundry/kit";
import { type Lock, readLock, updateLock } from "@prosody-foundry/lockfile";
import type { CommandSpec } from "../command.ts";
import { applyFindings, judgePins } from "../judge-pins.ts";
import { lockedNames } from "../locked-names.ts";
import { openReleases } from "../open-releases.ts";
import { runSurveyFlag } from "../survey-command.ts";
import { renderTable } from "../table.ts";

export const compat: CommandSpec = {
  name: "compat",
  summary: "gather the evidence about locked modules again, or about all of a source, on every release, and judge",
  arguments: "[module...]",
  options: ["all", "source", "to", "series", "disagreements", "agreement", "dryRun", "json"],
  example: "foundry compat mod_firewall --series 13.0",
  async run(context, { args, flags }) {
    const survey = await runSurveyFlag(context, { args, flags });
    if (survey !== undefined) return survey;
    const lock = await readLock(context.lockFile);
    const names = lockedNames(lock, args);
    const releases = await openReleases(context, flags.series ?? allSeries);
    const findings = await judgePins(context, { lock, names, releases });
    const change = (current: Lock): Lock => applyFindings(current, { lock, findings, releases });
    const after = change(lock);
    if (flags.dryRun !== true) {
      await updateLock(context.lockFile, change, { onWait: (message) => context.say(message) });
    }
    return { value: describe(after, names), text: render(after, names) };
  },
};

function describe(lock: Lock, names: readonly string[]) {
  return names.map((name) => ({ name, judgements: lock.modules[name]?.judgements ?? [] }));
}

function render(lock: Lock, names: readonly string[]): string {
  const releases = Object.keys(lock.releases).toSorted(compareText);
  const rows = names.map((name) => {
    const judgements = lock.modules[name]?.judgements ?? [];
    return [name, ...releases.map((one) => judgements.find((item) => item.releases.includes(one))?.verdict ?? "")];
  });
  return renderTable([["module", ...releases], ...rows]);
}
