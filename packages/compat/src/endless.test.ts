import { describe, expect, it } from "vitest";
import { judgeFiles, outcomes } from "./judged-files.ts";

// Each would take minutes, gigabytes or the stack with a pattern or a walk that goes back and forth. Nothing here looks
// at a clock: such a pattern makes the run hang.

function judgeReadme(text: string): string {
  return judgeFiles({ "README.md": text.slice(0, 260_000), "mod_x.lua": "" });
}

function repeat(token: string, length: number): string {
  return token.repeat(Math.ceil(length / token.length)).slice(0, length);
}

const names = "abcdefghi".split("");
const laughs = names
  .slice(1)
  .map((name, index) => `${name}: &${name} [${`*${names[index]},`.repeat(9)}]`)
  .join("\n");

/** What the patterns of this package are made of. */
const tokens = [
  ..."0. 0.12 0.12. 13. 13.0 1 - – --- [ ] [a] [a]( [a](b) [^1] [^ ( ) ` * \\ _ < <a { {a} , . ; + | ~ =".split(" "),
  ..." ;  ;\t;\r;\n;\u0000;\u2028;\ufeff;- ;# ;> ;a\n===\n;a\n\n---\n\n;```\n;> ;>=;:;:::;a;é".split(";"),
  ..."not ;no longer ;never ;n't ;and not ;but ;and ;or ;or later ;later ;as of ;since ;should ;might ".split(";"),
  ..."trunk ;trunk (;trunk/;trunk < ;trunk (a ;as of 2024-;2024-01-01 ;07.12.22 ;january ;jan 20;probably ".split(";"),
  ..."works ;works;use ;requires ;prosody ;prosody 0.;lua 5.;luasec 0.5 ;version 0.;0.9-0.10;probably".split(";"),
  ..."this module was ;this module is ;has been ;implementing ;this module implementing ;merged into ".split(";"),
  ..."xep-;xep-1234 ;&a ;*a ;SPDX-License-Identifier: ;A-".split(";"),
];

const shapes: Record<string, (token: string) => string> = {
  "in a sentence": (token) => `# Compatibility\n\n${repeat(token, 60_000)}!\n`,
  "in many sentences": (token) => `# Compatibility\n\n${`${repeat(token, 1500)}!\n\n`.repeat(40)}`,
  "in a version": (token) => `# Compatibility\n\n  --- ---\n${`  ${repeat(token, 1500)}!  works\n`.repeat(40)}`,
  "in a status": (token) => `# Compatibility\n\n  --- ---\n${`  0.12  ${repeat(token, 1500)}!\n`.repeat(40)}`,
  "in a footnote": (token) => `# Compatibility\n\n  --- ---\n  trunk[^1]  Works\n\n[^1]: ${repeat(token, 40_000)}!\n`,
  "in a box": (token) => `::: {.alert}\nThis module ${repeat(token, 40_000)}!\n:::\n`,
  "in a summary": (token) => `---\nsummary: "${token.replace(/["\\\n\r]/gu, "").repeat(3000)}!"\n...\n`,
};

describe.each(Object.keys(shapes))("bounded time and memory for endless repetition %s", (shape) => {
  it.each(tokens)("of %j", (token) => {
    expect(judgeReadme(shapes[shape]?.(token) ?? "")).toMatch(outcomes);
  });
});

describe("bounded time and memory for a README", () => {
  it.each<[string, string]>([
    ["with one line of a megabyte", "# Compatibility\n\n".padEnd(1_000_000, "0.12 works ")],
    ["with endless sections", "# Compatibility\n".repeat(15_000)],
    ["with endless underlined sections", "Compatibility\n---\n\n".repeat(12_000)],
    ["with endless sections in one", `# Compatibility\n\n${"## Prosody\n\n0.12\n\n".repeat(12_000)}`],
    ["with endless fences", `# Compatibility\n\n${"```\n".repeat(60_000)}`],
    ["with endless rows", `# Compatibility\n\n  --- ---\n${"  0.12   Works\n".repeat(15_000)}`],
    ["with endless footnotes", `# Compatibility\n\n${"[^1]: as of 2024\n".repeat(14_000)}`],
    ["with endless boxes", "::: {.alert}\nThis module is obsolete.\n:::\n".repeat(5000)],
    ["with endless labels", `---\nlabels: [${"a, ".repeat(9000)}]\n...\n`],
    ["with an open front matter", `---\n${"summary: x\n".repeat(20_000)}`],
  ])("%s", (_title, text) => {
    expect(judgeFiles({ "README.md": text, "mod_x.lua": "" })).toMatch(outcomes);
  });

  it.each<[string, string]>([
    ["a billion laughs", `a: &a [x]\n${laughs}\nsummary: *i`],
    ["an alias of itself", "summary: &a [*a]"],
    ["endless merge keys", `a: &a {b: c}\n${"<<: *a\n".repeat(2000)}`],
    ["deep lists", `labels: ${"[".repeat(10_000)}`],
    ["deep maps", `labels: ${"{a: ".repeat(10_000)}`],
    ["deep bullets", `labels:\n${"- ".repeat(10_000)}x`],
    ["deep blocks", Array.from({ length: 200 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    ["endless indents", `labels:\n${"\t".repeat(20_000)}- x`],
    ["huge numbers", `summary: ${"9".repeat(20_000)}\nlabels: [1e999, 0x${"f".repeat(9000)}, .inf, .nan]`],
    ["endless keys", Array.from({ length: 2000 }, (_, index) => `key${index}: x`).join("\n")],
    ["open quotes", `summary: "${"\\u0041".repeat(4000)}`],
    ["endless comments", "#".repeat(30_000)],
    ["endless anchors", "&a ".repeat(10_000)],
    ["endless tags", "!!str ".repeat(5000)],
    ["keys of keys", `${"? ".repeat(5000)}x`],
    ["folded text", `summary: >\n${"  x\n\n".repeat(5000)}`],
    ["endless documents", "%YAML 1.1\n".repeat(2000)],
  ])("with %s in its front matter", (_title, yaml) => {
    expect(judgeFiles({ "README.md": `---\n${yaml}\n...\n`, "mod_x.lua": "" })).toMatch(outcomes);
  });

  it.each([
    "!!js/function 'function () { globalThis.executed = 1 }'",
    "!!js/regexp /(a+)+$/",
    "!!python/object/apply:os.system ['touch executed']",
    "!<tag:yaml.org,2002:js/undefined> ''",
    "{ __proto__: { executed: 1 }, constructor: { prototype: { executed: 1 } } }",
    "!!set { ? __proto__ }",
    "!!binary ZXhlY3V0ZWQ=",
  ])("executes nothing and adds nothing to objects: %s", (value) => {
    const text = `---\nsummary: ${value}\n__proto__: ${value}\nrockspec: ${value}\n...\n`;
    expect(judgeFiles({ "README.md": text, "mod_x.lua": "" })).toMatch(outcomes);
    expect(Object.keys(globalThis)).not.toContain("executed");
    expect(({} as Record<string, unknown>)["executed"]).toBeUndefined();
  });
});

const luaTokens = [
  ..."( { [ [[ [=[ --[[ --[==[ ' \" - # .. ^ , ; = ~ ... \\ \\z \\u{ f'' f{} x{ x=x( 0x 1e9 0xffp ::a:: {{},".split(
    " ",
  ),
  ..."a.|a.b |a:b() |a=1 |local a=1 |not |a..|a^|a and |a or |if a then |do |function f() |function () ".split("|"),
  ..."(function () |repeat |goto a |return |elseif a then |<const> |module:depends'x' |module:require'part' ".split(
    "|",
  ),
  ..."require'x' |local r = require 'util.x' |assert(a.b) |--% requires: a, b\n|--% requires: |--% a: b\r".split("|"),
  ..."--%|--|\r|\n|\u0000|\u00ff|XEP-0001 ".split("|"),
];

describe("bounded time and memory for Lua", () => {
  it.each<[string, string]>([
    ...luaTokens.map((token): [string, string] => [`endless ${JSON.stringify(token)}`, repeat(token, 60_000)]),
    ["100,000 brackets, closed", `x = ${"(".repeat(100_000)}1${")".repeat(100_000)}`],
    ["100,000 tables, closed", `x = ${"{".repeat(60_000)}${"}".repeat(60_000)}`],
    ["an open comment", `--[[${"x ".repeat(50_000)}`],
    ["an open string", `x = "${"x ".repeat(50_000)}`],
    ["a number without end", `x = ${"9".repeat(200_000)}`],
    ["a long header", `--% requires: ${"a, ".repeat(60_000)}\n`],
    ["a header of the wrong kind", `--% __proto__: x\n--% constructor: y\n--% lua: ${"5.4 ".repeat(10_000)}\n`],
    ["a megabyte in one line", "x=1 ".repeat(260_000)],
  ])("with %s", (_title, text) => {
    const code = Buffer.from(text, "latin1");
    for (const before of ["", "x = "]) {
      const files = {
        "mod_x.lua": Buffer.concat([Buffer.from(before), code]),
        "part.lib.lua": "module:require 'part'",
      };
      expect(judgeFiles(files)).toMatch(outcomes);
    }
  });

  it("of many files", () => {
    const parts = Array.from({ length: 300 }, (_, index) => [`p${index}.lib.lua`, "module:require 'p0' ".repeat(500)]);
    expect(judgeFiles({ "mod_x.lua": "", ...Object.fromEntries(parts) })).toMatch(/LUA_TOO_LARGE/u);
  });
});
