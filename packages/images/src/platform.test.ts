import { expect, it } from "vitest";
import { platformOf, platformWord } from "./platform.ts";

it.each([
  ["linux/amd64", { os: "linux", architecture: "amd64" }],
  ["linux/arm/v7", { os: "linux", architecture: "arm", variant: "v7" }],
  ["linux/arm64", { os: "linux", architecture: "arm64", variant: "v8" }],
  ["linux/386", { os: "linux", architecture: "386" }],
  [undefined, { os: "linux", architecture: "arm", variant: "v6" }],
  [undefined, { os: "unknown", architecture: "unknown" }],
])("%s is told from its descriptor", (platform, described) => {
  expect(platformOf(described)).toBe(platform);
});

it("a platform becomes a word", () => {
  expect([platformWord("linux/arm/v7"), platformWord("linux/amd64")]).toEqual(["arm-v7", "amd64"]);
});
