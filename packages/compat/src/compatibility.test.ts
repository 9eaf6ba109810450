import { describe, expect, it } from "vitest";
import { parseCompatibility } from "./compatibility.ts";
import { linesOf } from "./markdown.ts";
import type { Statement } from "./statement.ts";

function read(text: string): { statements: string[]; unread: string[] } {
  const { statements, unread } = parseCompatibility(linesOf(text));
  return { statements: statements.map(show), unread: unread.map((line) => line.text.trim()) };
}

function show({ range, status }: Statement): string {
  return `${showRange(range)} ${status}`;
}

function showRange(range: Statement["range"]): string {
  if (range.kind === "any") return "any";
  if (range.kind === "trunk") return `trunk${range.andLater ? "+" : ""}${range.date === null ? "" : `@${range.date}`}`;
  const version = range.version.join(".");
  if (range.kind === "exactly") return version;
  if (range.kind === "between") return `${version}..${range.last.join(".")}`;
  return `${range.kind === "from" ? ">" : "<"}${range.included ? "=" : ""}${version}`;
}

describe("tables", () => {
  it.each<[string, string[], string[]]>([
    [
      "headerless between two rules",
      [
        "  ------- --------------",
        "  trunk   Works",
        "  0.12    Should work",
        "  0.9     Doesn't work",
        "  ------- --------------",
      ],
      ["trunk works", "0.12 should-work", "0.9 broken"],
    ],
    [
      "with a header and no closing rule",
      [
        "  Prosody version   State",
        "  ----------------- -----------",
        "  13.0.x            Works",
        "  0.12              Does not work",
      ],
      ["13.0 works", "0.12 broken"],
    ],
    [
      "with cells one space apart",
      ["  ----- -------", "  trunk Works", "  0.11 Doesn't work", "  ----- -------"],
      ["trunk works", "0.11 broken"],
    ],
    [
      "ruled with en dashes",
      [
        "  ------–------------  ----------",
        "  trunk as of 2024-10-22   Works",
        "  0.12                 Works",
        "  -------------------  ----------",
      ],
      ["trunk@2024-10-22 works", "0.12 works"],
    ],
    [
      "with a rule between its rows",
      ["  ----- ------", "  0.10  Works", "  ----- ------", "  trunk Works", "  ----- ------"],
      ["0.10 works", "trunk works"],
    ],
    [
      "aligned to the right",
      ["    Branch State", "  -------- -----------------", "      0.11 Will **not** work", "      0.12 Might work"],
      ["0.11 broken", "0.12 should-work"],
    ],
    [
      "whose header asks a question",
      ["  Version   Works", "  --------- -------", "  0.11.x    Yes", "  0.10.x    No"],
      ["0.11 works", "0.10 broken"],
    ],
    [
      "with point releases and ranges",
      [
        "  ------------------- --------",
        "  0.12.4 and later    Works",
        "  0.12.3 and older    Does not work",
        "  \\>=0.9              Should work",
        "  \\<= 0.8             Not supported",
        "  0.9 + LuaSec 0.5    Works",
        "  Any                 TBD",
        "  ------------------- --------",
      ],
      [">=0.12.4 works", "<=0.12.3 broken", ">=0.9 should-work", "<=0.8 broken", "0.9 works", "any unknown"],
    ],
    [
      "with dates of three fashions",
      [
        "  ----- ----------------------",
        "  trunk Works as of 2025-06-13",
        "  trunk Works as of 24-12-08",
        "  trunk Works as of 07.12.22",
        "  ----- ----------------------",
      ],
      ["trunk@2025-06-13 works", "trunk@2024-12-08 works", "trunk@2022-12-07 works"],
    ],
    [
      "with words about what took its place",
      [
        "  ------ ------------------------------------",
        "  trunk  [Integrated](https://example.org/1) into `mod_muc`",
        "  0.12   Use mod\\_other instead",
        "  0.11   Built into mod\\_dialback",
        "  0.10   Merged",
        "  0.9    Not needed, mod\\_pep does this",
        "  ------ ------------------------------------",
      ],
      ["trunk superseded", "0.12 superseded", "0.11 superseded", "0.10 superseded", "0.9 superseded"],
    ],
    [
      "with doubts and conditions",
      [
        "  ------ ------------------------------------",
        "  trunk  Does probably not work",
        "  0.12   Works?",
        "  0.11   Untested, but should work",
        "  0.10   LOGIN will not work, otherwise untested",
        "  0.9    Needs a patched server",
        "  0.8    ?",
        "  ------ ------------------------------------",
      ],
      [
        "trunk probably-broken",
        "0.12 should-work",
        "0.11 should-work",
        "0.10 conditional",
        "0.9 conditional",
        "0.8 unknown",
      ],
    ],
  ])("reads a table %s", (_title, lines, expected) => {
    expect(read(["# Compatibility", "", ...lines, ""].join("\n"))).toEqual({ statements: expected, unread: [] });
  });

  it("dates trunk by its footnote", () => {
    const table = "  ---------- ------\n  trunk[^1]  Works\n  0.12       Works\n  ---------- ------\n";
    const { statements } = read(`# Compatibility\n\n${table}\n[^1]: seen as of\n    2024-10-23, by me\n`);
    expect(statements).toEqual(["trunk@2024-10-23 works", "0.12 works"]);
  });

  it("dates trunk by the line its star points to", () => {
    const table = "  ------- ------\n  trunk*  Works\n  ------- ------\n";
    expect(read(`# Compatibility\n\n${table}\n*as of 2024-10-22\n`).statements).toEqual(["trunk@2024-10-22 works"]);
  });

  it("reports the rows it cannot read", () => {
    const table =
      "  --------- ---------\n  SQLite    Tested\n  0.12      Purple\n  0.11      Works\n  --------- ---------\n";
    expect(read(`# Compatibility\n\n${table}`)).toEqual({
      statements: ["0.11 works"],
      unread: ["SQLite    Tested", "0.12      Purple"],
    });
  });
});

describe("prose", () => {
  it.each<[string, string[]]>([
    ["Works with Prosody 0.9.x and later.", [">=0.9 works"]],
    ["Should work with all versions of Prosody from 0.9 upwards.", [">=0.9 should-work"]],
    ["Prosody 0.8+", [">=0.8 works"]],
    ["Not tested, but hopefully runs on 0.11.x and later.", [">=0.11 should-work"]],
    ["Needs Prosody \\>= 0.11.0", [">=0.11.0 works"]],
    ["Requires Prosody 0.11 or 0.12.", ["0.11 works", "0.12 works"]],
    ["Requires Prosody trunk / 0.12", ["0.12 works"]],
    ["Requires Prosody trunk (0.12) for its new API.", ["0.12 works"]],
    ["Requires Prosody 0.12.x or trunk", ["0.12 works", "trunk works"]],
    ["Needs trunk 0123456789ab (build 77) or later", ["trunk+ works"]],
    ["Requires trunk (2020-04-15+).", ["trunk+@2020-04-15 works"]],
    [
      "Requires trunk (April 2023 or later) or Prosody 13.0,\n**not** compatible with 0.12 or earlier.",
      ["13.0 works", "trunk+@2023-04-01 works", "<=0.12 broken"],
    ],
    ["This requires **trunk** and is not compatible with 0.12 or older versions.", ["trunk works", "<=0.12 broken"]],
    ["Does *NOT* work with 0.10 for a conflict with `mod_x`.", ["0.10 broken"]],
    ["Written for 0.9.x, apparently incompatible with 0.10 or greater", ["0.9 works", ">=0.10 broken"]],
    ["Not compatible with 0.9, 0.10.", ["0.9 broken", "0.10 broken"]],
    [
      "It uses an API of Prosody 0.10 and will not work with older versions.",
      ["0.10 works", "<0.10 broken", ">=0.10 works"],
    ],
    [
      "Should be compatible with Prosody 0.12, and will fail to load in later versions.",
      ["0.12 should-work", ">0.12 broken"],
    ],
    ["Does **not** work with currently supported versions of Prosody.", ["any broken"]],
    [
      "Made for 0.11.x only.\nUsing it with 0.12 may cause unexpected behaviour.",
      ["0.11 works", "0.12 probably-broken"],
    ],
    ["-   0.7-0.8.x", ["0.7..0.8 works"]],
    ["Needs LuaSec 0.5 and Lua 5.2 or later.", []],
    ["If you use it with 0.9, patch the server.", []],
  ])("reads %j", (text, expected) => {
    expect(read(`# Compatibility\n\n${text}\n`).statements).toEqual(expected);
  });

  it("reports a sentence about compatibility that it cannot read", () => {
    expect(read("# Compatibility\n\nSame as [mod_other]\n\n* Trunk < [abc](x)\n")).toEqual({
      statements: [],
      unread: ["Same as mod_other", "Trunk < abc"],
    });
  });
});

describe("sections", () => {
  const row = "0.12 and later.";
  it.each<[string, string, string[]]>([
    ["a heading of any level", `#### Compatibility\n\n${row}\n`, [">=0.12 works"]],
    ["an underlined heading", `Compatibility\n-------------\n\n${row}\n`, [">=0.12 works"]],
    ["either misspelling", `# Compatibilty\n\n${row}\n\n# Compatibly\n\n0.11+\n`, [">=0.12 works", ">=0.11 works"]],
    ["carriage returns", `# Compatibility\r\n\r\n${row}\r\n`, [">=0.12 works"]],
    ["no section of another thing", `# ejabberd compatibility\n\n${row}\n\n# Compatible servers\n\n0.9+\n`, []],
    ["nothing after the next heading", `# Compatibility\n\n${row}\n\nTodo\n====\n\n0.9\n`, [">=0.12 works"]],
    ["no sub-section of another thing", `# Compatibility\n\n${row}\n\n## Clients\n\n0.9\n`, [">=0.12 works"]],
    ["a sub-section about Prosody", `# Compatibility\n\n## Prosody\n\n${row}\n`, [">=0.12 works"]],
    ["nothing in a fence", `# Compatibility\n\n\`\`\`\n# 0.9\n0.8\n\`\`\`\n\n${row}\n`, [">=0.12 works"]],
    ["nothing without a section", `# Usage\n\n${row}\n`, []],
  ])("reads %s", (_title, text, expected) => {
    expect(read(text).statements).toEqual(expected);
  });
});
