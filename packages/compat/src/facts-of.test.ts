import { ModuleFacts } from "@prosody-foundry/lockfile";
import { describe, expect, it } from "vitest";
import { factsOf } from "./facts-of.ts";
import { writtenModule } from "./written-module.ts";

describe("factsOf", () => {
  it.each<[ModuleFacts["layout"], Record<string, string>]>([
    ["standard", { "mod_x.lua": "", "README.md": "" }],
    ["nested", { "x/mod_x.lua": "" }],
    ["nested", { "x/mod_x.lua": "", "mod_x.lua": "" }],
    ["library", { "part.lib.lua": "" }],
    ["library", { "modules/mod_y.lua": "" }],
    ["tombstone", { "README.md": "" }],
  ])("sees the layout %s in %j", (layout, files) => {
    expect(factsOf(writtenModule("mod_x", files)).layout).toBe(layout);
  });

  it("joins what the code asks for with what the rockspec declares", () => {
    const module = writtenModule("mod_x", {
      "README.md": "---\nlabels: [Stage-Alpha]\nrockspec:\n  dependencies: [mod_meta, mod_x, mod_maybe]\n...\n",
      "mod_x.lua": [
        `module:depends "http"`,
        `module:depends "x"`,
        `if a then module:depends "maybe" end`,
        `if a then module:depends "perhaps" end`,
        `module:depends "both"; if a then module:depends "both" end`,
        `module:depends("not a name")`,
        `module:require "mod_lender/trie"; module:require "ldap"; module:require "adhoc"`,
        `local z = require "zlib"; require "openssl.hmac"; require "otp"; require "socket.http"; require "util.jid"`,
        `local c = pcall(require, "cjson")`,
      ].join("\n"),
    });
    const facts = factsOf(module, { sourceLicence: "MIT" });
    expect(facts).toEqual({
      layout: "standard",
      licence: "MIT",
      stage: "alpha",
      depends: ["mod_both", "mod_http", "mod_lender", "mod_lib_ldap", "mod_maybe", "mod_meta"],
      optional: ["mod_perhaps"],
      libraries: { "openssl.hmac": "lua-luaossl", otp: null, zlib: "lua-zlib" },
    });
    expect(ModuleFacts.parse(facts)).toEqual(facts);
  });

  it("keeps what can be no library's name out of the lock", () => {
    const module = writtenModule("mod_x", { "mod_x.lua": `require "__proto__"; require "a b"; require "otp"` });
    expect(Object.entries(factsOf(module).libraries)).toEqual([["otp", null]]);
  });

  it("takes a library's needs for its own, and the library's file for no other module", () => {
    const module = writtenModule("mod_x", {
      "mod_x.lua": `module:require "part"; module:require "ldap"`,
      "part.lib.lua": `module:depends "pubsub"`,
      "ldap.lib.lua": "",
    });
    expect(factsOf(module).depends).toEqual(["mod_pubsub"]);
  });

  it.each<[string, Record<string, string>, string]>([
    ["the source's word for files without one", { "mod_x.lua": "" }, "MIT"],
    ["an SPDX line", { "mod_x.lua": "-- SPDX-License-Identifier: AGPL-3.0-only\n" }, "AGPL-3.0-only"],
    [
      "several SPDX lines",
      { "mod_x.lua": "-- SPDX-License-Identifier: MIT\n", "y.lib.lua": "-- SPDX-License-Identifier: BSD-2-Clause" },
      "BSD-2-Clause AND MIT",
    ],
    [
      "a licence file",
      { "mod_x.lua": "", LICENSE: "Mozilla Public License Version 2.0, and the GNU General Public License" },
      "MPL-2.0",
    ],
    ["the head of a file", { "mod_x.lua": "-- This is MIT/X11 licensed." }, "MIT"],
  ])("finds the licence in %s", (_title, files, licence) => {
    expect(factsOf(writtenModule("mod_x", files), { sourceLicence: "MIT" }).licence).toBe(licence);
  });

  it("asserts no licence when nobody names one", () => {
    expect(factsOf(writtenModule("mod_x", { "mod_x.lua": "" })).licence).toBe("NOASSERTION");
  });

  it("refuses code that is no Lua", () => {
    const module = writtenModule("mod_x", { "mod_x.lua": "local = 1" });
    expect(() => factsOf(module)).toThrow(expect.objectContaining({ code: "LUA_SYNTAX" }));
  });
});
