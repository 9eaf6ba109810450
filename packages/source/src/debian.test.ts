import { expect, it } from "vitest";
import { collectDebianModules, parseDebianVersion } from "./debian.ts";

it.each([
  ["0.0~hg20250402.f315edc39f3d+dfsg-2", "f315edc39f3d", "2025-04-02T00:00:00.000Z"],
  ["0.0~hg20230223.556bf57d6417+dfsg-1", "556bf57d6417", "2023-02-23T00:00:00.000Z"],
  ["0.0~hg20260723.0971c99bfbc9+dfsg-1~bpo13+1", "0971c99bfbc9", "2026-07-23T00:00:00.000Z"],
])("reads revision and day from %s", (version, node, date) => {
  expect(parseDebianVersion(version)).toEqual({ node, date });
});

it.each(["13.0.7-1", "0.0~hg20250402-1", ""])("reads no revision from %j", (version) => {
  expect(parseDebianVersion(version)).toBeUndefined();
});

it("puts files back where upstream has them", () => {
  const paths = [
    "./usr/lib/prosody/modules/mod_x/mod_x.lua",
    "./usr/lib/prosody/modules/mod_x/x/y.html",
    "./usr/share/doc/prosody-modules/README_mod_x.md",
    "./usr/lib/prosody/modules/ldap.lib.lua",
    "./usr/share/doc/prosody-modules/README_mod_lib_ldap.markdown",
    "./usr/share/doc/prosody-modules/README_mod_tombstone.md",
    "./usr/share/doc/prosody-modules/copyright",
  ];
  const modules = collectDebianModules(paths.map((path) => ({ path, executable: false, bytes: Buffer.alloc(0) })));
  expect([...modules].map(([name, { files }]) => [name, files.map((file) => file.path)])).toEqual([
    ["mod_x", ["README.md", "mod_x.lua", "x/y.html"]],
    ["mod_lib_ldap", ["README.markdown", "ldap.lib.lua"]],
    ["mod_tombstone", ["README.md"]],
  ]);
});
