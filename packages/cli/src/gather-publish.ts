import path from "node:path";
import { buildFolder, readReport } from "@prosody-foundry/bake";
import { type Target, upstreamVersion } from "@prosody-foundry/images";
import { idTag, type PublishFacts, readUpload, type TargetFacts } from "@prosody-foundry/release";
import type { Context } from "./context.ts";
import type { Publishing } from "./open-publishing.ts";
import { readContract } from "./read-image-packages.ts";

/** Everything the plan of publishing is made from. */
export async function gatherPublishFacts(
  context: Context,
  publishing: Publishing,
  { targets, withBlobs }: { targets: readonly Target[]; withBlobs: boolean },
): Promise<PublishFacts> {
  const ids = targets.map(({ id }) => id);
  const now = await publishing.readFacts(ids, withBlobs);
  const facts: TargetFacts[] = [];
  for (const target of targets) {
    const published = now.registry.digests[idTag(target.id)];
    const ledgered = now.ledger.some(({ digest }) => digest === published);
    const signed = published !== undefined && !ledgered && (await isSigned(publishing, published));
    facts.push({ ...(await describe(context, target)), signed });
  }
  const { repository, policy, signing } = publishing;
  return { repository: repository.name, policy, signing: signing !== undefined, targets: facts, ...now };
}

async function isSigned({ repository, signing }: Publishing, digest: string): Promise<boolean> {
  return (await signing?.isSigned(`${repository.name}@${digest}`)) ?? false;
}

async function describe(context: Context, target: Target): Promise<Omit<TargetFacts, "signed">> {
  const { name, id, image, variant, series, release, platforms } = target;
  const report = await readReport(context.cacheDir, id);
  const layout = path.join(buildFolder(context.cacheDir, id), "layout");
  return {
    name,
    id,
    platforms,
    image,
    variant,
    series,
    version: upstreamVersion(release),
    contract: await readContract(context.root, image),
    built: report === undefined ? null : { index: report.index, upload: await readUpload(layout) },
    checked: false,
  };
}
