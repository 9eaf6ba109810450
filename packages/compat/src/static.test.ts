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
  globals: ["print", "require", "import", "pcall", "assert", "table", "hosts"],
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
    [`configmanager.get("x")`, "broken", "broken"],
    [`local config = configmanager`, "doubtful", "doubtful"],
    [`local function f() configmanager.get("x") end`, "doubtful", "doubtful"],
    [`if hosts then st.clone(hosts) end`, "doubtful", "doubtful"],
    [`local unpack = unpack or table.unpack`, "loads", "loads"],
    [`local unpack = table.unpack or unpack`, "loads", "loads"],
    [`if st then st.clone(hosts) end`, "loads", "loads"],
    [`local warn = prosodyctl.warn`, "broken", "broken"],
    [`function module.command() prosodyctl.warn() end`, "loads", "loads"],
    [`print(hosts)`, "loads", "loads"],
    [`local init = require "util.jwt".init; init("k")`, "broken", "loads"],
    [`local init = require "util.jwt".init; local function f(init) init("k") end; f(print)`, "doubtful", "loads"],
    [`local jwt = require "util.jwt"; assert(jwt.init, "not with this Prosody")`, "broken", "loads"],
    [`local init = require "util.jwt".init; assert(init, "not with this Prosody")`, "broken", "loads"],
    [`local jwt = require "util.jwt"; assert(not jwt.init)`, "loads", "loads"],
    [`local jwt = require "util.jwt"; if not jwt.init then return end; jwt.init("k")`, "loads", "loads"],
    [`if not module.may then module:depends("x") end; module:may("y")`, "loads", "loads"],
    [`local new = module:require "adhoc".new; new("a", "b", print)`, "broken", "broken"],
    [`local adhoc = module:require("adhoc"); adhoc.new("a", "b", print, "admin")`, "loads", "loads"],
    [`local new = module:require "adhoc".new; new("a", "b", print(1))`, "loads", "loads"],
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
    const lua = `require "cjson"; require "mongo"\nmodule:fly()\nmodule:fly()`;
    const module = writtenModule("mod_x", { "mod_x.lua": lua });
    expect(staticEvidence(module, newer, { date: "2025-01-01" })).toEqual([
      {
        kind: "static",
        says: "broken",
        because:
          "It asks for module:fly() (mod_x.lua:2), the Lua library cjson (Debian: lua-cjson; mod_x.lua:1), the Lua library mongo (Debian has no package of it; mod_x.lua:1), which the release lacks",
        date: "2025-01-01",
      },
    ]);
  });

  it.each<[string, string]>([
    [`require "lpty"`, "the Lua library lpty (Debian's lua-lpty is not for Lua 5.4; mod_x.lua:1)"],
    [`require "posix.unistd"`, "the Lua library posix.unistd (Debian: lua-posix from trixie on; mod_x.lua:1)"],
    [`require "stanza"`, "the Lua library stanza (Prosody has util.stanza; mod_x.lua:1)"],
    [`require "constructor"`, "the Lua library constructor (Debian has no package of it; mod_x.lua:1)"],
    [`require "prosody.util.stanza"`, "Prosody's library prosody.util.stanza (it is util.stanza here; mod_x.lua:1)"],
    [`a.b()`, "the global a (mod_x.lua:1)"],
    [
      `for i = 1, 9 do b1.x() b2.x() b3.x() b4.x() b5.x() end`,
      "the global b1 (mod_x.lua:1), the global b2 (mod_x.lua:1), the global b3 (mod_x.lua:1), the global b4 (mod_x.lua:1) and 1 more",
    ],
  ])("tells what would help with %s", (lua, expected) => {
    const module = writtenModule("mod_x", { "mod_x.lua": lua });
    const [evidence] = staticEvidence(module, older, { date: "2025-01-01" });
    expect(evidence?.because).toBe(`It asks for ${expected}, which the release lacks`);
  });

  it("tells what is wrong on every release", () => {
    const lua = `local adhoc = module:require "adhoc"\nadhoc.new("a", "b", print)\nmodule:fly()`;
    const [evidence] = staticEvidence(writtenModule("mod_x", { "mod_x.lua": lua }), newer, { date: "2025-01-01" });
    expect(evidence?.because).toBe(
      "It asks for module:fly() (mod_x.lua:3), which the release lacks. It registers an ad-hoc command without a permission (mod_x.lua:2), which Prosody refuses",
    );
  });

  it("counts a global that any file of the module sets", () => {
    const files = { "mod_x.lua": `function shared() end; module:require "part"`, "part.lib.lua": "shared()" };
    expect(staticEvidence(writtenModule("mod_x", files), newer, { date: "2025-01-01" })[0]?.says).toBe("loads");
  });

  it("reads a library that is named like any Lua file", () => {
    const files = { "mod_x.lua": `module:require "part"`, "part.lua": `require "zlib"`, "other.lua": `require "otp"` };
    const [evidence] = staticEvidence(writtenModule("mod_x", files), newer, { date: "2025-01-01" });
    expect(evidence?.because).toContain("zlib (Debian: lua-zlib; part.lua:1), which");
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

  it("takes the worst of the ways to a library that is taken in twice", () => {
    const lua = `module:require "part"; function module.load() module:require "part" end`;
    const files = { "mod_x.lua": lua, "part.lib.lua": `require "util.nowhere"` };
    const [evidence] = staticEvidence(writtenModule("mod_x", files), newer, { date: "2025-01-01" });
    expect(evidence?.says).toBe("broken");
  });

  it.each(["toString", "constructor", "hasOwnProperty", "__proto__"])("reads module:%s() as any method", (name) => {
    expect(says(`module:${name}()`, newer)).toEqual(["broken"]);
  });
});
