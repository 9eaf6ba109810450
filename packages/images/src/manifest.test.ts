import { expect, it } from "vitest";
import { TarballRelease } from "./manifest.ts";
import { tarball } from "./sample-lock.ts";

it.each([
  ["13.0.1-1+deb13u1", true],
  ["1:2.0~rc1-1", true],
  ["13.0.1 && id", false],
  ["$(id)", false],
])("the version %j of a mirror is one: %s", (version, valid) => {
  const mirrors = [{ suite: "trixie", package: "prosody", version }];
  expect(TarballRelease.safeParse({ ...tarball, mirrors }).success).toBe(valid);
});
