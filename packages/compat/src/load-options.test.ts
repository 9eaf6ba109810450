import { expect, it } from "vitest";
import { optionsNamedIn } from "./load-options.ts";

const file = (path: string, text: string) => ({ path, bytes: Buffer.from(text) });

it.each([
  ["its main file", [file("mod_a.lua", `module:get_option_string("tos_version")`)], ["tos_version"]],
  ["a library of its own", [file("b.lib.lua", `module:get_option('ldap')`)], ["ldap"]],
  ["nothing but a README", [file("README.md", `"ldap"`)], []],
  ["a longer name", [file("mod_a.lua", `module:get_option("ldap_rootdn")`)], []],
])("an option set for loading is named in %s: %j", (_where, files, options) => {
  expect(optionsNamedIn(files)).toEqual(options);
});
