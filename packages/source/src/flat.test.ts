import { compareText } from "@prosody-foundry/kit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unsafe } from "./check.ts";
import { historyPaths, isFlat, type ListedTree, namesAmong, placeFiles, readShape } from "./flat.ts";

function treeOf(files: Readonly<Record<string, string>>): ListedTree {
  return { paths: new Set(Object.keys(files)), readText: async (path) => files[path] ?? "" };
}

async function placedIn(files: Readonly<Record<string, string>>, name = "mod_x"): Promise<[string, string][]> {
  return [...(await placeFiles(treeOf(files), name))].toSorted(([a], [b]) => compareText(a, b));
}

describe("a module in a folder of its own", () => {
  it("has the files of that folder, whatever it requires", async () => {
    const files = { "mod_x/mod_x.lua": 'module:require "util"', "mod_x/a/b.css": "", "util.lib.lua": "" };
    expect(await placedIn(files)).toEqual([
      ["mod_x/a/b.css", "a/b.css"],
      ["mod_x/mod_x.lua", "mod_x.lua"],
    ]);
  });

  it.each(["mod_x/mod_x.lua", "mod_x/x/mod_x.lua"])(
    "wins with %s over a file beside it, as in Prosody",
    async (main) => {
      const files = { [main]: "", "mod_x.lua": "" };
      expect(isFlat(new Set(Object.keys(files)), "mod_x")).toBe(false);
      expect((await placedIn(files)).map(([path]) => path)).toEqual([main]);
    },
  );
});

describe("a module that is a file", () => {
  it("has the libraries it needs, and those they need, at the same paths", async () => {
    const files = {
      "mod_x.lua": 'local util = module:require "util";\nlocal jwt = module:require("token/util").new(module);',
      "util.lib.lua": "local events = module : require 'events';",
      "token/util.lib.lua": "module:require 'util'.x(); module:require 'token/key'",
      "token/key.lib.lua": "",
      "events.lua": "",
      "events.lib.lua": "",
      "unused.lib.lua": "",
      "mod_y.lua": "",
    };
    const needed = ["events.lib.lua", "mod_x.lua", "token/key.lib.lua", "token/util.lib.lua", "util.lib.lua"];
    expect(await placedIn(files)).toEqual(needed.map((path) => [path, path]));
  });

  it("has the files of a folder without a main file too, whose libraries are found first", async () => {
    const files = {
      "mod_x.lua": 'module:require "a"; module:require "b"',
      "mod_x/a.lib.lua": 'module:require "c"',
      "a.lib.lua": "",
      "b.lib.lua": "",
      "c.lib.lua": "",
    };
    expect(await placedIn(files)).toEqual([
      ["b.lib.lua", "b.lib.lua"],
      ["c.lib.lua", "c.lib.lua"],
      ["mod_x.lua", "mod_x.lua"],
      ["mod_x/a.lib.lua", "a.lib.lua"],
    ]);
  });

  it.each<[string, string]>([
    ["a comment", '-- module:require "util"'],
    ["a long comment", '--[==[ ]] module:require "util" ]==] x()'],
    ["a comment without end", '--[[ module:require "util"'],
    ["a string", `local help = 'write module:require "util"'`],
    ["a string with quotes in it", String.raw`local help = "a \" module:require 'util' "`],
    ["a long string", '[[ module:require "util" ]]'],
    ["a name that is put together", 'module:require("ut" .. "il")'],
    ["another object's method", 'my_module:require "util"; a.module:require "util"'],
    ["a library that is another module's", 'module:require "mod_y/util"'],
    ["a way out", 'module:require "../util"; module:require "/util"; module:require "./util"'],
  ])("does not take %s for a need", async (_title, text) => {
    const files = { "mod_x.lua": text, "util.lib.lua": "", "mod_y/util.lib.lua": "" };
    expect(await placedIn(files)).toEqual([["mod_x.lua", "mod_x.lua"]]);
  });

  it("may need itself, or two that need each other", async () => {
    const files = {
      "mod_x.lua": 'module:require "mod_x"; module:require "a"',
      "a.lib.lua": 'module:require "b"',
      "b.lib.lua": 'module:require "a"',
    };
    expect((await placedIn(files)).map(([path]) => path)).toEqual(["a.lib.lua", "b.lib.lua", "mod_x.lua"]);
  });
});

it("names modules by their folders and files", () => {
  const paths = [
    "mod_b/mod_b.lua",
    "mod_a.lua",
    "mod_c/",
    "token/mod_d.lua",
    "mod_e.lua.patch",
    "util.lib.lua",
    "mod_b.lua",
  ];
  expect(namesAmong(paths)).toEqual(["mod_a", "mod_b", "mod_c"]);
});

it("knows the shape of a tree, and the paths that make a module's history", async () => {
  const shape = await readShape(
    treeOf({ "mod_a.lua": 'module:require "u"', "mod_a/x.css": "", "u.lib.lua": "", "mod_b/mod_b.lua": "" }),
  );
  expect(shape).toEqual({
    modules: ["mod_a", "mod_b"],
    flat: { mod_a: ["mod_a.lua", "mod_a/x.css", "u.lib.lua"] },
  });
  expect(historyPaths(shape, "mod_a")).toEqual(["mod_a", "mod_a.lua", "u.lib.lua"]);
  expect(historyPaths(shape, "mod_b")).toEqual(["mod_b"]);
  expect(historyPaths(shape, "mod_gone")).toEqual(["mod_gone", "mod_gone.lua"]);
});

it("knows the shape of a tree in which a file is refused", async () => {
  const tree = treeOf({ "mod_a.lua": "", "mod_evil.lua": "", "mod_big.lua": `x = "${"a".repeat(12_000_000)}"` });
  const readText: ListedTree["readText"] = async (path) => {
    if (path === "mod_evil.lua") throw unsafe("s", `${path} is a symlink`);
    return tree.readText(path);
  };
  expect(await readShape({ ...tree, readText })).toEqual({
    modules: ["mod_a", "mod_big", "mod_evil"],
    flat: { mod_a: ["mod_a.lua"], mod_big: ["mod_big.lua"], mod_evil: ["mod_evil.lua"] },
  });
  await expect(placeFiles(tree, "mod_big")).rejects.toMatchObject({ code: "CONTENT_UNSAFE" });
  const failing: ListedTree = { ...tree, readText: async () => Promise.reject(new Error("a bug")) };
  await expect(readShape(failing)).rejects.toThrow("a bug");
});

it.each(["a", "\\a", "\u{1F600}"])("looks into a literal of a megabyte of %j", async (piece) => {
  const files = { "mod_x.lua": `x = "${piece.repeat(1_000_000 / piece.length)}"; module:require "u"`, "u.lua": "" };
  expect(await placedIn(files)).toHaveLength(2);
});

it("places any text in time, only files that are there, and never outside", async () => {
  const piece = fc.oneof(
    fc.constantFrom(
      "module:require ",
      '"util"',
      "'",
      '"',
      "--[[",
      "--[==[",
      "]]",
      "[[",
      "--",
      "\n",
      "\\",
      "(",
      "../",
      "u",
    ),
    fc.string({ unit: "binary", maxLength: 4 }),
  );
  const text = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(""));
  await fc.assert(
    fc.asyncProperty(text, text, async (main, library) => {
      const files = { "mod_x.lua": main, "util.lib.lua": library, "u.lua": "", "mod_y/util.lib.lua": "" };
      const placed = await placedIn(files);
      expect(placed.every(([from, to]) => Object.hasOwn(files, from) && from === to)).toBe(true);
      expect(placed.map(([from]) => from)).toContain("mod_x.lua");
    }),
  );
});

it.each(["--[[\n", "[==[", '"', "module:require '", "--[=", "\\"])(
  "scans a megabyte of %j in no time",
  async (piece) => {
    const files = { "mod_x.lua": piece.repeat(1_000_000 / piece.length) };
    expect(await placedIn(files)).toHaveLength(1);
  },
);
