import type { Platform } from "@prosody-foundry/images";
import { compareText, type Series } from "@prosody-foundry/kit";
import { isPin, keysOf, type Lock, type Pin } from "@prosody-foundry/lockfile";
import { countOf, type Judged } from "./image-check.ts";
import { statementsOf } from "./judge-provenance.ts";
import type { PublishedImage } from "./published.ts";
import { SpdxDocument, spdxType } from "./statement.ts";

/** A community module as an SBOM has it; a field it does not name is undefined. */
export interface ListedModule {
  name: string;
  node: string | undefined;
  integrity: string | undefined;
  tree: string | undefined;
}

/** A Debian package as an SBOM or dpkg's record has it. */
export interface ListedPackage {
  name: string;
  version: string;
  architecture: string;
}

/** What the SBOM of one platform lists. */
export interface Listing {
  platform: Platform;
  modules: ListedModule[];
  packages: ListedPackage[];
  /** Version of Prosody itself. */
  prosody: string | undefined;
}

/** The SBOM of each platform, and what is wrong with those that cannot be read. */
export function readListings(platforms: PublishedImage["platforms"]): { listings: Listing[]; judged: Judged } {
  const read = platforms.map(({ platform, attestations }) => {
    const [statement] = statementsOf(attestations, spdxType);
    return { platform, document: SpdxDocument.safeParse(statement?.predicate) };
  });
  const listings = read.flatMap(({ platform, document }) =>
    document.success ? [{ platform, ...listOf(document.data) }] : [],
  );
  const unread = read.filter(({ document }) => !document.success);
  const nameless = listings.filter(({ prosody }) => prosody === undefined);
  return {
    listings,
    judged: {
      faults: [
        ...unread.map(({ platform }) => `${platform} has no SPDX document`),
        ...nameless.map(({ platform }) => `the SBOM of ${platform} does not list Prosody`),
      ],
      good: summaryOf(listings),
    },
  };
}

function summaryOf(listings: readonly Listing[]): string {
  const [first] = listings;
  if (first === undefined) return "";
  const packages = [...new Set(listings.map((listing) => listing.packages.length))].join(" or ");
  return `Prosody ${first.prosody}, ${countOf(first.modules.length, "module")}, ${packages} Debian packages`;
}

function listOf({ packages }: SpdxDocument): Omit<Listing, "platform"> {
  const purls = packages.flatMap(({ externalRefs = [] }) =>
    externalRefs.map(({ referenceLocator }) => referenceLocator),
  );
  return {
    modules: packages.filter(({ name }) => name.startsWith("mod_")).map(moduleOf),
    packages: purls.flatMap((purl) => debianOf(purl) ?? []),
    prosody: purls.flatMap((purl) => /^pkg:generic\/prosody@([^?#]+)/u.exec(purl)?.[1] ?? [])[0],
  };
}

function moduleOf({
  name,
  versionInfo,
  checksums = [],
  externalRefs = [],
}: SpdxDocument["packages"][number]): ListedModule {
  const swh = externalRefs.map(({ referenceLocator }) => /^swh:1:dir:([0-9a-f]{40})/u.exec(referenceLocator)?.[1]);
  return {
    name,
    node: versionInfo,
    integrity: checksums.find(({ algorithm }) => algorithm === "SHA256")?.checksumValue,
    tree: swh.find((tree) => tree !== undefined),
  };
}

function debianOf(purl: string): ListedPackage | undefined {
  const parts = /^pkg:deb\/debian\/([^@?]+)@([^?#]+)(?:\?([^#]*))?/u.exec(purl);
  if (parts === null) return undefined;
  const [, name = "", version = "", qualifiers = ""] = parts;
  const architecture = new URLSearchParams(qualifiers.replaceAll("+", "%2B")).get("arch") ?? "";
  return { name: decodeURIComponent(name), version: decodeURIComponent(version), architecture };
}

/** A module that is in the image, by the lock. */
export interface PinnedModule {
  name: string;
  key: string;
  pin: Pin;
}

/** The modules of every SBOM against the lock's pins for the image's series. */
export function judgePins(
  listings: readonly Listing[],
  { lock, series }: { lock: Lock; series: Series },
): { pinned: PinnedModule[]; judged: Judged } {
  const byText = new Map(listings.flatMap(({ modules }) => modules).map((module) => [JSON.stringify(module), module]));
  const listed = [...byText.values()].toSorted((a, b) => compareText(a.name, b.name));
  const found = listed.map((module) => ({ module, pinned: findPin(module, lock, series) }));
  const faults = found.flatMap(({ module, pinned }) => {
    if (pinned === undefined) return [`${module.name} is not locked for ${series}`];
    const differing = differences(module, pinned.pin);
    return differing.length === 0 ? [] : [`${module.name}: ${differing.join(", ")}`];
  });
  const pinned = found.flatMap((each) => each.pinned ?? []);
  return { pinned, judged: { faults, good: `${countOf(listed.length, "module")} as locked for ${series}` } };
}

/** The entry that fits best: two sources may have a module of one name. */
function findPin(module: ListedModule, lock: Lock, series: Series): PinnedModule | undefined {
  const candidates = keysOf(lock, module.name).flatMap((key) => {
    const pin = lock.modules[key]?.pins[series];
    return isPin(pin) ? [{ name: module.name, key, pin }] : [];
  });
  return candidates.toSorted((a, b) => differences(module, a.pin).length - differences(module, b.pin).length)[0];
}

function differences(module: ListedModule, pin: Pin): string[] {
  const fields = [
    ["revision", module.node, pin.node],
    ["SHA-256", module.integrity, pin.integrity],
    ["tree", module.tree, pin.tree],
  ] as const;
  return fields
    .filter(([, listed, locked]) => listed !== locked)
    .map(([field, listed, locked]) => `its ${field} is ${listed ?? "missing"}, the lock has ${locked}`);
}
