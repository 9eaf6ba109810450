import type { Release, Target } from "@prosody-foundry/images";
import { describe, expect, it } from "vitest";
import { bakeDefinition } from "./definition.ts";

const debian: Release = {
  kind: "debian",
  version: "0.12.3-1+deb12u1",
  suite: "bookworm",
  package: "prosody",
  sha256: { "linux/amd64": "1".repeat(64) },
};
const tarball: Release = {
  kind: "tarball",
  version: "13.0.7",
  suite: "trixie",
  url: "https://example.org/prosody-13.0.7.tar.gz",
  sha256: "2".repeat(64),
  mirrors: [],
};

function targetOf(name: string, release: Release): Target {
  return {
    name,
    image: "prosody",
    variant: "",
    title: "Prosody",
    description: "A server",
    series: "13.0",
    release,
    platforms: ["linux/amd64", "linux/arm64"],
    epoch: 1_789_171_200,
    packages: ["lua5.4", "lua-sec"],
    debs: { root: {}, dev: {}, build: {}, snapshots: { root: "2026-09-12T00:00:00Z", build: "2026-09-13T00:00:00Z" } },
    modules: [],
    unshipped: [],
    inputs: {},
    id: "3".repeat(64),
  };
}

function bakeable(name: string, release: Release): Parameters<typeof bakeDefinition>[0][number] {
  return {
    target: targetOf(name, release),
    context: `contexts/${name}`,
    layout: `made/${name}`,
    base: "docker-image://b",
  };
}

describe("bakeDefinition", () => {
  const definition = bakeDefinition([bakeable("prosody-13-0", tarball), bakeable("prosody-0-12", debian)]);

  it("bakes all targets at once", () => {
    expect(definition.group["default"]?.targets).toEqual(["prosody-13-0", "prosody-0-12"]);
  });

  it("exports each as a reproducible OCI layout of its own, with full provenance", () => {
    expect(definition.target["prosody-13-0"]).toMatchObject({
      output: ["type=oci,tar=false,rewrite-timestamp=true,oci-mediatypes=true,compression=gzip,dest=made/prosody-13-0"],
      attest: ["type=provenance,mode=max"],
      platforms: ["linux/amd64", "linux/arm64"],
      args: {
        SOURCE_DATE_EPOCH: "1789171200",
        ROOT_SNAPSHOT: "2026-09-12T00:00:00Z",
        BUILD_SNAPSHOT: "2026-09-13T00:00:00Z",
      },
    });
  });

  it.each([
    { name: "prosody-13-0", SERVER: "compiled", version: "13.0.7" },
    { name: "prosody-0-12", SERVER: "debian", version: "0.12.3" },
  ])("makes the server of $name $SERVER, and labels it $version", ({ name, SERVER, version }) => {
    expect(definition.target[name]).toMatchObject({
      args: { SERVER },
      labels: { "org.opencontainers.image.version": version, "org.opencontainers.image.revision": "3".repeat(64) },
    });
  });

  it("takes nothing from the cache when asked to", () => {
    const fresh = bakeDefinition([bakeable("prosody-13-0", tarball)], true);
    expect(fresh.target["prosody-13-0"]?.["no-cache"]).toBe(true);
    expect(definition.target["prosody-13-0"]).not.toHaveProperty("no-cache");
  });

  it("is a pure function", () => {
    const again = bakeDefinition([bakeable("prosody-13-0", tarball), bakeable("prosody-0-12", debian)]);
    expect(again).toEqual(definition);
  });
});
