import { describe, expect, it } from "vitest";
import { type Use, scanLua } from "./lua-scan.ts";

function show(uses: readonly Use[]): string[] {
  return uses.map(({ name, loading, guarded }) => `${name}${loading ? "" : " later"}${guarded ? " guarded" : ""}`);
}

function scan(lua: string): Record<string, string[]> {
  const { requires, methods, depends, parts, globals } = scanLua(lua, "mod_x/mod_x.lua");
  const shown = { requires, methods, depends, parts, globals };
  return Object.fromEntries(Object.entries(shown).map(([key, uses]) => [key, show(uses)]));
}

describe("requires", () => {
  it.each<[string, string[]]>([
    [`local st = require "util.stanza"`, ["util.stanza"]],
    [`local st = require("prosody.util.stanza")`, ["prosody.util.stanza"]],
    [`local new = require 'util.jwt'.new`, ["util.jwt"]],
    [`local split = import("util.jid", "split")`, ["util.jid"]],
    [`local ok, x = pcall(require, "cjson")`, ["cjson guarded"]],
    [`local x = softreq "posix"`, ["posix guarded"]],
    [`pcall(function () x = require "zlib" end)`, ["zlib guarded"]],
    [`if want then x = require "zlib" else x = require "lz4" end`, ["zlib guarded", "lz4 guarded"]],
    [`if require "util.x".ok then end`, ["util.x"]],
    [`local x = y or require "zlib"`, ["zlib guarded"]],
    [`local x = require "zlib" or y`, ["zlib"]],
    [`local function f() return require "zlib" end`, ["zlib later"]],
    [`(function () require "zlib" end)()`, ["zlib"]],
    [`function module.load() require "zlib" end`, ["zlib"]],
    [`function module.add_host(m) require "zlib" end`, ["zlib"]],
    [`function module.unload() require "zlib" end`, ["zlib later"]],
    [`for _, x in pairs(t) do require "zlib" end`, ["zlib"]],
    [`local x <const> = require "zlib"`, ["zlib"]],
    [`#!/usr/bin/lua\nrequire "zlib"`, ["zlib"]],
    [`-- require "zlib"\nlocal s = [[ require "zlib" ]]`, []],
  ])("are read from %s", (lua, expected) => {
    expect(scan(lua).requires).toEqual(expected);
  });

  it("counts those with a computed name", () => {
    expect(scanLua(`require(name); require("a" .. b); module:depends(x)`, "x.lua").dynamic).toBe(3);
  });
});

describe("the module API", () => {
  it.each<[string, string[]]>([
    [`module:depends"http"`, ["mod_http"]],
    [`local muc = module:depends("muc").rooms`, ["mod_muc"]],
    [`module:depends("flags", true)`, ["mod_flags guarded"]],
    [`module:depends("flags", false)`, ["mod_flags"]],
    [`pcall(module.depends, module, "flags")`, ["mod_flags guarded"]],
    [`if not module.may then module:depends "compat" end`, ["mod_compat guarded"]],
    [`module:hook("x", function () module:depends("y") end)`, ["mod_y later"]],
  ])("names dependencies: %s", (lua, expected) => {
    expect(scan(lua).depends).toEqual(expected);
  });

  it("names methods, but not those the file adds itself", () => {
    const lua = `function module:own() end\nmodule.mine = f\nmodule:own() module:mine() module:hook("x", f) other:call()`;
    expect(scan(lua).methods).toEqual(["hook"]);
  });

  it("names the parts it takes in", () => {
    expect(scan(`module:require "mod_anti_spam/trie"; module:require("part")`).parts).toEqual([
      "mod_anti_spam/trie",
      "part",
    ]);
  });
});

describe("members of libraries", () => {
  it.each<[string, string[]]>([
    [`local jwt = require "util.jwt"; local s = jwt.init("x")`, ["util.jwt init called", "util.jwt init"]],
    [`local jwt = require "util.jwt"; local s = jwt.init`, ["util.jwt init"]],
    [`local init = require "util.jwt".init`, ["util.jwt init"]],
    [`local a, b = import("util.jid", "split", "join")`, ["util.jid split", "util.jid join"]],
    [`local jwt = require "util.jwt"; jwt = require "util.other"; jwt.init()`, []],
    [`jwt.init()`, []],
  ])("are read from %s", (lua, expected) => {
    const members = scanLua(lua, "x.lua").members;
    expect(members.map(({ library, name, called }) => `${library} ${name}${called ? " called" : ""}`)).toEqual(
      expected,
    );
  });

  it("are not missed where the file sets them", () => {
    const lua = `local api = require "core.moduleapi"; function api.audit() end; api.more = 1`;
    expect(show(scanLua(lua, "x.lua").members)).toEqual(["audit later guarded", "more guarded"]);
  });
});

it("names globals the file does not set", () => {
  expect(
    scan(`seen = 1; local here = 2; print(seen, here, hosts); local t = { key = 1 }; t.field = t.key`).globals,
  ).toEqual(["print", "hosts"]);
});

describe("what is no Lua", () => {
  it.each<[string, string, string]>([
    ["a syntax error", "local = 1", "LUA_SYNTAX"],
    ["an open string", 'local x = "abc', "LUA_SYNTAX"],
    ["bytes", "\u0000\u00ff\u00fe", "LUA_SYNTAX"],
    ["endless brackets", `x = ${"(".repeat(100_000)}`, "LUA_TOO_DEEP"],
    ["endless tables", `x = ${"{".repeat(100_000)}`, "LUA_TOO_DEEP"],
    ["endless blocks", "do ".repeat(80_000), "LUA_TOO_DEEP"],
    ["endless right-associative operators", `x = ${"a..".repeat(80_000)}a`, "LUA_TOO_DEEP"],
    ["endless names", Array.from({ length: 6000 }, (_, index) => `a${index}=1`).join("\n"), "LUA_TOO_LARGE"],
    ["megabytes", "x=1 ".repeat(500_000), "LUA_TOO_LARGE"],
  ])("is refused with a code: %s", (_title, lua, code) => {
    expect(() => scanLua(lua, "mod_x/mod_x.lua")).toThrow(expect.objectContaining({ code }));
    expect(() => scanLua(lua, "mod_x/mod_x.lua")).toThrow(/mod_x\/mod_x\.lua/u);
  });

  it("is not a tree that is deep to the left", () => {
    expect(scan(`local x = ${"a + ".repeat(50_000)} a; require "late"`).requires).toEqual(["late"]);
  });
});
