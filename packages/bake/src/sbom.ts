import { type Platform, type Release, type ShippedModule, type Target, upstreamVersion } from "@prosody-foundry/images";
import { compareText } from "@prosody-foundry/kit";
import { momentOf } from "./assemble.ts";
import { type PackageRecord, lockedPackages } from "./package-record.ts";
import type { ModuleMaterial } from "./write-context.ts";

/** What a target does not say of itself. */
export interface SbomFacts {
  /** The records of Debian packages in the image. */
  records: readonly PackageRecord[];
  /** Name of a module → its licence (an SPDX expression) and where its source is had from. */
  modules: Readonly<Record<string, Pick<ModuleMaterial, "download" | "licence">>>;
}

interface SpdxPackage {
  SPDXID: string;
  name: string;
  [field: string]: unknown;
}

/**
 * The bill of materials of one platform's image, SPDX 2.3: Debian's packages, Prosody, and every community module. Pure:
 * equal inputs give equal documents.
 */
export function sbomOf(target: Target, platform: Platform, facts: SbomFacts): object {
  const image = imagePackage(target);
  const parts = [
    prosodyPackage(target.release),
    ...target.modules.map((module) => modulePackage(module, target, facts)),
    ...facts.records.map((record) => debianPackage(record, target, platform)),
  ].toSorted((a, b) => compareText(a.SPDXID, b.SPDXID));
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `${target.name} ${platform}`,
    documentNamespace: `https://spdx.org/spdxdocs/prosody-foundry-${target.name}-${target.id}`,
    creationInfo: {
      created: momentOf(target.epoch),
      creators: ["Tool: prosody-foundry", "Organization: Prosody Foundry"],
    },
    packages: [image, ...parts],
    relationships: [
      relationship("SPDXRef-DOCUMENT", "DESCRIBES", image.SPDXID),
      ...parts.map(({ SPDXID }) => relationship(image.SPDXID, "CONTAINS", SPDXID)),
    ],
  };
}

function relationship(from: string, relationshipType: string, to: string): object {
  return { spdxElementId: from, relationshipType, relatedSpdxElement: to };
}

const unsaid = {
  filesAnalyzed: false,
  downloadLocation: "NOASSERTION",
  licenseConcluded: "NOASSERTION",
  licenseDeclared: "NOASSERTION",
  copyrightText: "NOASSERTION",
};

function imagePackage(target: Target): SpdxPackage {
  return {
    ...unsaid,
    SPDXID: "SPDXRef-Image",
    name: target.name,
    versionInfo: upstreamVersion(target.release),
    supplier: "Organization: Prosody Foundry",
    summary: target.description,
    primaryPackagePurpose: "CONTAINER",
  };
}

function prosodyPackage(release: Release): SpdxPackage {
  const version = upstreamVersion(release);
  const isNumbered = /^\d+(\.\d+)+$/u.test(version);
  const cpe = `cpe:2.3:a:prosody:prosody:${version}:*:*:*:*:*:*:*`;
  return {
    ...unsaid,
    SPDXID: "SPDXRef-Prosody",
    name: "prosody",
    versionInfo: version,
    supplier: "Organization: Prosody",
    downloadLocation: downloadOf(release),
    homepage: "https://prosody.im/",
    licenseDeclared: "MIT",
    primaryPackagePurpose: "APPLICATION",
    ...(release.kind === "tarball" ? { checksums: [checksum(release.sha256)] } : {}),
    externalRefs: [
      purl(`pkg:generic/prosody@${version}`),
      ...(isNumbered ? [{ referenceCategory: "SECURITY", referenceType: "cpe23Type", referenceLocator: cpe }] : []),
    ],
  };
}

function downloadOf(release: Release): string {
  if (release.kind === "tarball") return release.url;
  if (release.kind === "debian") return "NOASSERTION";
  return `${release.kind}+${release.url}@${release.node}`;
}

function modulePackage(module: ShippedModule, target: Target, { modules }: SbomFacts): SpdxPackage {
  const { licence, download } = modules[module.name] ?? {};
  const swh = `swh:1:dir:${module.tree}`;
  const patches = Object.keys(target.inputs).filter((label) => label.startsWith(`patch ${module.name} `));
  return {
    ...unsaid,
    SPDXID: `SPDXRef-Module-${idWord(module.name)}`,
    name: module.name,
    versionInfo: module.node,
    downloadLocation: download ?? "NOASSERTION",
    licenseDeclared: licence ?? "NOASSERTION",
    primaryPackagePurpose: "SOURCE",
    checksums: [checksum(module.integrity)],
    sourceInfo: `from ${module.source}; the checksum is over the sorted paths, modes and contents of the files that ship`,
    ...(patches.length === 0 ? {} : { comment: `changed here by ${patches.map(patchFile).join(", ")}` }),
    externalRefs: [
      { referenceCategory: "PERSISTENT-ID", referenceType: "swh", referenceLocator: swh },
      purl(`pkg:generic/${encodeURIComponent(module.source)}/${module.name}@${module.node}`),
    ],
  };
}

function patchFile(label: string): string {
  return label.split(" ").slice(3).join(" ");
}

function debianPackage(record: PackageRecord, target: Target, platform: Platform): SpdxPackage {
  const { name, version, architecture, source, homepage } = record;
  const hash = hashOf(record, target, platform);
  const { suite } = target.release;
  return {
    ...unsaid,
    SPDXID: `SPDXRef-Package-${idWord(name)}`,
    name,
    versionInfo: version,
    supplier: "Organization: Debian",
    primaryPackagePurpose: "LIBRARY",
    ...(homepage === undefined ? {} : { homepage }),
    sourceInfo: `built from Debian's source package ${source ?? name}`,
    ...(hash === undefined ? {} : { checksums: [checksum(hash)] }),
    externalRefs: [
      purl(
        `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}&distro=${suite}`,
      ),
    ],
  };
}

/** SHA-256 of the .deb; undefined where nothing says it. */
function hashOf({ name }: PackageRecord, target: Target, platform: Platform): string | undefined {
  const { release } = target;
  if (release.kind === "debian" && release.package === name) return release.sha256[platform];
  return lockedPackages(target, platform).get(name)?.sha256;
}

function checksum(hash: string): object {
  return { algorithm: "SHA256", checksumValue: hash };
}

function purl(locator: string): object {
  return { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: locator };
}

/** An SPDX id has letters, digits, dots and dashes; what else a name has is written by its code, so that none collide. */
function idWord(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9.]/gu, (letter) => (letter === "-" ? "-" : `-${letter.charCodeAt(0)}-`));
}
