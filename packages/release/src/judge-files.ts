import { compareText } from "@prosody-foundry/kit";
import { integrityOf, makeContent, type ModuleContent } from "@prosody-foundry/source";
import { countOf, type Judged } from "./image-check.ts";
import type { LaidFiles } from "./laid-files.ts";
import type { ListedPackage, Listing } from "./judge-sbom.ts";

const modulesFolder = "usr/lib/prosody-modules/";
const recordsFolder = "var/lib/dpkg/status.d/";

/** The files of one platform's layers, laid on each other. */
export interface PlatformFiles {
  platform: string;
  files: LaidFiles;
}

/** Content hash that a module's files have to have; a reason where nobody here knows it. */
export type ExpectedFiles = { integrity: string } | { unknown: string };

/**
 * The module files in the layers against the hashes they have to have: those of the lock, or, for a module with local
 * patches, of the patched content.
 */
export function judgeFiles(
  platforms: readonly PlatformFiles[],
  listings: readonly Listing[],
  expected: ReadonlyMap<string, ExpectedFiles>,
): Judged {
  const faults = platforms.flatMap(({ platform, files }) => {
    const contents = contentsOf(files);
    const listed = listings.find((listing) => listing.platform === platform)?.modules.map(({ name }) => name) ?? [];
    const missing = listed.filter((name) => !contents.some((content) => content.name === name));
    const odd = [...files.odd].filter((path) => path.startsWith(modulesFolder) || isAbove(path));
    return [
      ...contents.flatMap((content) => contentFaults(content, { listed, expected })),
      ...missing.map((name) => `${name} is in the SBOM and not in the image`),
      ...odd.map((path) => `${path} is no plain file`),
      ...[...files.shortcuts].map((path) => `${path} is a link to where modules or package records are`),
    ].map((fault) => `${platform}: ${fault}`);
  });
  const unknown = [...expected].flatMap(([name, each]) =>
    "unknown" in each ? [`; ${name} not compared: ${each.unknown}`] : [],
  );
  const compared = [...expected.values()].filter((each) => "integrity" in each).length;
  return {
    faults: sameOnce(faults, platforms),
    good: `the files of ${countOf(compared, "module")}${unknown.join("")}`,
  };
}

function contentFaults(
  content: ModuleContent,
  { listed, expected }: { listed: readonly string[]; expected: ReadonlyMap<string, ExpectedFiles> },
): string[] {
  const { name } = content;
  if (!listed.includes(name)) return [`${name} is in the image and not in its SBOM`];
  const wanted = expected.get(name);
  if (wanted === undefined || "unknown" in wanted) return [];
  const got = integrityOf(content);
  return got === wanted.integrity ? [] : [`the files of ${name} have SHA-256 ${got}, not ${wanted.integrity}`];
}

function isAbove(path: string): boolean {
  return modulesFolder.startsWith(`${path}/`);
}

/** Modules as they lie in an image, by name; whatever lies beside them is one of a name no SBOM has. */
function contentsOf({ files }: LaidFiles): ModuleContent[] {
  const placed = [...files].flatMap(([path, file]) => {
    if (!path.startsWith(modulesFolder)) return [];
    const [name = "", ...steps] = path.slice(modulesFolder.length).split("/");
    return [{ name, file: { ...file, path: steps.join("/") } }];
  });
  const groups = Map.groupBy(placed, ({ name }) => name);
  return [...groups]
    .map(([name, group]) =>
      makeContent(
        name,
        group.map(({ file }) => file),
      ),
    )
    .toSorted((a, b) => compareText(a.name, b.name));
}

/** What every platform has is said once, without a platform. */
function sameOnce(faults: readonly string[], platforms: readonly PlatformFiles[]): string[] {
  const said = faults.map((fault) => fault.slice(fault.indexOf(": ") + 2));
  const isCommon = (text: string): boolean => said.filter((each) => each === text).length === platforms.length;
  return [...new Set(faults.map((fault, index) => (isCommon(said[index] ?? "") ? (said[index] ?? "") : fault)))];
}

/** The Debian packages of each SBOM against dpkg's records in that platform's image. */
export function judgePackages(platforms: readonly PlatformFiles[], listings: readonly Listing[]): Judged {
  let count = 0;
  const faults = platforms.flatMap(({ platform, files }) => {
    const recorded = recordsOf(files);
    count = Math.max(count, recorded.length);
    const listing = listings.find((each) => each.platform === platform);
    // Debian's own server package may be listed as Prosody alone.
    const isServer = ({ name }: ListedPackage): boolean => name === "prosody" && listing?.prosody !== undefined;
    const listed = new Set((listing?.packages ?? []).map(textOf));
    const present = new Set(recorded.map(textOf));
    const unlisted = recorded.filter((each) => !listed.has(textOf(each)) && !isServer(each)).map(textOf);
    return [
      ...(recorded.length === 0 ? ["the image has no record of a package"] : []),
      ...unlisted.map((each) => `${each} is in the image and not in its SBOM`),
      ...[...listed].filter((each) => !present.has(each)).map((each) => `${each} is in the SBOM and not in the image`),
    ].map((fault) => `${platform}: ${fault}`);
  });
  return { faults: sameOnce(faults, platforms), good: `SBOM and dpkg's records agree on ${countOf(count, "package")}` };
}

function textOf({ name, version, architecture }: ListedPackage): string {
  return `${name} ${version} ${architecture}`;
}

function recordsOf({ files }: LaidFiles): ListedPackage[] {
  const records = [...files]
    .filter(([path]) => path.startsWith(recordsFolder))
    .toSorted(([a], [b]) => compareText(a, b));
  return records.map(([, { bytes }]) => recordOf(Buffer.from(bytes).toString("utf8")));
}

function recordOf(text: string): ListedPackage {
  const field = (name: string): string => new RegExp(`^${name}: *(.*)$`, "mu").exec(text)?.[1]?.trim() ?? "";
  return { name: field("Package"), version: field("Version"), architecture: field("Architecture") };
}
