import { readImages, readSeries } from "@prosody-foundry/images";
import { explainTags, policyOf, reachable, readLedger, unionOf } from "@prosody-foundry/release";
import type { CommandSpec, Flags, Outcome } from "../command.ts";
import type { Context } from "../context.ts";
import { foreseeTags } from "../foresee-tags.ts";
import { openPublishing } from "../open-publishing.ts";
import { planImages } from "../plan-images.ts";
import { renderTable } from "../table.ts";

export const tags: CommandSpec = {
  name: "tags",
  summary: "the tags each target would carry if it were published now; --explain: why each tag is where it is",
  arguments: "[image...]",
  options: ["series", "release", "available", "platform", "explain", "published", "repository", "insecure", "json"],
  example: "foundry tags prosody --available",
  async run(context, { args, flags }) {
    if (flags.explain === true) return explain(context, flags);
    const { targets } = await planImages(context, args, flags);
    const foreseen = await foreseeTags(context, targets);
    const rows = foreseen.map((one) => ({ target: one.target.name, built: one.report !== undefined, tags: one.tags }));
    const body = rows.map((row) => [row.target, row.built ? "built" : "to build", row.tags.join(" ")]);
    return { value: rows, text: renderTable([["target", "", "tags"], ...body]) };
  },
};

/** All tags of the ledger, and with `--published` of the registry; images that are named make no difference. */
async function explain(context: Context, flags: Flags): Promise<Outcome> {
  const policy = policyOf(await readSeries(context.root), await readImages(context.root));
  const rows = explainTags(policy, await readEntries(context, flags));
  const body = rows.map(({ tag, revision, rule, moves }) => [tag, revision, rule, moves]);
  return { value: rows, text: renderTable([["tag", "is", "because", "moves with"], ...body]) };
}

async function readEntries(context: Context, flags: Flags): ReturnType<typeof readLedger> {
  if (flags.published !== true) return readLedger(context.root);
  const { readFacts } = await openPublishing(context, { ...flags, sign: false });
  const { ledger, registry } = await readFacts([]);
  return reachable(unionOf(ledger, registry), registry);
}
