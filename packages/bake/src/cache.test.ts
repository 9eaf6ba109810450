import { describe, expect, it } from "vitest";
import { cacheFlags, parseCacheStore } from "./cache.ts";

describe("parseCacheStore", () => {
  it.each([
    ["gha", { kind: "gha" }],
    ["registry", { kind: "registry", repository: "ghcr.io/o/r-cache" }],
    ["registry=127.0.0.1:5000/a/b", { kind: "registry", repository: "127.0.0.1:5000/a/b" }],
  ])("takes %s", (word, store) => {
    expect(parseCacheStore(word, "ghcr.io/o/r-cache")).toEqual(store);
  });

  // A comma would begin another setting of buildx's.
  it.each(["inline", "registry=", "registry=host/a:tag", "registry=host/a,mode=min", "local=/tmp", ""])(
    "refuses %j",
    (word) => {
      expect(() => parseCacheStore(word, "ghcr.io/o/r-cache")).toThrow(
        expect.objectContaining({ code: "CACHE_UNKNOWN" }),
      );
    },
  );

  it("refuses a registry that nobody names", () => {
    expect(() => parseCacheStore("registry")).toThrow(expect.objectContaining({ code: "CACHE_UNKNOWN" }));
  });
});

it("keeps all steps of each target and platform apart in GitHub's cache, and outlives its failure", () => {
  expect(cacheFlags({ kind: "gha" }, { name: "prosody-13-0", platform: "linux/386" })).toEqual({
    "cache-from": ["type=gha,scope=prosody-13-0-386"],
    "cache-to": ["type=gha,scope=prosody-13-0-386,mode=max,ignore-error=true"],
  });
});
