import { describe, expect, it } from "vitest";
import { isAbout, plainUrl, type Provenance, sourcesOf, type Statement } from "./statement.ts";

const url = "https://github.com/a/b";

it.each([
  [url],
  [`${url}.git`],
  [`git+${url}`],
  [`git+${url}.git@refs/heads/main`],
  [`${url}.git#main:folder`],
  [`${url}/`],
  ["git@github.com:a/b.git"],
  ["ssh://git@github.com/a/b"],
])("knows %s as one address", (uri) => {
  expect(plainUrl(uri)).toBe(url);
});

it.each([["https://github.com/a/b2"], ["https://github.com.evil.example/a/b"], ["http://github.com/a/b"]])(
  "does not take %s for it",
  (uri) => {
    expect(plainUrl(uri)).not.toBe(url);
  },
);

describe("sourcesOf", () => {
  const nothing: Provenance = {
    buildDefinition: { buildType: "t", externalParameters: {} },
    runDetails: { builder: { id: "b" } },
  };
  const definition = (more: object): Provenance => ({
    ...nothing,
    buildDefinition: { ...nothing.buildDefinition, ...more },
  });
  const digest = { gitCommit: "c1" };

  it.each([
    ["nothing", nothing, []],
    ["a parameter of an index", definition({ externalParameters: { source: { uri: `git+${url}`, digest } } }), ["c1"]],
    [
      "a build definition in git",
      definition({ externalParameters: { configSource: { uri: `${url}.git#x`, digest: { sha1: "c2" } } } }),
      ["c2"],
    ],
    [
      "a dependency called source",
      definition({ resolvedDependencies: [{ name: "source", uri: `git+${url}`, digest }] }),
      ["c1"],
    ],
    ["what was downloaded", definition({ resolvedDependencies: [{ uri: "git+https://hg.example/x", digest }] }), []],
    [
      "buildx's arguments",
      definition({ externalParameters: { request: { args: { "vcs:source": url, "vcs:revision": "c3" } } } }),
      ["c3"],
    ],
    [
      "buildx's metadata",
      { ...nothing, runDetails: { ...nothing.runDetails, metadata: { buildkit_metadata: { vcs: { source: url } } } } },
      [undefined],
    ],
  ])("finds %s", (_, provenance, revisions) => {
    expect(sourcesOf(provenance)).toEqual(revisions.map((revision) => ({ url, revision })));
  });
});

it.each([
  [["a"], true],
  [["a", "a"], true],
  [["a", "b"], false],
  [["b"], false],
  [[], false],
])("a statement about %j is about a: %s", (hashes, about) => {
  const statement: Statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: hashes.map((sha256) => ({ digest: { sha256 } })),
    predicateType: "t",
    predicate: {},
  };
  expect(isAbout(statement, "sha256:a")).toBe(about);
});
