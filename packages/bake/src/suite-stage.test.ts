import { expect, it } from "vitest";
import { parseSources, parseVersion } from "./suite-stage.ts";

const [orig, other] = ["a".repeat(64), "b".repeat(64)];

it("sources are read with the hash of their orig tarball; one without any is left out", () => {
  const text = `Package: prosody
Binary: prosody
Version: 13.0.1-1+deb13u1
Checksums-Sha1:
 0123456789abcdef0123456789abcdef01234567 100 prosody_13.0.1.orig.tar.gz
Checksums-Sha256:
 ${other} 2 prosody_13.0.1-1+deb13u1.dsc
 ${orig} 705345 prosody_13.0.1.orig.tar.gz
 ${other} 833 prosody_13.0.1.orig.tar.gz.asc
 ${other} 20000 prosody_13.0.1-1+deb13u1.debian.tar.xz
Directory: pool/main/p/prosody

Package: prosody
Version: 13.0.9-1
Checksums-Sha256:
 ${orig} 705345 prosody_13.0.9.orig.tar.xz

`;
  expect(parseSources(text, "trixie")).toEqual([
    { suite: "trixie", package: "prosody", version: "13.0.1-1+deb13u1", orig },
  ]);
  expect(parseSources("", "trixie")).toEqual([]);
});

it("a package is read with its version, and none where apt shows none", () => {
  expect(parseVersion("Package: prosody\nVersion: 13.0.1-1+deb13u1\nSection: net\n\n")).toBe("13.0.1-1+deb13u1");
  expect(parseVersion("")).toBeNull();
});
