import { type Platform, type Target, platformNames } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";

/** What a dpkg status record says of a package in an image. */
export interface PackageRecord {
  name: string;
  version: string;
  /** Debian's, or `all`. */
  architecture: string;
  /** Source package, with its version where that is another. */
  source: string | undefined;
  homepage: string | undefined;
}

/** A record out of the text of a file in `var/lib/dpkg/status.d`; undefined for what is none. Form: deb-control(5). */
export function parseRecord(text: string): PackageRecord | undefined {
  const field = (name: string): string | undefined => new RegExp(`^${name}: (.+)$`, "imu").exec(text)?.[1]?.trim();
  const [name, version, architecture] = [field("Package"), field("Version"), field("Architecture")];
  if (name === undefined || version === undefined || architecture === undefined) return undefined;
  return { name, version, architecture, source: field("Source"), homepage: field("Homepage") };
}

/** The packages a target locks for a platform: name → version and SHA-256 of the .deb. Empty when it locks none. */
export function lockedPackages(
  target: Pick<Target, "inputs">,
  platform: Platform,
): Map<string, { version: string; sha256: string }> {
  const rows = Object.entries(target.inputs).flatMap(([label, value]) => {
    const [kind, name, place, ...more] = label.split(" ");
    const [version, sha256] = value.split(" ");
    const isRow = kind === "package" && place === platform && more.length === 0;
    if (!isRow || name === undefined || version === undefined || sha256 === undefined) return [];
    return [[name, { version, sha256 }] as const];
  });
  return new Map(rows);
}

/**
 * What the image's own records say must be what the target locks; a package of the release itself is not among those.
 * @throws UserError PACKAGES_DIFFER with each that is not.
 */
export function checkRecords(target: Target, platform: Platform, records: readonly PackageRecord[]): void {
  const locked = lockedPackages(target, platform);
  const { release } = target;
  const wrong = records.flatMap(({ name, version, architecture }) => {
    const isServer = release.kind === "debian" && release.package === name;
    const expected = isServer ? release.version : locked.get(name)?.version;
    if (architecture !== "all" && architecture !== platformNames[platform].debian)
      return [`${name} is of ${architecture}`];
    if (!isServer && locked.size === 0) return [];
    return expected === version ? [] : [`${name} is ${version}, locked is ${expected ?? "none"}`];
  });
  if (wrong.length === 0) return;
  throw new UserError(
    "PACKAGES_DIFFER",
    `${target.name} for ${platform} has packages in it that are not locked: ${wrong.join("; ")}`,
    {
      hint: "Build it anew with --no-cache; if that gives the same, the image's Dockerfile takes packages from elsewhere.",
    },
  );
}
