import { expect, it } from "vitest";
import { compareDebian } from "./debian-version.ts";

// Each is what `dpkg --compare-versions A lt B` says.
it.each([
  ["1.0~rc1-1", "1.0-1"],
  ["1.0~~", "1.0~"],
  ["1.0~", "1.0"],
  ["1.0", "1.0a"],
  ["1.0a", "1.0+"],
  ["1.0-1", "1.0-1+b1"],
  ["1.0-1+b2", "1.0-1+b10"],
  ["3.5.4-1~deb13u1", "3.5.4-1"],
  ["3.0.18-1~deb12u2", "3.0.22-1~deb12u2"],
  ["2.41-12+deb13u1", "2.41-12+deb13u2"],
  ["9.9-9", "1:0.1-1"],
  ["1.9", "1.10"],
  ["1.2-3", "1.2-3.1"],
  ["1.0", "1.0-1"],
  ["1.0-1", "1.0.1-1"],
  ["20230311+deb12u1", "20250419~deb12u2"],
  ["1.3.dfsg+really1.3.1-1", "1.3.dfsg+really1.3.1-1+b1"],
  ["1.00000000000000000001", "1.00000000000000000002"],
])("%s is older than %s", (older, newer) => {
  expect(compareDebian(older, newer)).toBeLessThan(0);
  expect(compareDebian(newer, older)).toBeGreaterThan(0);
});

it.each([
  ["1.0-1", "1.0-1"],
  ["0:1.0-1", "1.0-1"],
  ["1.0-0", "1.0"],
  ["1.01", "1.1"],
])("%s is as old as %s", (one, other) => {
  expect(compareDebian(one, other)).toBe(0);
});
