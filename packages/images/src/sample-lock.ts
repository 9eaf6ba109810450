import { type Series, sha256 } from "@prosody-foundry/kit";
import { type Judgement, type Lock, type LockedModule, type Pin, emptyLock } from "@prosody-foundry/lockfile";
import {
  type LockedPackage,
  type LockedSuite,
  type PackageList,
  type PackageLock,
  listOf,
  poolPath,
} from "./package-lock.ts";
import type { PackageLocks } from "./read-package-locks.ts";
import type { DebianRelease, Image, RevisionRelease, SeriesFile, TarballRelease } from "./manifest.ts";

/** Samples for this package's tests. */

export const tarball: TarballRelease = {
  kind: "tarball",
  version: "13.0.1",
  suite: "trixie",
  url: "https://prosody.im/downloads/source/prosody-13.0.1.tar.gz",
  sha256: "1".repeat(64),
  mirrors: [],
};

export const debian: DebianRelease = {
  kind: "debian",
  version: "0.12.3-1+deb12u1",
  suite: "bookworm",
  package: "prosody",
  sha256: { "linux/amd64": "2".repeat(64), "linux/arm64": "3".repeat(64) },
};

export const trunk: RevisionRelease = {
  kind: "hg",
  version: "trunk-20261119-0971c99bfbc9",
  suite: "trixie",
  url: "https://hg.prosody.im/trunk/",
  node: "4".repeat(40),
  tree: "5".repeat(40),
};

export const seriesFile: SeriesFile = {
  default: "13.0",
  oldstable: "0.12",
  series: {
    "0.12": { releases: [{ ...tarball, version: "0.12.5", suite: "bookworm" }, debian] },
    "13.0": { releases: [{ ...tarball, version: "13.0.7" }, tarball, { ...debian, version: "13.0.1-1+deb131u" }] },
    trunk: { releases: [trunk] },
  },
};

/** A .deb of this name for an architecture. */
export function debOf(name: string, architecture = "amd64", more: Partial<LockedPackage> = {}): LockedPackage {
  const version = more.version ?? "1.0-1";
  const facts = {
    name,
    version,
    source: name,
    sourceVersion: version,
    architecture,
    archive: "main" as const,
    ...more,
  };
  return { sha256: sha256(`${name} ${version} ${architecture}`), size: 1000, path: poolPath(facts), ...facts };
}

export const rootNames = ["ca-certificates", "lua-dbi-sqlite3", "lua-filesystem", "lua-unbound", "tzdata"];

/** A package lock with these packages for both architectures, in both suites. */
export function packageLockOf(names: readonly string[], more: Partial<LockedPackage> = {}): PackageLock {
  const resolved = ["amd64", "arm64"].map((architecture) => ({
    architecture,
    packages: names.map((name) => debOf(name, architecture, more)),
  }));
  const list = (): PackageList => listOf(resolved);
  const suite = (snapshot: string): LockedSuite => ({ snapshot, lists: { root: list(), dev: list(), build: list() } });
  return {
    lockVersion: 1,
    suites: { bookworm: suite("2026-11-01T00:00:00Z"), trixie: suite("2026-11-02T00:00:00Z") },
  };
}

/** What images called prosody and small are made of and with. */
export const packageLocks: PackageLocks = {
  builder: packageLockOf(["make"]),
  images: { prosody: packageLockOf(rootNames), small: packageLockOf(rootNames) },
};

export function imageOf(required: string[], optional: string[] = []): Image {
  return {
    name: "prosody",
    title: "Prosody",
    description: "An XMPP server",
    variant: "",
    series: ["0.12", "13.0", "trunk"],
    platforms: ["linux/amd64", "linux/arm64"],
    packages: { all: ["ca-certificates"], bookworm: ["lua-unbound"] },
    modules: { required, optional },
    native: { "x509.c": `0644 ${"5".repeat(64)}` },
    rootfs: { "etc/prosody/prosody.cfg.lua": `0644 ${"6".repeat(64)}` },
    dockerfile: "7".repeat(64),
  };
}

export const pin: Pin = {
  layout: "standard",
  licence: "MIT",
  stage: null,
  depends: [],
  optional: [],
  libraries: {},
  node: "a".repeat(40),
  date: "2025-10-17",
  revision: 3,
  tree: "b".repeat(40),
  integrity: "c".repeat(64),
  hosts: ["virtual-host"],
  refused: [],
};

/** A module pinned on every series that loads on 0.12.3 and 13.0.1, unless told otherwise. */
export function moduleOf(facts: Partial<Pin> = {}, more: Partial<LockedModule> = {}): LockedModule {
  const own: Pin = { ...pin, ...facts };
  const pins: Record<Series, Pin> = { "0.12": own, "13.0": own, trunk: own };
  return { source: "prosody-modules", patches: [], hold: false, pins, judgements: judged("loads"), ...more };
}

export function judged(verdict: Judgement["verdict"], because = "seen", releases = ["0.12.3", "13.0.1"]): Judgement[] {
  const says = verdict === "unknown" ? "silent" : verdict;
  return [{ releases, verdict, evidence: [{ kind: "loaded", says, because, date: "2026-11-19" }] }];
}

/** A lock that knows the core modules of 0.12.3 and 13.0.1. */
export function lockOf(modules: Record<string, LockedModule>): Lock {
  return {
    ...emptyLock(),
    releases: {
      "0.12.3": { series: "0.12", core: ["mod_http"], features: [] },
      "13.0.1": { series: "13.0", core: ["mod_cloud_notify", "mod_http"], features: [] },
    },
    modules,
  };
}
