import type { CommandSpec } from "../command.ts";
import { foreseeTags } from "../foresee-tags.ts";
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
    const foreseen = await foreseeTags(context, targets);
    const rows = foreseen.map((one) => ({ target: one.target.name, built: one.report !== undefined, tags: one.tags }));
    const body = rows.map((row) => [row.target, row.built ? "built" : "to build", row.tags.join(" ")]);
    return { value: rows, text: renderTable([["target", "", "tags"], ...body]) };
  },
};
