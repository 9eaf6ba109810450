import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { changeSeriesText, readImages, readSeries, type SeriesChange } from "@prosody-foundry/images";
import { runExclusive, writeFileWhole } from "@prosody-foundry/kit";
import { updateLock } from "@prosody-foundry/lockfile";
import type { Context } from "./context.ts";
import type { JudgedReleases } from "./judge-releases.ts";
import { readImagePackages } from "./read-image-packages.ts";
import { changesetName, changesetText, isReplaced, type NewestChange } from "./series-changeset.ts";

export interface SeriesUpdate {
  change: SeriesChange;
  newest: readonly NewestChange[];
  judged: JudgedReleases;
}

/** Path in the repository → text, of the changesets that tell of the new releases; none for images without a package. */
export async function changesetsFor(
  root: string,
  { newest, judged }: Pick<SeriesUpdate, "newest" | "judged">,
): Promise<Record<string, string>> {
  const images = await readImages(root);
  const files: Record<string, string> = {};
  for (const one of newest) {
    const own = images.filter((image) => image.series.includes(one.series)).map(({ name }) => name);
    const packages = [...(await readImagePackages(root, own)).values()];
    if (packages.length === 0) continue;
    files[`.changeset/${changesetName(one)}`] = changesetText(packages, one, judged.compatibility);
  }
  return files;
}

/**
 * Writes changesets, the evidence, and images/series.json last: who is stopped before that finds everything to do again,
 * and writes the same.
 */
export async function writeSeries(
  context: Context,
  update: SeriesUpdate,
  changesets: Readonly<Record<string, string>>,
): Promise<void> {
  const { root } = context;
  const file = path.join(root, "images", "series.json");
  const onWait = (message: string): void => context.say(message);
  for (const [name, text] of Object.entries(changesets)) await writeFileWhole(path.join(root, name), text);
  for (const one of update.newest) await removeReplaced(root, one);
  if (update.judged.compatibility.length > 0) await updateLock(context.lockFile, update.judged.apply, { onWait });
  await runExclusive(
    file,
    async () => {
      const text = await readFile(file, "utf8");
      await writeFileWhole(file, changeSeriesText(text, await readSeries(root), update.change));
    },
    { onWait },
  );
}

async function removeReplaced(root: string, newest: NewestChange): Promise<void> {
  const folder = path.join(root, ".changeset");
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return [];
  });
  for (const name of names.filter((one) => isReplaced(one, newest))) await rm(path.join(folder, name));
}
