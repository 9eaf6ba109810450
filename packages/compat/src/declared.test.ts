import { describe, expect, it } from "vitest";
import { declaredEvidence, trunkLines, unreadCompatibility } from "./declared.ts";
import type { JudgedRelease } from "./release.ts";
import { writtenModule } from "./written-module.ts";

const releases = {
  "0.12.3": { version: "0.12.3", series: "0.12", core: [], features: [] },
  "0.12.5": { version: "0.12.5", series: "0.12", core: [], features: [] },
  "13.0.7": { version: "13.0.7", series: "13.0", core: ["mod_new"], features: [] },
  trunk: { version: "trunk-20250513-f14f1b331f0f", series: "trunk", core: ["mod_new"], features: [] },
} satisfies Record<string, JudgedRelease>;

/** What is said of 0.12.3, 0.12.5, 13.0.7 and trunk; days of lines by their number. */
function saysOf(readme: string, days: Readonly<Record<number, string>> = {}): string[] {
  const module = writtenModule("mod_x", { "README.md": readme });
  const lineDates = new Map(Object.entries(days).map(([line, day]) => [Number(line), day]));
  return Object.values(releases).flatMap((release) =>
    declaredEvidence(module, release, { date: "2025-10-17", lineDates }).map(({ says }) => says),
  );
}

function table(...rows: string[]): string {
  return `# Compatibility\n\n  ------ ------\n${rows.map((row) => `  ${row}\n`).join("")}  ------ ------\n`;
}

describe("declaredEvidence", () => {
  it.each<[string, string, string[]]>([
    ["a series", table("0.12   Works"), ["works", "works", "silent", "silent"]],
    ["the major alone", table("13   Works"), ["silent", "silent", "works", "silent"]],
    ["an open range", table("0.9 and later  Works"), ["works", "works", "works", "works"]],
    ["a closed range", table("0.12 and earlier  Broken"), ["broken", "broken", "silent", "silent"]],
    ["a point release and those after it", table("0.12.4  Works"), ["silent", "works", "silent", "silent"]],
    [
      "the nearest of two point releases",
      table("0.12.3  Will not work", "0.12.4  Will work"),
      ["broken", "works", "silent", "silent"],
    ],
    [
      "ranges that end between point releases",
      table("0.12.4 and later  Works", "0.12.3 and older  Does not work"),
      ["broken", "works", "works", "works"],
    ],
    ["a row against a range", table("0.9 and later  Works", "13.0  Broken"), ["works", "works", "broken", "works"]],
    [
      "a row against prose",
      `${table("0.12  Unknown")}\nProsody 0.12 or later.\n`,
      ["silent", "silent", "works", "works"],
    ],
    [
      "of equal words the negative",
      table("0.12  Works", "0.12  Does not work"),
      ["broken", "broken", "silent", "silent"],
    ],
    ["what is in Prosody since", table("0.11  Merged"), ["doubtful", "doubtful", "doubtful", "doubtful"]],
    [
      "what was in Prosody, against a later row",
      table("0.11  Merged", "13.0  Works"),
      ["doubtful", "doubtful", "works", "doubtful"],
    ],
    [
      "an exception to a label",
      "---\nlabels: [Stage-Obsolete]\n...\n\n::: {.alert}\nIt can still be used with Prosody 0.12.\n:::\n",
      ["works", "works", "doubtful", "doubtful"],
    ],
    [
      "a box without a version, against a row and a sentence",
      `::: {.alert}\nThis module is obsolete.\n:::\n\n${table("0.12  Works")}\nProsody 0.11 or later.\n`,
      ["works", "works", "doubtful", "doubtful"],
    ],
    [
      "a box with a version",
      "This module has been merged into Prosody since version 13.0.\n",
      ["silent", "silent", "doubtful", "doubtful"],
    ],
    ["an obsolete label", "---\nlabels: [Stage-Obsolete]\n...\n", ["doubtful", "doubtful", "doubtful", "doubtful"]],
    ["a broken label", "---\nlabels: [Stage-Broken]\n...\n", ["broken", "broken", "broken", "broken"]],
    [
      "a row against a label, and a label against a range",
      `---\nlabels: [Stage-Deprecated]\n...\n${table("0.12  Works", "0.9 and later  Works")}`,
      ["works", "works", "doubtful", "doubtful"],
    ],
    [
      "a successor, where the release has it",
      "---\nsuperseded_by: mod_new\n...\n",
      ["silent", "silent", "doubtful", "doubtful"],
    ],
    ["nothing", "# Usage\n", ["silent", "silent", "silent", "silent"]],
  ])("tells %s", (_title, readme, expected) => {
    expect(saysOf(readme)).toEqual(expected);
  });

  it.each<[string, [status: string, day: string], string[]]>([
    ["praise is for the series it became", ["Works", "2021-05-01"], ["works", "works", "silent", "silent"]],
    ["praise is for the series it became", ["Works", "2023-05-01"], ["silent", "silent", "works", "silent"]],
    ["praise is long past", ["Works", "2015-05-01"], ["silent", "silent", "silent", "silent"]],
    ["praise is of today", ["Works", "2025-05-01"], ["silent", "silent", "silent", "works"]],
    ["blame lasts", ["Does not work", "2021-05-01"], ["broken", "broken", "broken", "broken"]],
    ["blame lasts", ["Does not work", "2023-05-01"], ["silent", "silent", "broken", "broken"]],
    ["the line's own date counts", ["Works as of 2021-05-01", "2025-05-01"], ["works", "works", "silent", "silent"]],
  ])("dates trunk: %s %j", (_title, [status, day], expected) => {
    expect(saysOf(table(`trunk   ${status}`), { 4: day })).toEqual(expected);
  });

  it("quotes the README, with the day of the line about trunk", () => {
    const module = writtenModule("mod_x", { "README.md": table("trunk   Works *well*") });
    const options = { date: "2025-10-17", lineDates: new Map([[4, "2024-02-03"]]) };
    expect(declaredEvidence(module, releases["13.0.7"], options)).toEqual([
      { kind: "declared", says: "works", because: "The README says “trunk: Works well”", date: "2024-02-03" },
    ]);
  });

  it("dates each line about trunk by its own day, and no other line", () => {
    const readme = `${table("trunk  Works")}\nDoes not work with trunk.\n`;
    expect(saysOf(readme, { 4: "2024-05-01", 7: "2021-05-01" })).toEqual(["broken", "broken", "works", "broken"]);
    expect(saysOf(table("0.12  Works"), { 4: "2015-05-01" })).toEqual(["works", "works", "silent", "silent"]);
  });

  it("dates a line about trunk by the changeset when nobody knows better, and says so", () => {
    const readme = table("trunk  Works", "0.12  Works");
    expect(saysOf(readme)).toEqual(["works", "works", "silent", "works"]);
    const module = writtenModule("mod_x", { "README.md": readme });
    const options = { date: "2025-10-17", lineDates: new Map([[5, "2015-05-01"]]) };
    const because = [releases["0.12.5"], releases.trunk].flatMap((release) =>
      declaredEvidence(module, release, options),
    );
    expect(because).toEqual([
      { kind: "declared", says: "works", because: "The README says “0.12: Works”", date: "2025-10-17" },
      {
        kind: "declared",
        says: "works",
        because: "The README says “trunk: Works”; when that line was written is not known",
        date: "2025-10-17",
      },
    ]);
  });

  it("says the module has no README", () => {
    const [evidence] = declaredEvidence(writtenModule("mod_x", { "mod_x.lua": "" }), releases.trunk, {
      date: "2025-10-17",
    });
    expect(evidence).toMatchObject({ says: "silent", because: "It has no README" });
  });
});

describe("trunkLines", () => {
  it.each<[string, string, number[] | null]>([
    ["a row", table("0.12  Works", "trunk  Works"), [5]],
    ["a row below front matter", `---\nlabels: [Stage-Beta]\n...\n${table("trunk  Works")}`, [7]],
    ["a row, with CRLF", table("trunk  Works").replaceAll("\n", "\r\n"), [4]],
    ["several statements", `${table("trunk  Works")}\nDoes not work with trunk.\n`, [4, 7]],
    ["the line of a paragraph that speaks of trunk", "# Compatibility\n\nWorks with Prosody\ntrunk, not 0.9.\n", [4]],
    ["no line that names its day", table("trunk  Works as of 2025-06-13"), null],
    ["no line about a release", table("0.12  Works"), null],
    ["no line outside of the section", "# Usage\n\nNeeds trunk.\n", null],
    ["no line that others count differently", table("0.12  Works\r  trunk  Works"), null],
  ])("finds %s", (_title, readme, lines) => {
    const found = trunkLines(writtenModule("mod_x", { "README.markdown": readme }));
    expect(found).toEqual(lines === null ? null : { path: "README.markdown", lines });
  });

  it("finds none without a README", () => {
    expect(trunkLines(writtenModule("mod_x", { "mod_x.lua": "" }))).toBeNull();
  });
});

it("lists for people what it could not read", () => {
  const module = writtenModule("mod_x", { "README.md": table("MySQL  Purple") });
  expect(unreadCompatibility(module)).toEqual(["line 4: MySQL  Purple"]);
});
