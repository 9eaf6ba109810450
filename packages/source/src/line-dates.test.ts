import { expect, it } from "vitest";
import { dayOfHg, HgAnnotation, HgwebAnnotation, parseBlame } from "./line-dates.ts";

const first = "1".repeat(40);
const second = "2".repeat(40);

function describeCommit(author: string, committer: string): string {
  return `author A\nauthor-time ${author}\nauthor-tz +0200\ncommitter A\ncommitter-time ${committer}\nsummary committer-time 1\nfilename a\n`;
}

it("takes the committer's day of each line, of commits described once and named again", () => {
  const text = [
    `${first} 1 1 1\n${describeCommit("1", "1420070399")}\t# A\n`,
    `${second} 2 2 1\n${describeCommit("1", "1420070400")}\tcommitter-time 5\n`,
    `${first} 3 3 2\n\t\n${first} 4 4\n\t${second} 1 1\n`,
  ].join("");
  expect(parseBlame(text)).toEqual(["2014-12-31", "2015-01-01", "2014-12-31", "2014-12-31"]);
});

it("finds no line in an empty file", () => {
  expect(parseBlame("")).toEqual([]);
});

it("takes days in UTC, whatever the zone they were written in", () => {
  expect(dayOfHg([1_420_070_399, -3600])).toBe("2014-12-31");
  expect(dayOfHg([1_420_070_400, 18_000])).toBe("2015-01-01");
});

it.each([
  [253_402_300_800, "9999-12-31"],
  [1e300, "9999-12-31"],
  [-1e300, "0000-01-01"],
])("takes %d seconds, which no four-digit year has, for %s", (seconds, day) => {
  expect(dayOfHg([seconds, 0])).toBe(day);
});

it("knows the shapes of Mercurial's two annotations, and refuses others", () => {
  const date = [1_420_070_400, 0];
  expect(HgwebAnnotation.safeParse({ node: first, annotate: [{ revdate: date, line: "a" }] }).success).toBe(true);
  expect(HgwebAnnotation.safeParse({ error: "not found in manifest" }).success).toBe(false);
  expect(HgAnnotation.safeParse([{ path: "a", lines: [{ date, line: "a" }] }]).success).toBe(true);
  expect(HgAnnotation.safeParse([{ path: "binary" }]).success).toBe(false);
});
