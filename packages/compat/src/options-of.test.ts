import { isUserError } from "@prosody-foundry/kit";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { optionsOf } from "./options-of.ts";
import { writtenModule } from "./written-module.ts";

it.each<[string, string, string[]]>([
  ["of every type", `local a, b = module:get_option("b"), module:get_option_period("a", "1d")`, ["a", "b"]],
  ["of a call without parentheses", `local a = module:get_option_set"a" / f`, ["a"]],
  ["of another host", `module:context("*"):get_option_string("a")`, ["a"]],
  ["read only later", `module:hook("x", function () return module:get_option_boolean("a") end)`, ["a"]],
  ["read twice once", `local a = module:get_option("a") or module:get_option("a")`, ["a"]],
  ["from configmanager", `local cm = require "prosody.core.configmanager"; cm.get("*", "a")`, ["a"]],
  ["from configmanager at once", `require("core.configmanager").get(host, "core", "a")`, ["a"]],
  ["with defaults that are names too", `module:get_option_string("a", module:get_option_string("b", "c"))`, ["a", "b"]],
])("finds options %s", (_, text, options) => {
  expect(optionsOf(writtenModule("mod_x", { "mod_x.lua": text }))).toEqual(options);
});

it.each<[string, string]>([
  ["names that are put together", `module:get_option("a_" .. name)`],
  ["names that are variables", `module:get_option_string(name, "default")`],
  ["other tables' get", `local cache = require "util.cache"; cache.get("x", "a"); config.get("x", "a")`],
  ["methods that only begin alike", `module:get_options("a")`],
  ["comments and text", `-- module:get_option("a")\nlocal s = 'module:get_option("a")'`],
  ["no name at all", `module:get_option()`],
])("does not guess from %s", (_, text) => {
  expect(optionsOf(writtenModule("mod_x", { "mod_x.lua": text }))).toEqual([]);
});

it("looks into the libraries beside the main file, and nowhere else", () => {
  const files = {
    "mod_x.lua": `module:require "y"`,
    "y.lib.lua": `module:get_option("of_library")`,
    "test.lua": `module:get_option("of_test")`,
    "README.md": `module:get_option("of_readme")`,
  };
  expect(optionsOf(writtenModule("mod_x", files))).toEqual(["of_library"]);
});

it("ends on any text with names or a coded error", () => {
  const piece = fc.constantFrom(
    "module:get_option",
    "(",
    ")",
    '"a"',
    "local ",
    "x",
    " = ",
    "\n",
    "require",
    "..",
    "{",
    "[[",
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 }))), (pieces) => {
      const answer = optionsOrCode(pieces.join(""));
      expect(answer).toBeDefined();
    }),
  );
});

function optionsOrCode(text: string): string[] | string {
  try {
    return optionsOf(writtenModule("mod_x", { "mod_x.lua": text }));
  } catch (error) {
    if (isUserError(error)) return error.code;
    throw error;
  }
}
