import { readReport } from "@prosody-foundry/bake";
import { UserError } from "@prosody-foundry/kit";
import { type Notes, readLedger, renderNotes } from "@prosody-foundry/release";
import type { CommandSpec } from "../command.ts";
import { composeTargetNotes } from "../compose-target-notes.ts";
import { repositoryName } from "../open-publishing.ts";
import { planImages } from "../plan-images.ts";
import { readPublishedContents } from "../read-published-contents.ts";

export const notes: CommandSpec = {
  name: "notes",
  summary: "what the built images bring their users, against what was published last, as Markdown",
  arguments: "[image...]",
  options: ["series", "release", "available", "repository", "insecure", "json"],
  example: "foundry notes prosody --series 13.0",
  async run(context, { args, flags }) {
    const { targets, lock } = await planImages(context, args, flags);
    const ledger = await readLedger(context.root);
    const repository = await repositoryName(context, flags);
    const found: Notes[] = [];
    for (const target of targets) {
      const report = await readReport(context.cacheDir, target.id);
      if (report === undefined) throw notBuilt(target.name);
      const readContents: Parameters<typeof composeTargetNotes>[1]["readContents"] = (entry) =>
        readPublishedContents(context, entry, flags);
      found.push(
        await composeTargetNotes(context, {
          target,
          digest: report.index,
          built: true,
          lock,
          ledger,
          repository,
          readContents,
        }),
      );
    }
    return { value: found, text: found.map((one) => `# ${one.title}\n\n${renderNotes(one)}`).join("\n") };
  },
};

function notBuilt(name: string): UserError {
  return new UserError("NOT_BUILT", `${name} is not built, so nobody knows what it will weigh`, {
    hint: "Build it with `foundry build` and the same flags.",
  });
}
