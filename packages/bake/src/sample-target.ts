import type { DebianRelease, TarballRelease, Target } from "@prosody-foundry/images";

/** Releases and a target for tests of pure code. */
export const tarball: TarballRelease = {
  kind: "tarball",
  version: "13.0.7",
  suite: "trixie",
  url: "https://example.org/prosody-13.0.7.tar.gz",
  sha256: "2".repeat(64),
  mirrors: [],
};

export const debian: DebianRelease = {
  kind: "debian",
  version: "0.12.3-1+deb12u1",
  suite: "bookworm",
  package: "prosody",
  sha256: { "linux/amd64": "1".repeat(64) },
};

const snapshots = { root: "2026-09-12T00:00:00Z", dev: "2026-09-14T00:00:00Z", build: "2026-09-13T00:00:00Z" };

/** A part: a target for one platform, without modules. */
export function sampleTarget(change: Partial<Target> = {}): Target {
  return {
    name: "prosody-13-0",
    image: "prosody",
    variant: "",
    title: "Prosody",
    description: "A server",
    series: "13.0",
    release: tarball,
    platforms: ["linux/arm/v7"],
    epoch: 1_789_171_200,
    packages: ["lua5.4", "lua-sec"],
    debs: { root: {}, dev: {}, build: {}, snapshots },
    modules: [],
    unshipped: [],
    inputs: {},
    id: "3".repeat(64),
    ...change,
  };
}
