import { describe, expect, it } from "vitest";
import type { Origin } from "./origin.ts";
import { provenanceOf } from "./provenance.ts";

const base = { uri: "pkg:docker/debian@trixie-slim", digest: { sha256: "b".repeat(64) } };
const llb = {
  llbDefinition: [{ id: "step0", op: { exec: { meta: { cwd: "/", proxyEnv: { http_proxy: "http://u:p@x" } } } } }],
};
const args = {
  "build-arg:SUITE": "trixie",
  "build-arg:HTTP_PROXY": "http://user:secret@proxy.example",
  "build-arg:https_proxy": "http://user:secret@proxy.example",
  "vcs:localdir:context": "/home/somebody/work",
};
const layers = { "step0:0": [[{ digest: "sha256:c" }]] };

/** As BuildKit of docker 26.1 writes it. */
const old = {
  _type: "https://in-toto.io/Statement/v0.1",
  predicateType: "https://slsa.dev/provenance/v0.2",
  subject: [],
  predicate: {
    builder: { id: "" },
    buildType: "https://mobyproject.org/buildkit@v1",
    materials: [base],
    invocation: {
      configSource: { entryPoint: "Dockerfile" },
      parameters: { frontend: "dockerfile.v0", args, locals: [{ name: "context" }] },
      environment: { platform: "linux/amd64" },
    },
    buildConfig: llb,
    metadata: {
      buildInvocationID: "g72ki1e6zhj8",
      buildStartedOn: "2026-11-29T14:09:52Z",
      buildFinishedOn: "2026-11-29T14:09:55Z",
      completeness: { parameters: true, environment: true, materials: false },
      reproducible: false,
      "https://mobyproject.org/buildkit@v1#hermetic": true,
      "https://mobyproject.org/buildkit@v1#metadata": { vcs: { "localdir:context": "." }, layers },
    },
  },
};

const buildType = "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md";
const origin: Origin = {
  builder: "https://builds.example/7",
  source: { url: "https://git.example/foundry", commit: "d".repeat(40), dirty: false },
  contracts: {},
};
const source = { name: "source", uri: "git+https://git.example/foundry", digest: { gitCommit: "d".repeat(40) } };

const expected = {
  buildDefinition: {
    buildType,
    externalParameters: {
      configSource: { path: "Dockerfile" },
      request: { frontend: "dockerfile.v0", args: { "build-arg:SUITE": "trixie" }, locals: [{ name: "context" }] },
    },
    internalParameters: {
      builderPlatform: "linux/amd64",
      buildConfig: { llbDefinition: [{ id: "step0", op: { exec: { meta: { cwd: "/" } } } }] },
    },
    resolvedDependencies: [source, base],
  },
  runDetails: {
    builder: { id: "https://builds.example/7" },
    metadata: {
      invocationId: "g72ki1e6zhj8",
      startedOn: "2026-11-29T14:09:52Z",
      finishedOn: "2026-11-29T14:09:55Z",
      buildkit_metadata: { layers },
      buildkit_hermetic: true,
      buildkit_completeness: { request: true, resolvedDependencies: false },
      buildkit_reproducible: false,
    },
  },
};

describe("provenanceOf", () => {
  it("puts version 0.2 into version 1, with builder and source, and without what tells of the machine", () => {
    const provenance = provenanceOf(old, origin);
    expect(provenance).toEqual(expected);
    expect(JSON.stringify(provenance)).not.toMatch(/secret|somebody|proxy/iu);
  });

  it("keeps version 1 as it was written, but for builder, source and machine", () => {
    const written = {
      predicateType: "https://slsa.dev/provenance/v1",
      predicate: {
        ...expected,
        buildDefinition: {
          ...expected.buildDefinition,
          externalParameters: {
            ...expected.buildDefinition.externalParameters,
            request: { ...old.predicate.invocation.parameters },
          },
          internalParameters: { ...expected.buildDefinition.internalParameters, HOME: "/root" },
          resolvedDependencies: [base],
        },
        runDetails: { ...expected.runDetails, builder: { id: "" } },
      },
    };
    expect(provenanceOf(written, origin)).toEqual(expected);
  });

  it.each([
    [{ ...origin, source: null }, [base]],
    [
      { ...origin, source: { url: "https://git.example/foundry", commit: "d".repeat(40), dirty: true } },
      [{ ...source, annotations: { dirty: true } }, base],
    ],
    [
      { ...origin, source: { url: "https://git.example/foundry", commit: null, dirty: true } },
      [{ name: "source", uri: source.uri, annotations: { dirty: true } }, base],
    ],
  ])("says of the source what is known (%#)", (from, resolvedDependencies) => {
    expect(provenanceOf(old, from)).toMatchObject({ buildDefinition: { resolvedDependencies } });
  });

  it.each([{}, null, { ...old, predicateType: "https://slsa.dev/provenance/v2" }, { ...old, predicate: {} }])(
    "refuses what it does not know (%#)",
    (statement) => {
      expect(() => provenanceOf(statement, origin)).toThrow(expect.objectContaining({ code: "PROVENANCE_UNKNOWN" }));
    },
  );
});
