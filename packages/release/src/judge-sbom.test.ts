import { expect, it } from "vitest";
import { emptyLock, type Lock, type LockedModule, type Pin } from "@prosody-foundry/lockfile";
import { judgePins, type ListedModule, type Listing, readListings } from "./judge-sbom.ts";
import type { PublishedPlatform } from "./published.ts";
import { samplePin as pin } from "./sample-bump.ts";
import { spdxType } from "./statement.ts";

function platformWith(packages: readonly object[]): PublishedPlatform {
  const predicate = { spdxVersion: "SPDX-2.3", packages };
  const statement = { _type: "https://in-toto.io/Statement/v1", subject: [], predicateType: spdxType, predicate };
  return {
    platform: "linux/amd64",
    digest: "sha256:a",
    attestations: [[{ annotated: spdxType, statement }]],
    files: undefined,
  };
}

const refs = (...locators: string[]) => ({
  externalRefs: locators.map((referenceLocator) => ({ referenceType: "purl", referenceLocator })),
});

it("lists modules, Debian packages and Prosody", () => {
  const { listings, judged } = readListings([
    platformWith([
      { name: "prosody-13-0" },
      { name: "prosody", ...refs("pkg:generic/prosody@13.0.7") },
      { name: "libc6", ...refs("pkg:deb/debian/libc6@2.41-12%2Bdeb13u1?arch=amd64&distro=trixie") },
      { name: "tzdata", ...refs("pkg:deb/debian/tzdata@1%3A2025b+x?distro=trixie&arch=all") },
      {
        name: "mod_x",
        versionInfo: "n",
        checksums: [
          { algorithm: "SHA1", checksumValue: "s" },
          { algorithm: "SHA256", checksumValue: "i" },
        ],
        ...refs("pkg:generic/prosody-modules/mod_x@n", `swh:1:dir:${"b".repeat(40)}`),
      },
    ]),
  ]);
  expect(judged).toEqual({ faults: [], good: "Prosody 13.0.7, 1 module, 2 Debian packages" });
  expect(listings).toEqual([
    {
      platform: "linux/amd64",
      prosody: "13.0.7",
      modules: [{ name: "mod_x", node: "n", integrity: "i", tree: "b".repeat(40) }],
      packages: [
        { name: "libc6", version: "2.41-12+deb13u1", architecture: "amd64" },
        { name: "tzdata", version: "1:2025b+x", architecture: "all" },
      ],
    },
  ]);
});

it("says which platform's SBOM does not list Prosody", () => {
  expect(readListings([platformWith([])]).judged.faults).toEqual(["the SBOM of linux/amd64 does not list Prosody"]);
});

const listed: ListedModule = { name: "mod_x", node: pin.node, integrity: pin.integrity, tree: pin.tree };

function listingOf(module: ListedModule): Listing {
  return { platform: "linux/amd64", modules: [module], packages: [], prosody: "13.0.7" };
}

it.each<[string, ListedModule, string[]]>([
  ["as locked", listed, []],
  ["another revision", { ...listed, node: "9" }, [`mod_x: its revision is 9, the lock has ${pin.node}`]],
  ["other bytes", { ...listed, integrity: "9" }, [`mod_x: its SHA-256 is 9, the lock has ${pin.integrity}`]],
  ["no tree", { ...listed, tree: undefined }, [`mod_x: its tree is missing, the lock has ${pin.tree}`]],
  ["no locked module", { ...listed, name: "mod_y" }, ["mod_y is not locked for 13.0"]],
])("holds a module against its pin: %s", (_, module, faults) => {
  const lock = lockOf({ mod_x: moduleOf() });
  expect(judgePins([listingOf(module)], { lock, series: "13.0" }).judged.faults).toEqual(faults);
});

it("looks among all sources that have a module of that name", () => {
  const other = { node: "d".repeat(40), tree: "e".repeat(40), integrity: "f".repeat(64) };
  const lock = lockOf({ mod_x: moduleOf(), "mod_x@jitsi": moduleOf(other, "jitsi") });
  const { pinned, judged } = judgePins([listingOf({ name: "mod_x", ...other })], { lock, series: "13.0" });
  expect(judged.faults).toEqual([]);
  expect(pinned.map(({ key }) => key)).toEqual(["mod_x@jitsi"]);
});

it("is not content with a module that works on no revision of that series", () => {
  const lock = lockOf({ mod_x: { ...moduleOf(), pins: { "13.0": { none: "it never loaded" } } } });
  expect(judgePins([listingOf(listed)], { lock, series: "13.0" }).judged.faults).toEqual([
    "mod_x is not locked for 13.0",
  ]);
});

function moduleOf(changes: Partial<Pin> = {}, source = "prosody-modules"): LockedModule {
  return { source, patches: [], hold: false, pins: { "13.0": { ...pin, ...changes } }, judgements: [] };
}

function lockOf(modules: Lock["modules"]): Lock {
  return { ...emptyLock(), modules };
}
