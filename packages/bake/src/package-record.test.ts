import { describe, expect, it } from "vitest";
import { checkRecords, lockedPackages, parseRecord } from "./package-record.ts";
import { debian, sampleTarget } from "./sample-target.ts";

const text = `Package: libssl3t64
Status: install ok installed
Source: openssl (3.5.1-1)
Version: 3.5.1-1+b2
Architecture: arm64
Description: Secure Sockets Layer toolkit
 Version: 9 is not a field here
Homepage: https://www.openssl.org/
`;
const record = {
  name: "libssl3t64",
  version: "3.5.1-1+b2",
  architecture: "arm64",
  source: "openssl (3.5.1-1)",
  homepage: "https://www.openssl.org/",
};

it("reads a record of dpkg's, and nothing from what is none", () => {
  expect(parseRecord(text)).toEqual(record);
  expect(parseRecord("Package: x\nVersion: 1\n")).toBeUndefined();
});

const hash = "a".repeat(64);
const targetOf = (inputs: Record<string, string>) => sampleTarget({ inputs });

const locked = {
  "package libssl3t64 linux/arm64": `3.5.1-1+b2 ${hash}`,
  "package libssl3t64 linux/amd64": `3.5.1-1+b3 ${hash}`,
  "header package libssl-dev linux/arm64": `3.5.1-1 ${hash}`,
  "package suite": "trixie",
  packages: "lua5.4",
};

it("finds the packages that a target locks for a platform among its inputs", () => {
  expect([...lockedPackages(targetOf(locked), "linux/arm64")]).toEqual([
    ["libssl3t64", { version: "3.5.1-1+b2", sha256: hash }],
  ]);
});

describe("checkRecords", () => {
  it.each([
    ["what is locked", locked, record],
    ["anything of the platform where nothing is locked", {}, record],
    ["a package for all architectures", {}, { ...record, architecture: "all" }],
  ])("passes %s", (_, inputs, found) => {
    expect(() => checkRecords(targetOf(inputs), "linux/arm64", [found])).not.toThrow();
  });

  it.each([
    ["another version", { ...record, version: "3.5.1-1+b3" }, "libssl3t64 is 3.5.1-1+b3, locked is 3.5.1-1+b2"],
    ["what is not locked", { ...record, name: "perl" }, "perl is 3.5.1-1+b2, locked is none"],
    ["another platform's", { ...record, architecture: "amd64" }, "libssl3t64 is of amd64"],
  ])("refuses %s", (_, found, message) => {
    expect(() => checkRecords(targetOf(locked), "linux/arm64", [found])).toThrow(
      expect.objectContaining({ code: "PACKAGES_DIFFER", message: expect.stringContaining(message) as unknown }),
    );
  });

  it("holds Debian's own Prosody to the release", () => {
    const target = sampleTarget({ inputs: locked, release: debian });
    const server = { ...record, name: "prosody", version: debian.version };
    expect(() => checkRecords(target, "linux/arm64", [server])).not.toThrow();
    const other = { ...server, version: "0.12.3-1" };
    expect(() => checkRecords(target, "linux/arm64", [other])).toThrow(`locked is ${debian.version}`);
  });
});
