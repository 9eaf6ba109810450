import { buildMatrix, readLedger } from "@prosody-foundry/release";
import type { CommandSpec } from "../command.ts";
import { describeWaiting, findWaiting } from "../find-waiting.ts";
import { planImages } from "../plan-images.ts";
import { findAnnounced } from "../read-announcer.ts";
import { joinRemoteLedger } from "../read-remote-ledger.ts";
import { renderTable } from "../table.ts";

export const matrix: CommandSpec = {
  name: "matrix",
  summary: "the jobs of a workflow that build what is not published yet, one for each target and platform",
  arguments: "[image...]",
  options: ["series", "release", "available", "platform", "github", "json"],
  example: "foundry matrix",
  async run(context, { args, flags }) {
    const github = await findAnnounced(context, flags.github);
    if (github !== null) await joinRemoteLedger(context, github);
    const { ready, waiting } = await findWaiting(context, (await planImages(context, args, flags)).targets);
    for (const target of waiting) context.say(describeWaiting(target));
    const include = buildMatrix(ready, await readLedger(context.root));
    const rows = include.map(({ name, runner, emulated }) => [name, runner, emulated ? "checked under qemu" : ""]);
    const text = include.length === 0 ? "Nothing to build.\n" : renderTable(rows);
    return { value: { include }, text, outputs: { matrix: JSON.stringify({ include }), jobs: String(include.length) } };
  },
};
