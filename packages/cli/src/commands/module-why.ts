import {
  explainWhy,
  type Image,
  newestRelease,
  readImages,
  readSeries,
  selectImages,
  upstreamVersion,
} from "@prosody-foundry/images";
import { type Lock, readLock } from "@prosody-foundry/lockfile";
import { checkKnown, moduleName } from "../context.ts";
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
    const images = await readImages(context.root);
    checkKnown("MODULE_NOT_LOCKED", "module in the lock called", { word: name, known: namesIn(lock, images) });
    const answers = selectImages(images, names).flatMap((image) =>
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

/** Every module there is something to say about: locked, a release's own, or asked for by an image. */
function namesIn(lock: Lock, images: readonly Image[]): string[] {
  const core = Object.values(lock.releases).flatMap((release) => release.core);
  const wanted = images.flatMap(({ modules }) => [...modules.required, ...modules.optional]);
  return [...new Set([...Object.keys(lock.modules), ...wanted, ...core])];
}
