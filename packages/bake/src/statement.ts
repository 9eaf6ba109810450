import type { Descriptor } from "./layout.ts";

/** An in-toto statement, version 1. */
export interface Statement {
  _type: "https://in-toto.io/Statement/v1";
  subject: { name: string; digest: { sha256: string } }[];
  predicateType: string;
  predicate: object;
}

export const predicateTypes = {
  provenance: "https://slsa.dev/provenance/v1",
  sbom: "https://spdx.dev/Document",
} as const;

/** A statement about an image: its subject is the manifest of the one platform. */
export function statementOf(
  image: Pick<Descriptor, "digest">,
  about: { name: string; predicateType: string; predicate: object },
): Statement {
  const { name, predicateType, predicate } = about;
  const subject = [{ name, digest: { sha256: image.digest.slice("sha256:".length) } }];
  return { _type: "https://in-toto.io/Statement/v1", subject, predicateType, predicate };
}
