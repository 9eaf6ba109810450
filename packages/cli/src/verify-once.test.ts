import { checkNames } from "@prosody-foundry/bake";
import { expect, it } from "vitest";
import { findPassed } from "./verify-once.ts";

const reportOf = (digest: string) => ({ platforms: { "linux/amd64": { digest, size: 1, layers: [] } } });
const checks = checkNames.map((name) => ({ name, status: "passed", detail: "" }));
const verified = [{ target: "prosody-13-0", platform: "linux/amd64", image: "prosody:13.0", checks }];
const digests = { "linux/amd64": "sha256:1" };

it("a verification of the same images is taken again", () => {
  expect(findPassed({ digests, verified }, reportOf("sha256:1"))).toEqual(verified);
});

it.each([
  ["of other images", { digests, verified }, "sha256:2"],
  ["that does not say of which images", verified, "sha256:1"],
  ["that lacks a check", { digests, verified: verified.map((one) => ({ ...one, checks: [] })) }, "sha256:1"],
  ["that is not there", undefined, "sha256:1"],
])("one %s is made anew", (_, kept, digest) => {
  expect(findPassed(kept, reportOf(digest))).toBeUndefined();
});
