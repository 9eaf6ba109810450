import { describe, expect, it } from "vitest";
import { type StaticOptions, staticEvidence } from "./static.ts";
import type { Surface } from "./surface.ts";
import { writtenModule } from "./written-module.ts";

const older: Surface = {
  version: "0.12.3",
  core: ["mod_http", "mod_muc", "mod_adhoc"],
  features: ["mod_bookmarks"],
  libraries: { "util.stanza": ["stanza", "reply"], "util.jwt": ["sign", "verify"], "util.array": [] },
  moduleApi: ["hook", "depends", "require", "get_option"],
  globals: ["print", "require", "import", "pcall", "hosts"],
  lua: ["socket", "ssl", "DBI"],
};
const newer: Surface = {
  ...older,
  version: "13.0.1",
  features: ["loader"],
  libraries: { ...older.libraries, "util.jwt": ["init", "sign", "verify"], "util.roles": ["new"] },
  moduleApi: [...older.moduleApi, "may", "default_permission"],
};

function says(lua: string, surface: Surface, options: Partial<StaticOptions> = {}): string[] {
  const module = writtenModule("mod_x", { "mod_x.lua": lua, "part.lib.lua": "return 1" });
  return staticEvidence(module, surface, { date: "2025-01-01", ...options }).map((item) => item.says);
}

describe("staticEvidence", () => {
  it.each<[string, string, string]>([
    [`require "util.stanza"`, "loads", "loads"],
    [`require "prosody.util.stanza"`, "broken", "loads"],
    [`local split = import("prosody.util.stanza", "reply")`, "broken", "loads"],
    [`require "util.roles"`, "broken", "loads"],
    [`require "util.nowhere"`, "broken", "broken"],
    [`local ok = pcall(require, "util.nowhere")`, "loads", "loads"],
    [`local function f() return require "util.nowhere" end`, "doubtful", "doubtful"],
    [`require "util.jwt".init("k")`, "broken", "loads"],
    [`local init = require "util.jwt".init`, "doubtful", "loads"],
    [`require "util.array".anything()`, "loads", "loads"],
    [`module:default_permission("prosody:admin", ":x")`, "broken", "loads"],
    [`module:hook("x", function () module:may("y") end)`, "doubtful", "loads"],
    [
      `if not module.may then module:depends("compat_roles") end; module:default_permission("a", "b")`,
      "loads",
      "loads",
    ],
    [`module:depends("http"); module:http_url()`, "loads", "loads"],
    [`module:http_url()`, "broken", "broken"],
    [`require "socket.http"; require "ssl"; require "string"`, "loads", "loads"],
    [`require "cjson"`, "broken", "broken"],
    [`require "DBI"`, "loads", "loads"],
    [`module:require "part"; module:require "adhoc"; module:require "muc/util"`, "loads", "loads"],
    [`configmanager.get("x")`, "doubtful", "doubtful"],
    [`print(hosts)`, "loads", "loads"],
  ])("judges %s", (lua, onOlder, onNewer) => {
    expect([says(lua, older), says(lua, newer)]).toEqual([[onOlder], [onNewer]]);
  });

  it.each<[string, ReadonlySet<string> | undefined, string]>([
    [`module:depends "sheep"`, undefined, "loads"],
    [`module:depends "sheep"`, new Set(["mod_sheep"]), "loads"],
    [`module:depends "sheep"`, new Set(["mod_goat"]), "broken"],
    [`module:depends "muc"`, new Set<string>(), "loads"],
    [`module:require "mod_sheep/wool"`, new Set<string>(), "broken"],
    [`if hosts then module:depends "sheep" end`, new Set<string>(), "loads"],
  ])("judges the dependency %s among %j", (lua, modules, expected) => {
    expect(says(lua, newer, { modules })).toEqual([expected]);
  });

  it("names what is missing, and the Debian package that has it", () => {
    const module = writtenModule("mod_x", { "mod_x.lua": `require "cjson"; require "mongo"; module:fly()` });
    expect(staticEvidence(module, newer, { date: "2025-01-01" })).toEqual([
      {
        kind: "static",
        says: "broken",
        because:
          "It asks for module:fly(), the Lua library cjson (Debian: lua-cjson), the Lua library mongo (Debian has no package of it), which the release lacks",
        date: "2025-01-01",
      },
    ]);
  });

  it("has nothing to say of a tombstone", () => {
    expect(staticEvidence(writtenModule("mod_x", { "README.md": "gone" }), newer, { date: "2025-01-01" })).toEqual([]);
  });

  it("takes a library no more serious than the way it is taken in", () => {
    const files = { "mod_x.lua": `if hosts then module:require "part" end`, "part.lib.lua": `require "util.nowhere"` };
    const [guarded] = staticEvidence(writtenModule("mod_x", files), newer, { date: "2025-01-01" });
    const hard = { ...files, "mod_x.lua": `module:require "part"` };
    const [taken] = staticEvidence(writtenModule("mod_x", hard), newer, { date: "2025-01-01" });
    expect([guarded?.says, taken?.says]).toEqual(["loads", "broken"]);
  });
});
