import { describe, expect, it } from "vitest";
import { describeModule } from "./describe-module.ts";
import { writtenModule } from "./written-module.ts";

const readme = `---
summary: 'XEP-0001: a *way*'
labels: [Stage-alpha, 'Type-Auth', Stage-Alpha]
superseded_by: mod\\_y
...

# Introduction

See [the words][xep0363] of <b>XEP 0425</b>, https://xmpp.org/extensions/xep-0045.html and mod\\_y.

\`\`\` lua
y_secret = true
\`\`\`

-   one

Compatibility
=============

  --- ----
  0.12   Works
  SQLite   Tested
  --- ----
`;

describe("describeModule", () => {
  it("says what a README says", () => {
    const module = writtenModule("mod_x", {
      "README.md": readme,
      "mod_x.lua": "-- XEP-0198\nlocal xmlns_xep0060 = 'urn:xmpp:xep220';",
      "data.json": "XEP-0001 XEP-0999",
    });
    expect(describeModule(module)).toEqual({
      summary: "XEP-0001: a way",
      labels: ["Stage-Alpha", "Type-Auth"],
      xeps: ["0001", "0045", "0060", "0198", "0363", "0425"],
      supersededBy: "mod_y",
      text: "Introduction See the words of XEP 0425 , https://xmpp.org/extensions/xep-0045.html and mod_y. one Compatibility 0.12 Works SQLite Tested",
      compatibility: "parsed",
      unread: ["line 22: SQLite   Tested"],
    });
  });

  it("has nothing to say of a module without a README", () => {
    expect(describeModule(writtenModule("mod_x", { "mod_x.lua": "" }))).toEqual({
      summary: null,
      labels: [],
      xeps: [],
      supersededBy: null,
      text: "",
      compatibility: "none",
      unread: [],
    });
  });

  it.each<[string, string]>([
    ["front matter that is no YAML", "---\nlabels: [\n...\n\nWords of XEP-0001\n"],
    ["a README that is too large", `Words of XEP-0001 ${"more ".repeat(100_000)}`],
  ])("reads on behind %s", (_title, text) => {
    const { text: words, xeps } = describeModule(writtenModule("mod_x", { "README.md": text }));
    expect([words.startsWith("Words of XEP-0001"), xeps, words.length <= 4000]).toEqual([true, ["0001"], true]);
  });

  it.each<[string, string]>([
    ["unread", "Same as mod_y"],
    ["unread", "Incompatible with mod_y"],
    ["unread", "A prototype for Prosody 0.8."],
    ["unread", "* Prosody >= 0.11\n* Trunk < 5f15ab7c6ae5"],
    ["parsed", "0.12 and later. The other thing needs Prosody 13 patched."],
  ])("calls %s a section that says %j", (expected, text) => {
    const module = writtenModule("mod_x", { "README.md": `# Compability\n\n${text}\n` });
    const { compatibility, unread } = describeModule(module);
    expect([compatibility, unread.length > 0]).toEqual([expected, expected === "unread"]);
  });

  it("counts no word outside a section as one", () => {
    const module = writtenModule("mod_x", { "README.md": "This module is obsolete.\n" });
    expect(describeModule(module).compatibility).toBe("none");
  });
});
