import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeFiles, outcomes } from "./judged-files.ts";
import { mutatedText } from "./mutated-text.ts";

const readme = `---
labels:
- Stage-Beta
superseded_by: mod\\_other
rockspec:
  dependencies:
	- mod_other >= 3
...

::: {.alert .alert-info}
This module has been merged into Prosody since version 0.12, see [mod_y][doc:y].
:::

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
-- XEP-0363
local st = require "prosody.util.stanza";
local adhoc_new, get_stats = module:require "adhoc".new, require "core.statsmanager".get_stats;
assert(get_stats, "not with this Prosody");
if module:get_option_boolean("x", false) then module:depends("http") end
pcall(function () module:require("mod_other/part") end)
module:hook("iq/self", function (event) return st.reply(event.stanza):tag("x", { a = [[b]] }) end, -1)
module:provides("adhoc", adhoc_new("a", "b", st.clone, "admin"));
return 0x1p4 // 1e3 .. "\\u{1F600}\\z  ";
`;

const mutated = (text: string) => mutatedText(text, [readme, lua]);
const runs = { numRuns: 400 };

describe("any input ends with a result or a coded error", () => {
  it("for any bytes in any file", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (text, code) => {
        expect(judgeFiles({ "README.md": text, "mod_x.lua": code })).toMatch(outcomes);
      }),
    );
  });

  it("for a README with mutations", () => {
    fc.assert(
      fc.property(mutated(readme), (text) => {
        expect(judgeFiles({ "README.md": text, "mod_x.lua": lua })).toMatch(outcomes);
      }),
      runs,
    );
  });

  it("for front matter with mutations", () => {
    fc.assert(
      fc.property(mutated(readme.slice(4, readme.indexOf("..."))), (text) => {
        expect(
          judgeFiles({ "README.md": Buffer.concat([Buffer.from("---\n"), text, Buffer.from("\n...\n")]) }),
        ).toMatch(outcomes);
      }),
      runs,
    );
  });

  it("for Lua and its header with mutations", () => {
    fc.assert(
      fc.property(mutated(lua), mutated(lua), (text, part) => {
        expect(judgeFiles({ "mod_x.lua": text, "part.lib.lua": part })).toMatch(outcomes);
      }),
      runs,
    );
  });

  it("for the texts as they are, without an error", () => {
    expect(judgeFiles({ "README.md": readme, "mod_x.lua": lua })).toBe("done done done done");
  });
});
