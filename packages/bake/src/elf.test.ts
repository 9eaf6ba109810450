import { Platform } from "@prosody-foundry/images";
import { describe, expect, it } from "vitest";
import { isElf, parseElf } from "./elf.ts";
import { makeElf } from "./elf-sample.ts";
import { machines } from "./machine.ts";

describe.each(Platform.options)("an ELF file for %s", (platform) => {
  it("is read in its own width and order", () => {
    const bytes = makeElf(platform, {
      interpreter: "/lib/ld.so",
      soname: "libsample.so.1",
      needed: ["libc.so.6", "libm.so.6"],
      runpath: "$ORIGIN/../lib:/opt/lib",
      versions: ["libsample.so.1", "SAMPLE_1.0"],
      wants: { "libc.so.6": ["GLIBC_2.17", "GLIBC_2.34"], "libm.so.6": ["GLIBC_2.29"] },
      defines: ["sample_start"],
      asks: ["malloc", "sin"],
      asksWeakly: ["__gmon_start__"],
    });
    const { elf, bits, endian, abi } = machines[platform];
    expect(isElf(bytes)).toBe(true);
    expect(parseElf(bytes)).toEqual({
      bits,
      endian,
      machine: elf,
      flags: abi.value,
      interpreter: "/lib/ld.so",
      soname: "libsample.so.1",
      needed: ["libc.so.6", "libm.so.6"],
      runpath: ["$ORIGIN/../lib", "/opt/lib"],
      wantedVersions: [
        { library: "libc.so.6", version: "GLIBC_2.17" },
        { library: "libc.so.6", version: "GLIBC_2.34" },
        { library: "libm.so.6", version: "GLIBC_2.29" },
      ],
      versions: ["libsample.so.1", "SAMPLE_1.0"],
      defined: new Set(["sample_start"]),
      undefined: ["malloc", "sin"],
    });
  });

  it("that says nothing asks for nothing", () => {
    const parsed = parseElf(makeElf(platform, {}));
    expect(parsed).toMatchObject({ needed: [], runpath: [], wantedVersions: [], versions: [], undefined: [] });
    expect([parsed.interpreter, parsed.soname]).toEqual([undefined, undefined]);
  });

  it("whose versions are weak asks for none", () => {
    const bytes = makeElf(platform, { weak: true, wants: { "libc.so.6": ["GLIBC_ABI_DT_RELR"] } });
    expect(parseElf(bytes).wantedVersions).toEqual([]);
  });

  it("that is cut off is refused, wherever", () => {
    const bytes = makeElf(platform, {
      needed: ["libc.so.6"],
      asks: ["malloc"],
      wants: { "libc.so.6": ["GLIBC_2.17"] },
    });
    for (let end = 20; end < bytes.length - 8; end += 7) {
      expect(() => parseElf(bytes.subarray(0, end))).toThrow(RangeError);
    }
  });
});

describe("an ELF file that contradicts itself", () => {
  const sample = { wants: { "libc.so.6": ["GLIBC_2.17", "GLIBC_2.34"] }, versions: ["A", "B"] };
  const spoil = (at: number, value: number): Buffer => {
    const bytes = makeElf("linux/amd64", sample);
    bytes[at] = value;
    return bytes;
  };
  const whole = makeElf("linux/amd64", sample);
  const offsetOf = (tag: number): number => {
    const row = Buffer.alloc(8);
    row.writeBigUInt64LE(BigInt(tag));
    return whole.lastIndexOf(row) + 8;
  };
  const placeOf = (tag: number): number => Number(whole.readBigUInt64LE(offsetOf(tag))) - 0x10000;

  it.each([
    ["no width", 4, 0],
    ["another width", 4, 3],
    ["no order", 5, 0],
    ["another order", 5, 3],
    ["a segment that ends past it", 64 + 32 + 3, 1],
    ["more libraries than it has room for", offsetOf(0x6fffffff) + 3, 1],
    ["more versions than it has room for", offsetOf(0x6ffffffd) + 3, 1],
    ["two versions of a library in one place", placeOf(0x6ffffffe) + 16 + 12, 0],
    ["two versions in one place", placeOf(0x6ffffffc) + 16, 0],
  ])("by %s is refused", (_, at, value) => {
    expect(() => parseElf(whole)).not.toThrow();
    expect(() => parseElf(spoil(at, value))).toThrow(RangeError);
  });
});

it.each([
  ["text", Buffer.from("#!/usr/bin/lua5.4\nprint(1)\n")],
  ["nothing", Buffer.alloc(0)],
  ["a head alone", Buffer.from("\u007fELF")],
])("%s is no ELF file", (_, bytes) => {
  expect(isElf(bytes)).toBe(false);
});

it("a file in the middle of a larger buffer is read from its own start", () => {
  const bytes = makeElf("linux/s390x", { soname: "libz.so.1" });
  const larger = Buffer.concat([Buffer.alloc(13, 255), bytes]);
  expect(parseElf(larger.subarray(13)).soname).toBe("libz.so.1");
});
