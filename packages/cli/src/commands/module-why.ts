import { explainWhy, newestRelease, readImages, readSeries, selectImages, upstreamVersion } from "@prosody-foundry/images";
import { readLock } from "@prosody-foundry/lockfile";
import { moduleName } from "../context.ts";
import type { CommandSpec } from "../command.ts";

export const moduleWhy: CommandSpec = {
  name: "module why",
  summary: "why each image ships a module on each series, replaces it, or leaves it out",
  arguments: "<module> [image...]",
  options: ["series", "json"],
  example: "foundry module why mod_cloud_notify prosody",
  async run(context, { args, flags }) {
    const [word = "", ...names] = args;
    const name = moduleName(word);
    const lock = await readLock(context.lockFile);
    const seriesFile = await readSeries(context.root);
    const answers = selectImages(await readImages(context.root), names).flatMap((image) =>
      image.series
        .filter((series) => flags.series?.includes(series) ?? true)
        .map((series) => {
          const release = newestRelease(seriesFile, series);
          const because = explainWhy(name, { image, series, release, lock });
          return { image: image.name, series, release: upstreamVersion(release), because };
        }),
    );
    return { value: answers, text: answers.map(({ because }) => because).join("") };
  },
};
