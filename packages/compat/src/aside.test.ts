import { describe, expect, it } from "vitest";
import { parseCompatibility } from "./compatibility.ts";
import { linesOf } from "./markdown.ts";

function read(text: string): string[] {
  return parseCompatibility(linesOf(text)).statements.map(({ range, status, form, line }) => {
    const version = "version" in range ? ` ${range.version.join(".")}` : "";
    return `${line} ${form} ${range.kind}${version} ${status}`;
  });
}

const box = (text: string): string => `::: {.alert .alert-warning}\n${text}\n:::\n`;

describe("asides", () => {
  it.each<[string, string[]]>([
    ["This module is obsolete, see [mod_y] that Prosody has since Version 0.12.", ["2 aside from 0.12 superseded"]],
    ["This module has been deprecated. What it did is now done by others.", ["2 aside any superseded"]],
    ["**NOTE:** This module has been deprecated.", ["2 aside any superseded"]],
    ["This module is incompatible with prosody since version 0.10.", ["2 aside from 0.10 broken"]],
    ["This module was an experiment and is [not compatible with prosody](x) anymore.", ["2 aside any broken"]],
    [
      "This module has been merged into Prosody as [mod_y].\nUsers of Prosody **0.12**\nand later should not install this version.",
      ["2 aside from 0.12 superseded"],
    ],
    [
      "This behaviour has now been merged into mod_y in\ntrunk and is obsolete there.\n\nIt can still be used with Prosody 0.12.",
      ["3 aside trunk superseded", "5 aside exactly 0.12 works"],
    ],
    ["As of Prosody 0.12.x, a command can be used instead of this module.", ["2 aside from 0.12 superseded"]],
    [
      "This feature has been merged into mod_y and is obsolete with a version >0.12.x or trunk.",
      ["2 aside from 0.12 superseded", "2 aside trunk superseded"],
    ],
    ["Prosody does this itself now, making this module obsolete.", ["2 aside any superseded"]],
    ["This module depends on an obsolete module.", []],
    ["Consider mod_y, which Prosody has since version 0.11.", []],
    ["The data layout is not final. As of 2023-10-14 this work in Prosody is not complete.", []],
    ["If the secret is missing, the service is open.", []],
  ])("in a box: %j", (text, expected) => {
    expect(read(box(text))).toEqual(expected);
  });

  it.each<[string, string[]]>([
    ["Since Prosody 0.12, this module is [included in Prosody](x), go there.", ["1 aside from 0.12 superseded"]],
    [
      "This module is included with Prosody 13.0.x and is provided here for users of Prosody 0.12.x",
      ["1 aside exactly 13.0 superseded", "1 aside exactly 0.12 works"],
    ],
    [
      "This module implementing XEP-0001 is included with Prosody 0.12 but made available here for older versions.",
      ["1 aside exactly 0.12 superseded"],
    ],
    ["Requires Prosody 0.10 or later.", ["1 aside from 0.10 works"]],
    ["- This module can work on any Prosody server (version >= 0.12.x).", ["1 aside from 0.12 works"]],
    ["It sets an option (added in trunk/0.12) in Prosody 0.11.x.", []],
    ["The feature requires Prosody 0.12.", []],
    ["It reports with the APIs of Prosody 0.12", []],
    ["```\nRequires Prosody 0.10 or later.\n```", []],
  ])("in a sentence: %j", (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it("do not say what is wanted where a section does", () => {
    const section = "# Compatibility\n\nRequires Prosody 0.12.\n";
    expect(read(`Requires Prosody 0.10 or later.\n\n${section}`)).toEqual(["5 prose exactly 0.12 works"]);
    expect(read(`${box("This module is obsolete.")}\n${section}`)).toEqual([
      "7 prose exactly 0.12 works",
      "2 aside any superseded",
    ]);
  });
});
