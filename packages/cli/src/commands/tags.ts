import { readReport } from "@prosody-foundry/bake";
import { readImages, readSeries } from "@prosody-foundry/images";
import { policyOf, readLedger, tagsOfTarget } from "@prosody-foundry/release";
import type { CommandSpec } from "../command.ts";
import { planImages } from "../plan-images.ts";
import { renderTable } from "../table.ts";

export const tags: CommandSpec = {
  name: "tags",
  summary: "the tags each target would carry if it were published now",
  arguments: "[image...]",
  options: ["series", "release", "available", "platform", "json"],
  example: "foundry tags prosody --available",
  async run(context, { args, flags }) {
    const { targets } = await planImages(context, args, flags);
    const policy = policyOf(await readSeries(context.root), await readImages(context.root));
    const ledger = await readLedger(context.root);
    const rows = [];
    for (const target of targets) {
      const report = await readReport(context.cacheDir, target.id);
      // A target that is not built has no digest yet; its id stands for it.
      const digest = report?.index ?? `sha256:${target.id}`;
      const carried = tagsOfTarget({ target, digest, date: context.today }, policy, ledger);
      rows.push({ target: target.name, built: report !== undefined, tags: carried });
    }
    const body = rows.map((row) => [row.target, row.built ? "built" : "to build", row.tags.join(" ")]);
    return { value: rows, text: renderTable([["target", "", "tags"], ...body]) };
  },
};
