import { type LockedPackage, type Platform, type TargetPackages, platformNames } from "@prosody-foundry/images";

/**
 * The lists a build downloads by, and by nothing else: name in the context's `packages/` → text. `root-<architecture>.list` is
 * what the root of a platform is made of, `dev-<architecture>.list` its headers and link libraries,
 * `build-<architecture>.list` the tools of a build machine.
 */
export function packageLists({ root, dev, build }: TargetPackages): Record<string, string> {
  const named = (kind: string, lists: TargetPackages["root"]): [string, string][] =>
    Object.entries(lists).map(([platform, packages]) => {
      // Object.entries loses what the keys are.
      const { debian } = platformNames[platform as Platform];
      return [`${kind}-${debian}.list`, listText(packages)];
    });
  const tools = Object.entries(build).map(([architecture, packages]): [string, string] => [
    `build-${architecture}.list`,
    listText(packages),
  ]);
  return Object.fromEntries([...named("root", root), ...named("dev", dev), ...tools]);
}

/** A line for each package, by name: `SHA256 ARCHIVE PATH NAME VERSION`. */
function listText(packages: readonly LockedPackage[]): string {
  return packages.map((deb) => `${deb.sha256} ${deb.archive} ${deb.path} ${deb.name} ${deb.version}\n`).join("");
}
