import { Platform, type Target, upstreamVersion } from "@prosody-foundry/images";
import type { ImageContents } from "./image-contents.ts";

/**
 * The contents of an image that was built of a target: a build takes exactly what the plan says, or fails.
 * @param platforms - sizes and layers, as the build's report has them
 */
export function plannedContents(
  { release, modules, debs }: Pick<Target, "release" | "modules" | "debs">,
  platforms: ImageContents["platforms"],
): ImageContents {
  const packages: ImageContents["packages"] = {};
  for (const deb of Platform.options.flatMap((platform) => debs.root[platform] ?? []))
    packages[deb.name] ??= deb.version;
  return {
    release: upstreamVersion(release),
    modules: Object.fromEntries(modules.map(({ name, node, source }) => [name, { node, source }])),
    packages,
    platforms,
  };
}
