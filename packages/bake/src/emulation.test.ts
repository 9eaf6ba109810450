import { expect, it } from "vitest";
import { describeEmulation } from "./emulation.ts";

it("a machine that may lend emulators runs every platform", () => {
  expect(describeEmulation({ architecture: "x64", registered: [], canLend: true })).toEqual({
    found:
      "by itself: linux/386, linux/amd64; by an emulator that foundry verify lends: " +
      "linux/arm/v7, linux/arm64, linux/ppc64le, linux/riscv64, linux/s390x",
    missing: [],
  });
});

it("one that may not runs its own and those with a registered emulator", () => {
  const registered = ["register", "status", "qemu-aarch64", "prosody-foundry-s390x-0badcafe"];
  expect(describeEmulation({ architecture: "x64", registered, canLend: false })).toEqual({
    found: "by itself: linux/386, linux/amd64; by a registered emulator: linux/arm64",
    missing: ["linux/arm/v7", "linux/ppc64le", "linux/riscv64", "linux/s390x"],
  });
});
