import { Platform } from "@prosody-foundry/images";
import { expect, it } from "vitest";
import { buildMatrix } from "./matrix.ts";

const target = { name: "prosody-13-0", id: "a".repeat(64), image: "prosody", series: "13.0" as const };

it("every platform has a machine, its own where GitHub has one", () => {
  const matrix = buildMatrix([{ ...target, platforms: [...Platform.options] }], []);
  const machines = Object.fromEntries(
    matrix.map(({ name, runner, emulated }) => [name, `${runner}${emulated ? " qemu" : ""}`]),
  );
  expect(machines).toEqual({
    "prosody-13-0-386": "ubuntu-24.04",
    "prosody-13-0-amd64": "ubuntu-24.04",
    "prosody-13-0-arm-v7": "ubuntu-24.04-arm",
    "prosody-13-0-arm64": "ubuntu-24.04-arm",
    "prosody-13-0-ppc64le": "ubuntu-24.04 qemu",
    "prosody-13-0-riscv64": "ubuntu-24.04 qemu",
    "prosody-13-0-s390x": "ubuntu-24.04 qemu",
  });
});

it("what is published needs no job", () => {
  expect(buildMatrix([{ ...target, platforms: ["linux/amd64"] }], [{ id: target.id }])).toEqual([]);
  expect(buildMatrix([{ ...target, platforms: ["linux/amd64"] }], [{ id: null }])).toHaveLength(1);
});
