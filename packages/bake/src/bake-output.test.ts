import { describe, expect, it } from "vitest";
import { explainBuild, stepOf } from "./bake-output.ts";

describe("stepOf", () => {
  it.each([
    ["#12 [linux/arm64 root 3/4] RUN <<END (use-suite…)", "Building linux/arm64 root 3/4"],
    ["#39 exporting to oci image format", "exporting to oci image format"],
    ["#1 [internal] load build definition from Dockerfile", undefined],
    ["#12 0.345 Get:1 http://mirror.example/debian trixie", undefined],
    ["#12 DONE 3.1s", undefined],
  ])("makes of %s: %s", (line, step) => {
    expect(stepOf(line)).toBe(step);
  });
});

describe("explainBuild", () => {
  it.each([
    ["DISK_FULL", "#9 1.2 tar: write error: No space left on device", "no space"],
    ["INPUT_UNREACHABLE", "#9 1.2 E: Unable to locate package libicu99", "libicu99"],
    [
      "INPUT_UNREACHABLE",
      "#9 1.2 E: Release file for http://m.example/dists/forky/InRelease is expired (invalid since 14d 8h 53min 5s).",
      "expired",
    ],
    [
      "INPUT_UNREACHABLE",
      "#9 1.2 E: Failed to fetch lua5.4 5.4.7-1+b2: neither the mirror nor Debian's snapshot of 2026-11-28 gives pool/x.deb",
      "lua5.4 5.4.7-1+b2: neither the mirror",
    ],
    ["BUILD_FAILED", "#9 1.2 pposix.c:1: error: no such thing", "pposix.c:1"],
    ["BUILD_FAILED", "ERROR: something of buildx", "something of buildx"],
  ])("gives %s for %s", (code, line, because) => {
    const explained = explainBuild(["#8 DONE 0.1s", line]);
    expect(explained.code).toBe(code);
    expect(explained.because).toContain(because);
  });

  it("refuses a package whose bytes are not the locked ones, whatever came of it later", () => {
    const printed = [
      "E: Failed to fetch http://m.example/debian/pool/main/l/lua5.4/lua5.4_5.4.7-1%2bb2_amd64.deb  Hash Sum mismatch",
      "   Hashes of expected file:",
      "    - SHA256:aaaa",
      "   Hashes of received file:",
      "    - SHA256:bbbb",
      "    - Filesize:130752 [weak]",
      "E: Download Failed",
      "E: Failed to fetch lua5.4 5.4.7-1+b2: neither the mirror nor Debian's snapshot of 2026-11-28 gives pool/x.deb",
    ];
    expect(explainBuild(printed.map((line) => `#9 1.25 ${line}`))).toEqual({
      code: "INPUT_REFUSED",
      because: "Debian's mirror has other bytes of lua5.4_5.4.7-1+b2_amd64.deb: SHA-256 aaaa is locked, bbbb came",
    });
  });

  it("has a word to say about a build that printed nothing", () => {
    expect(explainBuild([])).toEqual({ code: "BUILD_FAILED", because: "buildx said nothing" });
  });
});
