import path from "node:path";
import { exportBuilds, readReport } from "@prosody-foundry/bake";
import { narrowTarget, type Target } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";
import type { CommandSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { planImages } from "../plan-images.ts";
import { renderTable } from "../table.ts";

export const exportBuild: CommandSpec = {
  name: "export",
  summary: "copy what was built here into a folder, to be joined on another machine",
  arguments: "[image...]",
  options: ["series", "release", "available", "platform", "output", "json"],
  example: "foundry export prosody --series 13.0 --platform linux/arm64 --output parts",
  async run(context, { args, flags }) {
    const { targets } = await planImages(context, args, flags);
    const parts = targets.flatMap((target) => target.platforms.map((platform) => narrowTarget(target, platform)));
    for (const part of parts) await checkBuilt(context, part);
    const folder = path.resolve(flags.output ?? ".");
    const ids = parts.map(({ id }) => id);
    await exportBuilds(context.cacheDir, ids, folder);
    const rows = parts.map(({ name, platforms, id }) => ({ name, platform: platforms[0], id }));
    return { value: rows, text: renderTable(rows.map(({ name, platform = "", id }) => [name, platform, id])) };
  },
};

async function checkBuilt({ cacheDir }: Context, part: Target): Promise<void> {
  if ((await readReport(cacheDir, part.id)) !== undefined) return;
  const platform = part.platforms.join(" ");
  throw new UserError("NOT_BUILT", `${part.name} is not built for ${platform}: there is no build of ${part.id}`, {
    hint: `Run \`foundry build ${part.image} --series ${part.series} --platform ${platform}\` with the same flags first.`,
  });
}
