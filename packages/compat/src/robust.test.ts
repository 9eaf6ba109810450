import { isUserError } from "@prosody-foundry/kit";
import { Evidence, ModuleFacts } from "@prosody-foundry/lockfile";
import type { ModuleContent } from "@prosody-foundry/source";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { coreEvidence } from "./core.ts";
import { declaredEvidence, unreadCompatibility } from "./declared.ts";
import { factsOf } from "./facts-of.ts";
import { headerEvidence } from "./header.ts";
import { judge } from "./judge.ts";
import type { JudgedRelease } from "./release.ts";
import { staticEvidence } from "./static.ts";
import type { Surface } from "./surface.ts";

const date = "2025-01-01";
const release: JudgedRelease = { version: "13.0.1", series: "13.0", core: ["mod_http"], features: ["loader"] };
const surface: Surface = {
  version: release.version,
  core: release.core,
  features: release.features,
  libraries: {},
  moduleApi: [],
  globals: [],
  lua: [],
};

const readme = `---
labels:
- Stage-Beta
rockspec:
  dependencies:
	- mod_other >= 3
...

Compatibility
-------------

Works with Prosody 0.9 or later, not with trunk[^1] (as of 2024-01-01).

  ------- --------------
  trunk   Doesn't work
  0.12.x  Works as of 24-12-08
  ------- --------------

[^1]: as of 2024-10-23
`;

const lua = `--% requires: loader
local st = require "prosody.util.stanza";
if module:get_option_boolean("x", false) then module:depends("http") end
module:hook("iq/self", function (event) return st.reply(event.stanza):tag("x", { a = [[b]] }) end, -1)
`;

/** Everything this package makes of a module, or the coded error it ends with. */
function judgeAll(content: ModuleContent): string {
  const works = [
    () => ModuleFacts.parse(factsOf(content)),
    () => unreadCompatibility(content),
    () => {
      const evidence = [
        ...headerEvidence(content, release, date),
        ...coreEvidence(content, release, date),
        ...declaredEvidence(content, release, { date }),
        ...staticEvidence(content, surface, { date }),
      ];
      return judge(evidence.map((item) => Evidence.parse(item)));
    },
  ];
  return works.map(outcomeOf).join(" ");
}

function outcomeOf(work: () => unknown): string {
  try {
    work();
    return "done";
  } catch (error) {
    if (isUserError(error)) return error.code;
    throw error;
  }
}

function contentOf(name: string, files: Readonly<Record<string, Uint8Array>>): ModuleContent {
  return { name, files: Object.entries(files).map(([path, bytes]) => ({ path, executable: false, bytes })) };
}

/** A text with pieces of it cut, doubled, or overwritten by others. */
function mutated(text: string): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(text.length),
    cut: fc.nat(12),
    put: fc.oneof(fc.string(), fc.constantFrom(...pieces)),
  });
  return fc.array(edit, { minLength: 1, maxLength: 6 }).map((edits) => {
    const parts = edits.map(
      ({ at, cut, put }) =>
        (now: string) =>
          now.slice(0, at) + put + now.slice(at + cut),
    );
    let result = text;
    for (const part of parts) result = part(result);
    return result;
  });
}

const pieces = [
  "---\n",
  "...\n",
  "\t- ",
  "[",
  "{{",
  "]]",
  "--[[",
  '"',
  "  ----- -----\n",
  "trunk ",
  "0.12",
  "\r",
  "\u0000",
  "&a *a",
  "[^1]",
  "\\",
];
const codes = /^(?:(?:done|LUA_[A-Z_]+|README_[A-Z_]+) ?){3}$/u;

describe("any input ends with a result or a coded error", () => {
  it("for any bytes in any file", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (text, code) => {
        expect(judgeAll(contentOf("mod_x", { "README.md": text, "mod_x.lua": code }))).toMatch(codes);
      }),
    );
  });

  it("for a README with mutations", () => {
    fc.assert(
      fc.property(mutated(readme), (text) => {
        expect(judgeAll(contentOf("mod_x", { "README.md": Buffer.from(text), "mod_x.lua": Buffer.from(lua) }))).toMatch(
          codes,
        );
      }),
      { numRuns: 300 },
    );
  });

  it("for Lua and its header with mutations", () => {
    fc.assert(
      fc.property(mutated(lua), (text) => {
        expect(judgeAll(contentOf("mod_x", { "mod_x.lua": Buffer.from(text, "latin1") }))).toMatch(codes);
      }),
      { numRuns: 300 },
    );
  });

  it("for the texts as they are, without an error", () => {
    expect(judgeAll(contentOf("mod_x", { "README.md": Buffer.from(readme), "mod_x.lua": Buffer.from(lua) }))).toBe(
      "done done done",
    );
  });

  // Each would take minutes, or the stack, with a pattern or a walk that goes back and forth.
  it.each<[string, string]>([
    ["brackets", "[".repeat(100_000)],
    ["links", "[a](".repeat(50_000)],
    ["backslashes", "\\".repeat(100_000)],
    ["rules", `${"--- ".repeat(50_000)}\n`],
    ["blanks", `x${" ".repeat(100_000)}x`],
    ["fences", "```\n".repeat(50_000)],
    ["headings", "# Compatibility\n".repeat(3000)],
    ["underlines", "Compatibility\n---\n\n".repeat(3000)],
    ["footnotes", "[^1]: as of 2024\n".repeat(10_000)],
    ["versions", "0.9, ".repeat(50_000)],
    ["version ranges", "0.9-0.10".repeat(20_000)],
    ["trunks", "trunk (".repeat(10_000)],
    ["negations", "not ".repeat(50_000)],
    ["probabilities", "probably ".repeat(20_000)],
    ["rows", `  --- ---\n${"  0.12   Works\n".repeat(10_000)}`],
    ["cells", `  --- ---\n  0.12${" a  b".repeat(40_000)}\n`],
  ])("in bounded time for endless %s", (_title, text) => {
    const bytes = Buffer.from(`Compatibility\n=============\n\n${text}`);
    expect(judgeAll(contentOf("mod_x", { "README.md": bytes, "mod_x.lua": Buffer.from("") }))).toBe("done done done");
  });
});
