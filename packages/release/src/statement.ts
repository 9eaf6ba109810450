import { z } from "zod";

/** URIs of the two predicate types an image carries for each platform. */
export const provenanceType = "https://slsa.dev/provenance/v1";
export const spdxType = "https://spdx.dev/Document";

const Digests = z.record(z.string(), z.string());

/** An in-toto statement, v0.1 or v1: something said about the subjects. */
export const Statement = z.looseObject({
  _type: z.string().regex(/^https:\/\/in-toto\.io\/Statement\/v/u),
  subject: z.array(z.looseObject({ name: z.string().optional(), digest: Digests })),
  predicateType: z.string(),
  predicate: z.unknown(),
});
export type Statement = z.infer<typeof Statement>;

const Resource = z.looseObject({
  name: z.string().optional(),
  uri: z.string().optional(),
  digest: Digests.optional(),
});
export type Resource = z.infer<typeof Resource>;

/** SLSA provenance v1: what was built from what, and by whom. */
export const Provenance = z.looseObject({
  buildDefinition: z.looseObject({
    buildType: z.string(),
    externalParameters: z.looseObject({
      source: z.unknown().optional(),
      configSource: z.looseObject({ uri: z.string().optional(), digest: Digests.optional() }).optional(),
      request: z.looseObject({ args: z.record(z.string(), z.string()).optional() }).optional(),
    }),
    resolvedDependencies: z.array(Resource).optional(),
  }),
  runDetails: z.looseObject({
    builder: z.looseObject({ id: z.string() }),
    metadata: z
      .looseObject({
        invocationId: z.string().optional(),
        startedOn: z.string().optional(),
        finishedOn: z.string().optional(),
        buildkit_metadata: z
          .looseObject({
            vcs: z.looseObject({ source: z.string().optional(), revision: z.string().optional() }).optional(),
          })
          .optional(),
      })
      .optional(),
  }),
});
export type Provenance = z.infer<typeof Provenance>;

/** What of an SPDX 2.3 document we look at. */
export const SpdxDocument = z.looseObject({
  spdxVersion: z.string(),
  packages: z.array(
    z.looseObject({
      name: z.string(),
      versionInfo: z.string().optional(),
      checksums: z.array(z.looseObject({ algorithm: z.string(), checksumValue: z.string() })).optional(),
      externalRefs: z.array(z.looseObject({ referenceType: z.string(), referenceLocator: z.string() })).optional(),
    }),
  ),
});
export type SpdxDocument = z.infer<typeof SpdxDocument>;

/** True when all a statement speaks of is this digest (`sha256:…`). */
export function isAbout(statement: Statement, digest: string): boolean {
  const hashes = statement.subject.map((subject) => subject.digest["sha256"]);
  return hashes.length > 0 && hashes.every((hash) => `sha256:${hash}` === digest);
}

/** The resolved dependency that is what was built, among all that was downloaded for it. */
export const sourceName = "source";

/** A place that a build says its sources came from. */
export interface NamedSource {
  /** Address as a browser takes it: without `git+`, revision and `.git`. */
  url: string;
  /** Commit, where it names one. */
  revision: string | undefined;
}

/**
 * Every place at which provenance names its source: the build definition, the dependency called `source`, what buildx
 * knows of the repository, and, for an index, the parameter `source` of our own build type.
 */
export function sourcesOf({ buildDefinition, runDetails }: Provenance): NamedSource[] {
  const { source, configSource, request } = buildDefinition.externalParameters;
  const args = request?.args ?? {};
  const vcs = runDetails.metadata?.buildkit_metadata?.vcs;
  return [
    ...placeOf(source),
    ...placeOf(configSource),
    ...(buildDefinition.resolvedDependencies ?? []).filter(({ name }) => name === sourceName).flatMap(placeOf),
    ...namedSource(args["vcs:source"], args["vcs:revision"]),
    ...namedSource(vcs?.source, vcs?.revision),
  ];
}

function placeOf(resource: unknown): NamedSource[] {
  const { uri, digest = {} } = Resource.safeParse(resource).data ?? {};
  return namedSource(uri, digest["gitCommit"] ?? digest["sha1"]);
}

function namedSource(uri: string | undefined, revision: string | undefined): NamedSource[] {
  if (uri === undefined || uri === "") return [];
  return [{ url: plainUrl(uri), revision: revision === "" ? undefined : revision }];
}

/** `git+https://host/a/b.git@ref#x` and `git@host:a/b.git` → `https://host/a/b`. */
export function plainUrl(uri: string): string {
  return uri
    .replace(/^git\+/u, "")
    .replace(/^(?:ssh:\/\/)?git@([^/:]+)[:/]/u, "https://$1/")
    .replace(/#.*$/u, "")
    .replace(/^(\w+:\/\/[^/]+\/[^@]*)@.*$/u, "$1")
    .replace(/(?:\.git)?\/*$/u, "");
}
