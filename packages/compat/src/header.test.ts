import { describe, expect, it } from "vitest";
import { headerEvidence, readHeader } from "./header.ts";
import type { JudgedRelease } from "./release.ts";
import { writtenModule } from "./written-module.ts";

describe("readHeader", () => {
  it.each<[string, string, Record<string, string>]>([
    ["a line at the top", "--% requires: split-roles\n", { requires: "split-roles" }],
    ["a line anywhere in the file", "local x = 1\nprint(x)\n--% conflicts: mod_x\nreturn x\n", { conflicts: "mod_x" }],
    ["no space after the mark", "--%requires:a\n", { requires: "a" }],
    ["the last of a key given twice", "--% requires: a\n--% requires: b\n", { requires: "b" }],
    ["no last line without a line feed", "--% requires: a", {}],
    ["no indented line", "  --% requires: a\n", {}],
    ["no space before the colon", "--% requires : a\n", {}],
    ["no key without a value", "--% requires:\n", {}],
    ["carriage returns", "--% requires: a\r\n--% lua: 5.4\r\n", { requires: "a", lua: "5.4" }],
    ["what follows a lone carriage return", "x = 1\r--% requires: a\n", { requires: "a" }],
    ["what follows the last of several", "x = 1\ry = 2\r--% requires: a\n", { requires: "a" }],
    ["no trailing blanks", "--% requires: a, b \t\n", { requires: "a, b" }],
    ["bytes that are no text", "--% requires: \u00ff\u2028x\n", { requires: "\u00ff\u2028x" }],
  ])("reads %s", (_title, text, header) => {
    expect(Object.fromEntries(readHeader(text))).toEqual(header);
  });
});

function saysOf(line: string, release: JudgedRelease, path = "mod_x.lua"): string[] {
  const module = writtenModule("mod_x", { "mod_x.lua": "return 1\n", [path]: `${line}\n` });
  return headerEvidence(module, release, "2025-01-01").map((item) => item.says);
}

describe("headerEvidence", () => {
  const older: JudgedRelease = { version: "0.12.3", series: "0.12", core: [], features: ["mod_bookmarks"] };
  const point: JudgedRelease = { ...older, version: "0.12.5", features: ["mod_bookmarks", "pre-connect"] };
  const newer: JudgedRelease = { version: "13.0.1", series: "13.0", core: [], features: ["pre-connect", "mod_flags"] };
  it.each<[string, [string, JudgedRelease], string[]]>([
    ["nothing about a module without such lines", ["-- no header", newer], []],
    ["broken when a required feature is missing", ["--% requires: pre-connect", older], ["broken"]],
    ["another thing for another point release", ["--% requires: pre-connect", point], ["loads"]],
    ["broken when one of several is missing", ["--% requires: pre-connect, other", point], ["broken"]],
    ["broken on a conflict", ["--% conflicts: mod_flags other", newer], ["broken"]],
    ["loads without the conflict", ["--% conflicts: mod_flags", older], ["loads"]],
    ["broken for another Lua", ["--% lua: 5.1, 5.2", newer], ["broken"]],
    ["loads for our Lua", ["--% lua: 5.1 5.4", newer], ["loads"]],
    ["loads where Prosody does not know the key lua", ["--% lua: 5.1", older], ["loads"]],
    ["loads with a key nobody knows", ["--% provides: x", newer], ["loads"]],
  ])("says %s", (_title, [line, release], expected) => {
    expect(saysOf(line, release)).toEqual(expected);
  });

  it("says what is missing and in which file", () => {
    const module = writtenModule("mod_x", { "mod_x.lua": "--% requires: a, b\n" });
    expect(headerEvidence(module, older, "2025-01-01")).toEqual([
      {
        kind: "header",
        says: "broken",
        because: "mod_x.lua requires a, b, which Prosody lacks (--% requires)",
        date: "2025-01-01",
      },
    ]);
  });

  it("reads libraries beside the main file, which the filter covers too", () => {
    expect(saysOf("--% requires: pre-connect", older, "part.lib.lua")).toEqual(["broken"]);
  });
});
