import { countOf, type Judged } from "./image-check.ts";
import type { PublishedImage } from "./published.ts";
import type { PublishSettings } from "./settings.ts";
import { isAbout, Provenance, provenanceType, sourcesOf, type Statement, spdxType } from "./statement.ts";

/** What provenance has to say. */
export interface ExpectedOrigin {
  /** Address of the sources. */
  source: string;
  /** Regular expression that the builder's id has to match whole. */
  builder: string;
  /** Commit by the index's annotation, with `-dirty` where files differed from it; null where it names none. */
  revision: string | null;
}

/** Whether an image built by this builder passes for one of ours. */
export function acceptsBuilder(settings: Pick<PublishSettings, "source" | "builder">, id: string): boolean {
  return new RegExp(`^(?:${settings.builder ?? builderBelow(settings.source)})$`, "u").test(id);
}

/** The pattern of builders below the address of the sources: GitHub's runs are (`SOURCE/actions/runs/1`). */
export function builderBelow(source: string): string {
  return `${source.replaceAll(/[.*+?^${}()|[\]\\]/gu, "\\$&")}(/.*)?`;
}

/** Each platform has one attestation manifest, about its manifest, with provenance and SBOM, and there are no others. */
export function judgeAttestations({ platforms, strays }: Pick<PublishedImage, "platforms" | "strays">): Judged {
  const faults = platforms.flatMap(({ platform, digest, attestations }) => {
    const [statements, ...others] = attestations;
    if (statements === undefined) return [`${platform} has no attestation`];
    const second = others.length === 0 ? [] : [`${platform} has ${attestations.length} attestation manifests`];
    const read = statements.flatMap(({ statement }) => statement ?? []);
    return [
      ...second,
      ...(read.length < statements.length ? [`an attestation of ${platform} is no in-toto statement`] : []),
      ...read.filter((each) => !isAbout(each, digest)).map((each) => strangerOf(platform, digest, each)),
      ...[provenanceType, spdxType]
        .filter((type) => statements.filter(({ statement }) => statement?.predicateType === type).length !== 1)
        .map((type) => `${platform} has not one attestation ${type}`),
      ...statements
        .filter(({ statement, annotated }) => statement !== undefined && annotated !== statement.predicateType)
        .map(
          ({ annotated }) =>
            `an attestation of ${platform} is announced as ${annotated ?? "nothing"} and is something else`,
        ),
    ];
  });
  const lost = strays.map(
    ({ digest }) => `${digest} in the index is neither an image for a platform of ours nor about one`,
  );
  return {
    faults: [...faults, ...lost],
    good: `provenance and SBOM about ${countOf(platforms.length, "platform")}, each about that platform's manifest`,
  };
}

function strangerOf(platform: string, digest: string, { predicateType, subject }: Statement): string {
  const about = subject.map((each) => each.digest["sha256"] ?? "nothing").join(", ");
  return `the attestation ${predicateType} of ${platform} is about ${about}, not about ${digest}`;
}

/** The provenance of each platform: source and builder. */
export function judgeProvenances(platforms: PublishedImage["platforms"], expected: ExpectedOrigin): Judged {
  const judged = platforms.map(({ platform, attestations }) => {
    const found = statementsOf(attestations, provenanceType);
    return judgeOrigin(platform, found, expected);
  });
  return { faults: judged.flatMap(({ faults }) => faults), good: summaryOf(judged.map(({ good }) => good)) };
}

/** The provenance of the index, which its signer attests. */
export function judgeIndexProvenance(
  statements: readonly Statement[],
  digest: string,
  { expected, platforms }: { expected: ExpectedOrigin; platforms: PublishedImage["platforms"] },
): Judged {
  const own = statements.filter((statement) => isAbout(statement, digest));
  if (own.length === 0) return { faults: [`it is about another index than ${digest}`], good: "" };
  const judged = judgeOrigin("the index", own, expected);
  const unnamed = platforms.filter((platform) => !own.every((statement) => namesManifest(statement, platform.digest)));
  const missing = unnamed.map(({ platform }) => `it does not name the manifest of ${platform}`);
  return { faults: [...judged.faults, ...missing], good: judged.good };
}

function namesManifest({ predicate }: Statement, digest: string): boolean {
  const provenance = Provenance.safeParse(predicate);
  const resources = provenance.success ? (provenance.data.buildDefinition.resolvedDependencies ?? []) : [];
  return resources.some((resource) => `sha256:${resource.digest?.["sha256"]}` === digest);
}

/** Predicates of that type in a platform's attestations, whatever they are about. */
export function statementsOf(
  attestations: PublishedImage["platforms"][number]["attestations"],
  predicateType: string,
): Statement[] {
  return attestations
    .flat()
    .flatMap(({ statement }) => (statement?.predicateType === predicateType ? [statement] : []));
}

function judgeOrigin(where: string, statements: readonly Statement[], expected: ExpectedOrigin): Judged {
  const read = statements.map(({ predicate }) => Provenance.safeParse(predicate));
  const provenances = read.flatMap(({ data }) => data ?? []);
  const faults = [
    ...(statements.length === 0 ? [`${where} has no provenance v1`] : []),
    ...(provenances.length < read.length ? [`the provenance of ${where} is none of SLSA's v1`] : []),
    ...provenances.flatMap((provenance) => [
      ...sourceFaults(where, provenance, expected),
      ...builderFaults(where, provenance.runDetails.builder.id, expected.builder),
    ]),
  ];
  const builders = new Set(provenances.map(({ runDetails }) => runDetails.builder.id));
  return { faults, good: `from ${expected.source}${at(expected.revision)}, built by ${[...builders].join(", ")}` };
}

const dirtyMark = "-dirty";

function at(revision: string | null): string {
  if (revision === null) return "";
  return ` at ${revision.slice(0, 12)}${revision.endsWith(dirtyMark) ? " with changes that were not committed" : ""}`;
}

function sourceFaults(where: string, provenance: Provenance, { source, revision }: ExpectedOrigin): string[] {
  const named = sourcesOf(provenance);
  if (named.length === 0) return [`the provenance of ${where} names no source`];
  const others = named.filter(({ url }) => url !== source);
  const commit = revision?.replace(dirtyMark, "");
  const revisions = named.flatMap((each) => each.revision?.replace(dirtyMark, "") ?? []);
  return [
    ...others.map(({ url }) => `${where} comes from ${url}, not from ${source}`),
    ...revisions
      .filter((each) => commit !== undefined && each !== commit)
      .map((each) => `${where} comes from commit ${each}, and the index says ${commit}`),
  ];
}

function builderFaults(where: string, id: string, pattern: string): string[] {
  if (id === "") return [`the provenance of ${where} names no builder`];
  return new RegExp(`^(?:${pattern})$`, "u").test(id)
    ? []
    : [`${where} was built by ${id}, which ${pattern} does not match`];
}

// Most often all platforms say the same.
function summaryOf(goods: readonly string[]): string {
  return [...new Set(goods)].join("; ");
}
