import { expect, it } from "vitest";
import { compareModules } from "./facts-change.ts";
import { writtenModule } from "./written-module.ts";

const none = { added: [], removed: [] };
const unchanged = Object.fromEntries(
  ["stage", "licence", "layout", "needs", "uses", "libraries", "options", "header"].map((fact) => [fact, none]),
);

const readme = (stage: string) => `---\nlabels:\n- 'Stage-${stage}'\n...\n`;
const before = writtenModule("mod_x", {
  "mod_x.lua": `--% requires: s2sout-pre-connect-event
-- Distributed under the MIT/X11 license
module:depends("http");
local json = require "cjson";
local limit, mode = module:get_option_number("limit"), module:get_option_string("mode");
`,
  "README.md": readme("Alpha"),
});

it("finds nothing between equal contents", () => {
  expect(compareModules(before, before)).toEqual(unchanged);
});

it("tells what came and what went", () => {
  const after = writtenModule("mod_x", {
    "x/mod_x.lua": `--% requires: keyval+
-- Distributed under the Mozilla Public License
module:depends("http"); module:depends("rest");
if module:get_option_boolean("new") then module:depends("adhoc") end
local posix = require "posix"; local mystery = require "mystery";
local mode = module:get_option_string("mode");
`,
    "README.md": readme("Beta"),
  });
  expect(compareModules(before, after)).toEqual({
    stage: { added: ["beta"], removed: ["alpha"] },
    licence: { added: ["MPL-2.0"], removed: ["MIT"] },
    layout: { added: ["nested"], removed: ["standard"] },
    needs: { added: ["mod_rest"], removed: [] },
    uses: { added: ["mod_adhoc"], removed: [] },
    libraries: { added: ["mystery (not in Debian)", "posix (lua-posix)"], removed: ["cjson (lua-cjson)"] },
    options: { added: ["new"], removed: ["limit"] },
    header: { added: ["requires: keyval+"], removed: ["requires: s2sout-pre-connect-event"] },
  });
});

it("has all of a new module as added", () => {
  expect(compareModules(null, before)).toMatchObject({
    stage: { added: ["alpha"], removed: [] },
    options: { added: ["limit", "mode"], removed: [] },
  });
});
