import { integrityOf, makeContent } from "@prosody-foundry/source";
import { expect, it } from "vitest";
import { type ExpectedFiles, judgeFiles, judgePackages } from "./judge-files.ts";
import type { Listing } from "./judge-sbom.ts";
import type { LaidFiles } from "./laid-files.ts";

const bytes = Buffer.from("-- x\n");
const content = makeContent("mod_x", [{ path: "mod_x.lua", executable: false, bytes }]);
const expected = new Map<string, ExpectedFiles>([["mod_x", { integrity: integrityOf(content) }]]);

function filesOf(paths: Readonly<Record<string, string>>, odd: readonly string[] = []): LaidFiles {
  const files = Object.entries(paths).map(
    ([path, text]) => [path, { executable: false, bytes: Buffer.from(text) }] as const,
  );
  return { files: new Map(files), odd: new Set(odd), shortcuts: new Set() };
}

const good = { "usr/lib/prosody-modules/mod_x/mod_x.lua": "-- x\n", "usr/lib/prosody/modules/mod_c2s.lua": "" };

function listing(platform: "linux/amd64" | "linux/arm64", more: Partial<Listing> = {}): Listing {
  const module = { name: "mod_x", node: "n", integrity: "i", tree: "t" };
  return { platform, modules: [module], packages: [], prosody: "13.0.7", ...more };
}

it.each<[string, LaidFiles, string[]]>([
  ["nothing wrong", filesOf(good), []],
  [
    "a link by which another path leads to a module",
    { ...filesOf(good), shortcuts: new Set(["y"]) },
    ["y is a link to where modules or package records are"],
  ],
  ["no such module", filesOf({}), ["mod_x is in the SBOM and not in the image"]],
  [
    "one module too many",
    filesOf({ ...good, "usr/lib/prosody-modules/mod_y/mod_y.lua": "" }),
    ["mod_y is in the image and not in its SBOM"],
  ],
  [
    "a module as one file",
    filesOf({ ...good, "usr/lib/prosody-modules/mod_y.lua": "" }),
    ["mod_y.lua is in the image and not in its SBOM"],
  ],
  [
    "a link among the modules",
    filesOf(good, ["usr/lib/prosody-modules/mod_x/other.lua"]),
    ["usr/lib/prosody-modules/mod_x/other.lua is no plain file"],
  ],
  ["a link above the modules", filesOf(good, ["usr/lib"]), ["usr/lib is no plain file"]],
  ["links elsewhere", filesOf(good, ["lib", "usr/lib/prosody-modules2"]), []],
])("finds %s", (_, files, faults) => {
  expect(judgeFiles([{ platform: "linux/amd64", files }], [listing("linux/amd64")], expected).faults).toEqual(faults);
});

it("names the platform only for what the others have not got", () => {
  const platforms = [
    { platform: "linux/amd64", files: filesOf({ ...good, "usr/lib/prosody-modules/a.lua": "" }) },
    { platform: "linux/arm64", files: filesOf({ "usr/lib/prosody-modules/a.lua": "" }) },
  ];
  expect(judgeFiles(platforms, [listing("linux/amd64"), listing("linux/arm64")], expected).faults).toEqual([
    "a.lua is in the image and not in its SBOM",
    "linux/arm64: mod_x is in the SBOM and not in the image",
  ]);
});

it("finds a changed file, a changed mode and a lost file, and says what cannot be compared", () => {
  const one = {
    platform: "linux/amd64",
    files: filesOf({ ...good, "usr/lib/prosody-modules/mod_x/mod_x.lua": "-- y\n" }),
  };
  expect(judgeFiles([one], [listing("linux/amd64")], expected).faults).toEqual([
    expect.stringMatching(/^the files of mod_x have SHA-256 [0-9a-f]{64}, not /u),
  ]);
  const executable = new Map([["usr/lib/prosody-modules/mod_x/mod_x.lua", { executable: true, bytes }]]);
  const mode = { platform: "linux/amd64", files: { ...filesOf({}), files: executable } };
  expect(judgeFiles([mode], [listing("linux/amd64")], expected).faults).toHaveLength(1);
  const unknown = new Map<string, ExpectedFiles>([["mod_x", { unknown: "it has local patches" }]]);
  expect(judgeFiles([one], [listing("linux/amd64")], unknown)).toEqual({
    faults: [],
    good: "the files of 0 modules; mod_x not compared: it has local patches",
  });
});

it("compares dpkg's records with the SBOM, Debian's own server package left to Prosody's entry", () => {
  const files = filesOf({
    "var/lib/dpkg/status.d/libc6": record("libc6", "2.41-12"),
    "var/lib/dpkg/status.d/prosody": record("prosody", "13.0.7-1"),
    "var/lib/dpkg/status.d/libx": record("libx", "1"),
  });
  const packages = [
    { name: "libc6", version: "2.41-12", architecture: "amd64" },
    { name: "liby", version: "1", architecture: "amd64" },
  ];
  expect(judgePackages([{ platform: "linux/amd64", files }], [listing("linux/amd64", { packages })]).faults).toEqual([
    "libx 1 amd64 is in the image and not in its SBOM",
    "liby 1 amd64 is in the SBOM and not in the image",
  ]);
  expect(judgePackages([{ platform: "linux/amd64", files: filesOf({}) }], [listing("linux/amd64")]).faults).toEqual([
    "the image has no record of a package",
  ]);
});

function record(name: string, version: string): string {
  return `Package: ${name}\nVersion: ${version}\nArchitecture: amd64\n`;
}
