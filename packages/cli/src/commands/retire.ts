import { readSeries, retireSeries } from "@prosody-foundry/images";
import { Series } from "@prosody-foundry/kit";
import { checkKnown } from "../context.ts";
import type { CommandSpec } from "../command.ts";
import { writeRetired } from "../write-retired.ts";

export const retire: CommandSpec = {
  name: "retire",
  summary: "stop building a series; what is published of it stays",
  arguments: "<series>",
  options: ["dryRun", "json"],
  example: "foundry retire 0.12",
  async run(context, { args: [word = ""], flags }) {
    checkKnown("SERIES_UNKNOWN", "series", { word, known: Series.options });
    const series = Series.parse(word);
    const before = await readSeries(context.root);
    const changed = retireSeries(before, series) !== before;
    if (changed && flags.dryRun !== true) await writeRetired(context.root, series);
    const done = flags.dryRun === true ? "would be retired" : "is retired";
    const rest = "Its tags stay where they are, and nothing of it is planned any more.";
    const text = changed ? `${series} ${done} in images/series.json. ${rest}\n` : `${series} was retired before.\n`;
    return { value: { series, changed }, text };
  },
};
