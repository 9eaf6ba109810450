import { readImages, readSeries } from "@prosody-foundry/images";
import {
  applyChangesets,
  namesVersion,
  type PendingChangesets,
  planVersion,
  policyOf,
  readLedger,
  readPendingChangesets,
  type ReleaseNews,
  releaseNews,
  sectionsSince,
  type VersionPlan,
} from "@prosody-foundry/release";
import type { Context } from "./context.ts";
import { planImages } from "./plan-images.ts";
import { readChangelog } from "./read-changelog.ts";
import { readImagePackages } from "./read-image-packages.ts";

/** What `foundry version` would do with the repository as it is. */
export async function composeVersion(context: Context, available: boolean): Promise<VersionPlan> {
  const { root } = context;
  const images = await readImages(root);
  const packages = await readImagePackages(
    root,
    images.map(({ name }) => name),
  );
  const pending = await readPendingChangesets(root, [...packages.values()]);
  const ledger = await readLedger(root);
  const { targets } = await planImages(context, [], { available });
  const owned = targets.filter(({ image }) => packages.has(image));
  const isTold = tellerOf(pending, { packages, changelogs: await readChangelogs(root, packages) });
  const news = releaseNews({ targets: owned, ledger, isTold });
  const applied = await applyChangesets(
    pending,
    news.map((one) => impliedChangeset(one, packages)),
  );
  const policy = policyOf(await readSeries(root), images);
  return planVersion({ ...applied, news, targets: owned, policy, ledger, date: context.today });
}

type Told = Parameters<typeof releaseNews>[0]["isTold"];

interface Texts {
  /** Image → name of its package. */
  packages: ReadonlyMap<string, string>;
  /** Image → text of its changelog. */
  changelogs: ReadonlyMap<string, string>;
}

/** Told is what a pending changeset says, or the changelog since the contract that was published last. */
function tellerOf({ changesets }: PendingChangesets, { packages, changelogs }: Texts): Told {
  return (image, version, since) => {
    const own = changesets.filter(({ releases }) => releases.some(({ name }) => name === packages.get(image)));
    const sections = sectionsSince(changelogs.get(image) ?? "", since);
    const texts = [...own.map(({ summary }) => summary), ...sections.flatMap(({ items }) => Object.values(items))];
    return texts.some((text) => namesVersion(text, version));
  };
}

async function readChangelogs(root: string, packages: Texts["packages"]): Promise<Map<string, string>> {
  const changelogs = new Map<string, string>();
  for (const image of packages.keys()) changelogs.set(image, await readChangelog(root, image));
  return changelogs;
}

function impliedChangeset({ image, series, to, bump, summary }: ReleaseNews, packages: Texts["packages"]) {
  const name = packages.get(image) ?? image;
  return { id: `prosody-${series}-${to}-${image}`, summary, releases: [{ name, type: bump }] };
}
