import { type LockedPackage, Platform, type TargetPackages, platformNames } from "@prosody-foundry/images";

/**
 * The lists a build downloads by, and by nothing else: name in the context's `packages/` → text. `root-<architecture>.list` is
 * what the root of a platform is made of, `dev-<architecture>.list` its headers and link libraries,
 * `build-<architecture>.list` the tools of a build machine.
 */
export function packageLists({ root, dev, build }: TargetPackages): Record<string, string> {
  const tools = Object.entries(build).map(([architecture, packages]): [string, string] => [
    `build-${architecture}.list`,
    listText(packages),
  ]);
  return Object.fromEntries([...namedLists("root", root), ...namedLists("dev", dev), ...tools]);
}

function namedLists(kind: string, lists: TargetPackages["root"]): [string, string][] {
  return Platform.options.flatMap((platform) => {
    const packages = lists[platform];
    return packages === undefined ? [] : [[`${kind}-${platformNames[platform].debian}.list`, listText(packages)]];
  });
}

/** A line for each package, by name: `SHA256 ARCHIVE PATH NAME VERSION`. */
function listText(packages: readonly LockedPackage[]): string {
  return packages.map((deb) => `${deb.sha256} ${deb.archive} ${deb.path} ${deb.name} ${deb.version}\n`).join("");
}
