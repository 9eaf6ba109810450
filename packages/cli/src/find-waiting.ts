import { readImages, type Target } from "@prosody-foundry/images";
import { readChangesets } from "@prosody-foundry/release";
import type { Context } from "./context.ts";
import { readImagePackages } from "./read-image-packages.ts";

/** Targets that may be published, and those that first have to get a version. */
export interface Waiting {
  ready: Target[];
  waiting: Target[];
}

/**
 * A target whose image has changesets waits until `foundry version` has made them a contract version and a changelog:
 * published before, its users would be told of the change under the next one. Trunk, which is published every night, does
 * not wait.
 * @throws UserError CHANGESET_MALFORMED, CHANGESET_UNKNOWN
 */
export async function findWaiting({ root }: Context, targets: readonly Target[]): Promise<Waiting> {
  const images = await readImages(root);
  const packages = await readImagePackages(
    root,
    images.map(({ name }) => name),
  );
  const changesets = await readChangesets(root, [...packages.values()]);
  const pending = new Set(changesets.flatMap(({ releases }) => releases.map(({ name }) => name)));
  const waits = ({ image, series }: Target): boolean => series !== "trunk" && pending.has(packages.get(image) ?? "");
  return { ready: targets.filter((target) => !waits(target)), waiting: targets.filter(waits) };
}

/** What people are told of it. */
export function describeWaiting({ name }: Target): string {
  return `${name} waits: its image has changesets, so run \`foundry version\` first.`;
}
