import { Sha256 } from "@prosody-foundry/lockfile";
import { UserError, compareText } from "@prosody-foundry/kit";
import { z } from "zod";
import { DebianPackage, DebianVersion, Suite } from "./manifest.ts";

/** A Debian architecture; `all` for a package that is the same file on each. */
const Architecture = z.string().regex(/^[a-z0-9]+$/u, "is no Debian architecture");

/** SHA-256 of the .deb and its size in bytes, in one line. */
const Content = z.string().regex(/^[0-9a-f]{64} [0-9]+$/u, "is no SHA-256 and size");

/** One version of a package. What is left out is as Debian names things by itself. */
const LockedVersion = z.strictObject({
  /** Source package; the package's own name when left out. */
  source: DebianPackage.optional(),
  /** Version of the source package; the version without its `+bN` (rebuilt, not changed) when left out. */
  sourceVersion: DebianVersion.optional(),
  /** Archive whose pool has it; main when left out. */
  archive: z.literal("security").optional(),
  /** Architectures that need it, for a package of architecture `all` that not every one needs. */
  for: z.array(Architecture).min(1).optional(),
  sha256: z.record(Architecture, Content),
});
type LockedVersion = z.infer<typeof LockedVersion>;

/** Package → version → what is known of it. Architectures mostly have one version; a rebuild may give one another. */
export const PackageList = z.record(DebianPackage, z.record(DebianVersion, LockedVersion));
export type PackageList = z.infer<typeof PackageList>;

/** What packages are for: the image's root, the builder's tools, headers and link libraries of the target. */
export const listNames = ["root", "build", "dev"] as const;
export type ListName = (typeof listNames)[number];

export const LockedSuite = z.strictObject({
  /** The newest `Date` of the suite's Release files when the lists were made, UTC: the time of every file of an image. */
  snapshot: z.iso.datetime({ precision: 0 }),
  /** Architectures whose packages are without security updates: Debian has none, or no list of them could be had. */
  withoutSecurity: z.array(Architecture).min(1).optional(),
  lists: z.partialRecord(z.enum(listNames), PackageList),
});
export type LockedSuite = z.infer<typeof LockedSuite>;

/**
 * A `packages.lock.json`: exactly which Debian packages are used. `images/<name>/packages.lock.json` has what an image's
 * root is made of, `images/packages.lock.json` what all images are built with.
 */
export const PackageLock = z.strictObject({
  $schema: z.string().optional(),
  lockVersion: z.literal(1),
  suites: z.record(Suite, LockedSuite),
});
export type PackageLock = z.infer<typeof PackageLock>;

/** A .deb, as exactly as can be said. */
export const LockedPackage = z.strictObject({
  name: DebianPackage,
  version: DebianVersion,
  source: DebianPackage,
  sourceVersion: DebianVersion,
  /** Debian's, or `all`. */
  architecture: Architecture,
  sha256: Sha256,
  /** Bytes. */
  size: z.int().nonnegative(),
  /** Which of Debian's archives has `path`. */
  archive: z.enum(["main", "security"]),
  /** Below the archive's root: `pool/main/l/lua5.4/lua5.4_5.4.7-1+b2_arm64.deb`. */
  path: z.string(),
});
export type LockedPackage = z.infer<typeof LockedPackage>;

/** The packages one architecture gets of a list, by name. */
export function packagesFor(list: PackageList, architecture: string): LockedPackage[] {
  return Object.entries(list)
    .flatMap(([name, versions]) =>
      Object.entries(versions).flatMap(([version, locked]) => expand({ name, version }, locked, architecture)),
    )
    .toSorted((a, b) => compareText(a.name, b.name));
}

interface Named {
  name: string;
  version: string;
}

function expand({ name, version }: Named, locked: LockedVersion, wanted: string): LockedPackage[] {
  const architecture = locked.sha256[wanted] === undefined ? "all" : wanted;
  const content = locked.sha256[architecture];
  if (content === undefined || locked.for?.includes(wanted) === false) return [];
  const [sha256 = "", size] = content.split(" ");
  const source = locked.source ?? name;
  const sourceVersion = locked.sourceVersion ?? sourceVersionOf(version);
  const archive = locked.archive ?? "main";
  const facts = { name, version, source, sourceVersion, architecture, archive } as const;
  return [{ ...facts, sha256, size: Number(size), path: poolPath(facts) }];
}

/**
 * Where Debian's archives keep a .deb: by component, the source's first letter (four for a library), source. The epoch of the
 * version is not in a file's name. The security archive has one more folder.
 */
export function poolPath(deb: Pick<LockedPackage, "archive" | "source" | "name" | "version" | "architecture">): string {
  const component = deb.archive === "security" ? "updates/main" : "main";
  const letters = deb.source.startsWith("lib") ? deb.source.slice(0, 4) : deb.source.slice(0, 1);
  const file = `${deb.name}_${deb.version.replace(/^\d+:/u, "")}_${deb.architecture}.deb`;
  return `pool/${component}/${letters}/${deb.source}/${file}`;
}

/** One architecture and what it needs. */
export interface Resolved {
  architecture: string;
  packages: readonly LockedPackage[];
}

/**
 * A list out of what each architecture needs; the inverse of packagesFor.
 * @throws UserError PACKAGES_MALFORMED for a package that is not where Debian's archives keep it.
 */
export function listOf(resolved: readonly Resolved[]): PackageList {
  const list: PackageList = {};
  for (const { packages } of resolved) {
    for (const deb of packages) addPackage(list, deb);
  }
  for (const [name, version, locked] of everyVersion(list)) {
    const needed = resolved.filter(({ packages }) =>
      packages.some((deb) => deb.name === name && deb.version === version),
    );
    if (locked.sha256["all"] === undefined || needed.length === resolved.length) continue;
    locked.for = needed.map(({ architecture }) => architecture).toSorted(compareText);
  }
  return list;
}

function everyVersion(list: PackageList): [string, string, LockedVersion][] {
  return Object.entries(list).flatMap(([name, versions]) =>
    Object.entries(versions).map(([version, locked]): [string, string, LockedVersion] => [name, version, locked]),
  );
}

function addPackage(list: PackageList, deb: LockedPackage): void {
  const versions = (list[deb.name] ??= {});
  const locked = (versions[deb.version] ??= describe(deb));
  locked.sha256[deb.architecture] = `${deb.sha256} ${deb.size}`;
  const [expanded] = expand(deb, locked, deb.architecture);
  if (expanded?.path === deb.path && expanded.archive === deb.archive && expanded.source === deb.source) return;
  throw new UserError("PACKAGES_MALFORMED", `Debian keeps ${deb.name} ${deb.version} at ${deb.path}, of all places`, {
    hint: "This is no mirror of Debian's archives. Name one in the apt configuration of this machine.",
  });
}

function describe(deb: LockedPackage): LockedVersion {
  return {
    ...(deb.source === deb.name ? {} : { source: deb.source }),
    ...(deb.sourceVersion === sourceVersionOf(deb.version) ? {} : { sourceVersion: deb.sourceVersion }),
    ...(deb.archive === "security" ? { archive: deb.archive } : {}),
    sha256: {},
  };
}

function sourceVersionOf(version: string): string {
  return version.replace(/\+b\d+$/u, "");
}
