import { attestationBlobs, indexBlob } from "@prosody-foundry/bake";
import type { Platform } from "@prosody-foundry/images";
import { compareText } from "@prosody-foundry/kit";
import { jsonDifferences } from "./json-differences.ts";
import { commitOf, comparableAnnotations, comparableProvenance, revisionDifferences } from "./may-differ.ts";
import type { Descriptor } from "./published.ts";
import { provenanceType, spdxType, type Statement } from "./statement.ts";

/** All that a signature of an index vouches for. */
export interface Vouched {
  /** Digest of the index. */
  index: string;
  annotations: Readonly<Record<string, string>>;
  platforms: readonly VouchedPlatform[];
  /** What cannot be read as what it should be, a sentence each. */
  faults: readonly string[];
}

export interface VouchedPlatform {
  platform: Platform;
  image: Descriptor;
  /** In their order, of all attestations about the image. */
  statements: readonly Statement[];
}

/**
 * What of somebody else's index is not as in ours, a sentence each; none when both may be signed with equal right. Pure.
 * @param isKnown - whether the commit theirs says it was built at is one that git knows
 */
export function vouchedDifferences(ours: Vouched, theirs: Vouched, isKnown: boolean): string[] {
  const differences = [
    ...theirs.faults,
    ...imageDifferences(ours, theirs),
    ...revisionDifferences(ours.annotations, theirs.annotations, isKnown),
    ...annotationDifferences(ours, theirs),
    ...ours.platforms.flatMap((own) => statementDifferences(own, { ours, theirs })),
  ];
  if (differences.length > 0 || rebuild(theirs) === theirs.index) return differences;
  return ["it is put together otherwise than an index of ours: it holds more, or in another form"];
}

function imageDifferences(ours: Vouched, theirs: Vouched): string[] {
  // A list, so that none is there twice.
  const imagesOf = ({ platforms }: Vouched): string[] =>
    platforms.map(({ platform, image }) => `${platform} ${image.digest}`).toSorted(compareText);
  return jsonDifferences(imagesOf(ours), imagesOf(theirs), "index");
}

function annotationDifferences(ours: Vouched, theirs: Vouched): string[] {
  const [own, other] = [comparableAnnotations(ours.annotations), comparableAnnotations(theirs.annotations)];
  return jsonDifferences(own, other, "annotation");
}

function statementDifferences(
  { platform, statements }: VouchedPlatform,
  { ours, theirs }: { ours: Vouched; theirs: Vouched },
): string[] {
  // One that is missing was named among the images.
  const other = theirs.platforms.find((each) => each.platform === platform);
  if (other === undefined) return [];
  const types = jsonDifferences(typesOf(statements), typesOf(other.statements), `attestations of ${platform}`);
  if (types.length > 0) return types;
  return statements.flatMap((own, at) => {
    const [frame, predicate] = comparable(own, ours);
    const [otherFrame, otherPredicate] = comparable(other.statements[at] ?? own, theirs);
    const where = `${nameOf(own.predicateType)} of ${platform}:`;
    return [...jsonDifferences(frame, otherFrame, where), ...jsonDifferences(predicate, otherPredicate, where)];
  });
}

/** What a statement is about, and what it says. */
function comparable({ predicate, ...frame }: Statement, { annotations }: Vouched): [object, unknown] {
  if (frame.predicateType !== provenanceType) return [frame, predicate];
  return [frame, comparableProvenance(predicate, commitOf(annotations))];
}

function typesOf(statements: readonly Statement[]): string[] {
  return statements.map(({ predicateType }) => predicateType);
}

function nameOf(predicateType: string): string {
  return { [provenanceType]: "provenance", [spdxType]: "SBOM" }[predicateType] ?? predicateType;
}

/** The digest of the index that we would make of the same images, statements and annotations. */
function rebuild({ platforms, annotations }: Vouched): string | undefined {
  const parts = platforms.flatMap(({ platform, image, statements }) => {
    const attestation = attestationBlobs(image, statements).at(-1)?.descriptor;
    return attestation === undefined ? [] : [{ platform, image, attestation }];
  });
  return indexBlob(parts, annotations).descriptor.digest;
}
