import path from "node:path";
import { runExclusive, sha256 } from "@prosody-foundry/kit";
import { finishVersion, type VersionedImage, type VersionPlan, writeVersion } from "@prosody-foundry/release";
import type { CommandSpec, Outcome } from "../command.ts";
import { composeVersion } from "../compose-version.ts";
import type { Context } from "../context.ts";
import { renderTable } from "../table.ts";

export const version: CommandSpec = {
  name: "version",
  summary:
    "turn changesets and new Prosody releases into contract versions and changelogs, and say what would be published next",
  options: ["available", "dryRun", "json"],
  example: "foundry version --dry-run",
  async run(context, { flags }) {
    const available = flags.available === true;
    if (flags.dryRun === true) return report(context, await composeVersion(context, available));
    const mark = path.join(context.cacheDir, "version", sha256(context.root).slice(0, 16));
    const plan = await runExclusive(mark, () => changeVersion(context, available), { onWait: context.say });
    return report(context, plan);
  },
};

async function changeVersion(context: Context, available: boolean): Promise<VersionPlan> {
  if (await finishVersion(context.root)) context.say("Finished what an earlier run had begun.");
  const plan = await composeVersion(context, available);
  await writeVersion(context.root, plan);
  return plan;
}

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
