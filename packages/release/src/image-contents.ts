import { Platform } from "@prosody-foundry/images";
import { checkShape } from "@prosody-foundry/kit";
import { z } from "zod";

/** What is in an image, as its SBOMs and manifests say. */
export interface ImageContents {
  /** Prosody's version. */
  release: string;
  /** Community modules by name: upstream's revision, and where it is from. */
  modules: Record<string, { node: string; source: string }>;
  /** Debian packages: name → version. */
  packages: Record<string, string>;
  platforms: Partial<Record<Platform, PlatformContents>>;
}

export interface PlatformContents {
  /** Bytes of all layers, compressed: what who has nothing pulls. */
  size: number;
  layers: readonly { digest: string; size: number }[];
}

const SpdxPackage = z.looseObject({
  name: z.string(),
  versionInfo: z.string().default(""),
  downloadLocation: z.string().default(""),
  externalRefs: z.array(z.looseObject({ referenceType: z.string(), referenceLocator: z.string() })).default([]),
});
type SpdxPackage = z.infer<typeof SpdxPackage>;

const SpdxDocument = z.looseObject({ packages: z.array(SpdxPackage) });

/** An image manifest, as far as sizes go. */
const Manifest = z.looseObject({
  layers: z.array(z.looseObject({ digest: z.string(), size: z.number().int().nonnegative() })),
});

/** What the registry or a layout has of one platform. */
export interface PlatformDocuments {
  /** The SPDX document: the predicate of the statement, parsed. */
  sbom: unknown;
  /** The image manifest, parsed. */
  manifest: unknown;
}

/**
 * The contents of an image out of the documents of its platforms. Packages and modules are those of all platforms
 * together; where a version differs (Debian's rebuilds for one architecture), that of the first platform by name counts.
 * @throws UserError SBOM_MALFORMED, also where an SBOM names no Prosody
 */
export function contentsOf(documents: Partial<Record<Platform, PlatformDocuments>>, of: string): ImageContents {
  const contents: ImageContents = { release: "", modules: {}, packages: {}, platforms: {} };
  const origin = { file: `SBOM of ${of}`, code: "SBOM_MALFORMED", hint: "Build and publish it again." };
  for (const platform of Platform.options) {
    const found = documents[platform];
    if (found === undefined) continue;
    const { layers } = checkShape(Manifest, found.manifest, { ...origin, file: `Manifest of ${of}` });
    contents.platforms[platform] = { size: sizeOf(layers), layers };
    for (const one of checkShape(SpdxDocument, found.sbom, origin).packages) addPackage(contents, one);
  }
  return checkShape(z.custom<ImageContents>(hasRelease, "names no Prosody"), contents, origin);
}

function hasRelease(contents: unknown): boolean {
  return typeof contents === "object" && contents !== null && "release" in contents && contents.release !== "";
}

function addPackage(contents: ImageContents, one: SpdxPackage): void {
  const { name, versionInfo: node, downloadLocation: source } = one;
  const purl = purlOf(one);
  if (purl?.type === "deb") contents.packages[purl.name] ??= purl.version;
  if (purl?.type === "generic" && purl.name === "prosody") contents.release = purl.version;
  if (isModule(one)) contents.modules[name] ??= { node, source };
}

/** Nothing else has a revision for its version. */
function isModule({ name, versionInfo }: SpdxPackage): boolean {
  return name.startsWith("mod_") && /^[0-9a-f]{40}$/u.test(versionInfo);
}

function purlOf({ externalRefs }: SpdxPackage): Purl | undefined {
  const purls = externalRefs.filter(({ referenceType }) => referenceType === "purl");
  return purls.flatMap(({ referenceLocator }) => parsePurl(referenceLocator) ?? [])[0];
}

interface Purl {
  type: string;
  name: string;
  version: string;
}

/** `pkg:deb/debian/NAME@VERSION?…` */
function parsePurl(text: string): Purl | undefined {
  const [, type = "", name = "", version = ""] = /^pkg:([a-z]+)\/(?:[^@?#]*\/)?([^@?#/]+)@([^?#]+)/u.exec(text) ?? [];
  return type === "" ? undefined : { type, name: decode(name), version: decode(version) };
}

function decode(text: string): string {
  return /%(?![0-9A-Fa-f]{2})/u.test(text) ? text : decodeURIComponent(text);
}

function sizeOf(layers: readonly { size: number }[]): number {
  let sum = 0;
  for (const { size } of layers) sum += size;
  return sum;
}
