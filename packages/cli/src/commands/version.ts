import path from "node:path";
import { runExclusive, sha256 } from "@prosody-foundry/kit";
import { finishVersion, type VersionedImage, type VersionPlan, writeVersion } from "@prosody-foundry/release";
import type { CommandSpec, Outcome } from "../command.ts";
import { composeVersion } from "../compose-version.ts";
import type { Context } from "../context.ts";
import { versionReport } from "../report-version.ts";
import { renderTable } from "../table.ts";
import { writeReport } from "../write-bumps.ts";

export const version: CommandSpec = {
  name: "version",
  summary:
    "turn changesets and new Prosody releases into contract versions and changelogs, and say what would be published next",
  options: ["available", "report", "dryRun", "json"],
  example: "foundry version --dry-run",
  async run(context, { flags }) {
    const available = flags.available === true;
    const tell = async (plan: VersionPlan): Promise<VersionPlan> => {
      if (flags.report !== undefined) await writeReport(flags.report, versionReport(plan));
      return plan;
    };
    if (flags.dryRun === true) return report(context, await tell(await composeVersion(context, available)));
    const mark = path.join(context.cacheDir, "version", sha256(context.root).slice(0, 16));
    const change = async (): Promise<VersionPlan> => {
      if (await finishVersion(context.root)) context.say("Finished what an earlier run had begun.");
      // Before the files: afterwards there would be nothing to report any more.
      const plan = await tell(await composeVersion(context, available));
      await writeVersion(context.root, plan);
      return plan;
    };
    const plan = await runExclusive(mark, change, { onWait: context.say });
    return report(context, plan);
  },
};

const nothing = "Nothing to do: no changeset is pending, and every Prosody release is told of.\n";

function report(context: Context, plan: VersionPlan): Outcome {
  for (const { image, series, bump, summary } of plan.news) {
    context.say(`${image}: no changeset tells of ${series}'s release, so the changelog does: ${summary} (${bump})`);
  }
  if (plan.images.length === 0) return { value: plan, text: nothing };
  return { value: plan, text: plan.images.map(renderImage).join("\n") };
}

function renderImage({ image, bump, from, to, changes, targets }: VersionedImage): string {
  const rows = targets.map((next) => {
    const prosody = next.from === null || next.from === next.version ? next.version : `${next.from} → ${next.version}`;
    return [next.target, prosody, next.published === null ? next.tag : `${next.tag} (published)`, next.tags.join(" ")];
  });
  return `${image}: ${from} → ${to} (${bump})\n\n${changes}\n${renderTable([["target", "Prosody", "next", "tags"], ...rows])}`;
}
