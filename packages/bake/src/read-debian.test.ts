import { expect, it } from "vitest";
import { origOf } from "./read-debian.ts";

const dsc = "prosody_13.0.1-1.dsc";

it("the orig tarball is found among a source package's files", () => {
  expect(origOf([dsc, "prosody_13.0.1.orig.tar.gz.asc", "prosody_13.0.1.orig.tar.gz"], "prosody")).toBe(
    "prosody_13.0.1.orig.tar.gz",
  );
});

it("a source package without one is refused", () => {
  expect(() => origOf([dsc, "prosody_13.0.1.tar.xz"], "prosody")).toThrow(
    expect.objectContaining({ code: "INPUT_UNREACHABLE" }),
  );
});
