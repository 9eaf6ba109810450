import { UserError } from "@prosody-foundry/kit";
import { z } from "zod";
import type { Origin } from "./origin.ts";

const Text = z.record(z.string(), z.string());
const Dependency = z.looseObject({ uri: z.string(), digest: Text });

/** What BuildKit writes of the request: how it was asked to build. */
const BuildRequest = z.looseObject({ args: Text.optional() });

const Old = z.object({
  predicateType: z.literal("https://slsa.dev/provenance/v0.2"),
  predicate: z.looseObject({
    materials: z.array(Dependency).nullish(),
    invocation: z.looseObject({
      configSource: z.looseObject({ uri: z.string().optional(), digest: Text.optional(), entryPoint: z.string() }),
      parameters: BuildRequest,
      environment: z.looseObject({ platform: z.string() }),
    }),
    buildConfig: z.looseObject({}).optional(),
    metadata: z.looseObject({
      buildInvocationID: z.string(),
      buildStartedOn: z.string(),
      buildFinishedOn: z.string(),
      completeness: z.looseObject({ parameters: z.boolean(), materials: z.boolean() }),
      reproducible: z.boolean(),
    }),
  }),
});

const Predicate = z.looseObject({
  buildDefinition: z.looseObject({
    buildType: z.string(),
    externalParameters: z.looseObject({ request: BuildRequest.optional() }),
    internalParameters: z.looseObject({ builderPlatform: z.string().optional(), buildConfig: z.unknown().optional() }),
    resolvedDependencies: z.array(Dependency).nullish(),
  }),
  runDetails: z.looseObject({ metadata: z.looseObject({}).optional() }),
});
type Predicate = z.infer<typeof Predicate>;
const New = z.object({ predicateType: z.literal("https://slsa.dev/provenance/v1"), predicate: Predicate });

/** BuildKit's definition of what it writes into provenance of version 1. */
const buildType = "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md";

/**
 * BuildKit's provenance as the predicate of SLSA v1, with who built it and from which commit. Version 0.2, which older
 * engines write, is put into v1 by SLSA's own mapping (slsa.dev/spec/v1.0/provenance, "migrating from 0.2") and BuildKit's
 * names for its extensions. What tells of the machine (proxies, sessions, folders, the daemon's environment) is left out.
 * @throws UserError PROVENANCE_UNKNOWN when the builder wrote something else.
 */
export function provenanceOf(statement: unknown, origin: Origin): object {
  const written = z.union([Old, New]).safeParse(statement);
  if (!written.success) throw unknownProvenance(written.error);
  const { data } = written;
  const old = data.predicateType === "https://slsa.dev/provenance/v0.2";
  const { buildDefinition, runDetails } = old ? convert(data.predicate) : data.predicate;
  const { builderPlatform, buildConfig } = buildDefinition.internalParameters;
  const { resolvedDependencies, externalParameters } = buildDefinition;
  return withoutMachine({
    buildDefinition: {
      ...buildDefinition,
      externalParameters: { ...externalParameters, request: cleanRequest(externalParameters.request) },
      internalParameters: { builderPlatform, buildConfig },
      resolvedDependencies: [...sourceOf(origin), ...(resolvedDependencies ?? [])],
    },
    runDetails: { ...runDetails, builder: { id: origin.builder } },
  });
}

function convert({ invocation, buildConfig, materials, metadata }: z.infer<typeof Old>["predicate"]): Predicate {
  const { configSource, parameters, environment } = invocation;
  const { entryPoint, ...config } = configSource;
  return {
    buildDefinition: {
      buildType,
      externalParameters: { configSource: { ...config, path: entryPoint }, request: parameters },
      internalParameters: { builderPlatform: environment.platform, buildConfig },
      resolvedDependencies: materials ?? [],
    },
    runDetails: {
      metadata: {
        invocationId: metadata.buildInvocationID,
        startedOn: metadata.buildStartedOn,
        finishedOn: metadata.buildFinishedOn,
        buildkit_metadata: metadata["https://mobyproject.org/buildkit@v1#metadata"],
        buildkit_hermetic: metadata["https://mobyproject.org/buildkit@v1#hermetic"],
        buildkit_completeness: {
          request: metadata.completeness.parameters,
          resolvedDependencies: metadata.completeness.materials,
        },
        buildkit_reproducible: metadata.reproducible,
      },
    },
  };
}

function sourceOf({ source }: Origin): object[] {
  if (source === null) return [];
  return [
    {
      name: "source",
      uri: `git+${source.url}`,
      ...(source.commit === null ? {} : { digest: { gitCommit: source.commit } }),
      ...(source.dirty ? { annotations: { dirty: true } } : {}),
    },
  ];
}

// buildx hands on the proxies of the user's docker configuration (with passwords), and git's view of the context.
function cleanRequest(request: z.infer<typeof BuildRequest> | undefined): object | undefined {
  if (request?.args === undefined) return request;
  const args = Object.entries(request.args).filter(([name]) => !/^build-arg:\w*_proxy$|^vcs:/iu.test(name));
  return { ...request, args: Object.fromEntries(args) };
}

const ofMachine = new Set(
  "proxyEnv proxy_env vcs oci.session oci.store local.session local.uniqueid local.unique".split(" "),
);

function withoutMachine(value: object): object {
  const kept = Object.entries(value).filter(([name]) => !ofMachine.has(name));
  return Object.fromEntries(kept.map(([name, item]) => [name, cleanValue(item)]));
}

function cleanValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cleanValue);
  return value === null || typeof value !== "object" ? value : withoutMachine(value);
}

function unknownProvenance(cause: unknown): UserError {
  return new UserError("PROVENANCE_UNKNOWN", "The builder wrote provenance that is neither SLSA v0.2 nor v1", {
    hint: "Build with another builder (--builder), or an engine and buildx of another version.",
    cause,
  });
}
