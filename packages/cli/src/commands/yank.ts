import { addToLedger, planYank, runYank } from "@prosody-foundry/release";
import type { CommandSpec } from "../command.ts";
import { openPublishing } from "../open-publishing.ts";
import { renderTable } from "../table.ts";

export const yank: CommandSpec = {
  name: "yank",
  summary: "withdraw image revisions: they keep their own tag, and the floating ones fall back",
  arguments: "<tag...>",
  options: ["repository", "sign", "insecure", "dryRun", "json"],
  example: "foundry yank 13.0.7-r3",
  async run(context, { args, flags }) {
    const publishing = await openPublishing(context, flags);
    const { repository, policy, signing } = publishing;
    const readFacts = () => publishing.readFacts([]);
    const facts = { repository: repository.name, policy, signing: signing !== undefined, ...(await readFacts()) };
    const plan = planYank(facts, args);
    if (flags.dryRun === true) {
      const rows = [...plan.requests, ...plan.moves].map(({ method, reference }) => [method, reference]);
      return { value: plan, text: rows.length === 0 ? "Nothing to do.\n" : renderTable(rows) };
    }
    const say = (message: string): void => context.say(message);
    const record = async (entries: typeof plan.entries): Promise<void> =>
      void (await addToLedger(context.root, entries, say));
    const moved = await runYank(facts, plan, { repository, readFacts, say, record });
    const rows = moved.map(({ tag, from, to }) => [tag, `${from ?? "new"} → ${to}`]);
    const left = plan.left.length === 0 ? "" : `Still there, as nothing else stands: ${plan.left.join(" ")}\n`;
    return { value: { yanked: plan.yanked, moved, left: plan.left }, text: renderTable(rows) + left };
  },
};
