import { expect, it } from "vitest";
import { explainTags } from "./explain-tags.ts";
import { entryOf } from "./sample-ledger.ts";

const policy = { default: "13.0", oldstable: "0.12", variants: ["", "full"] };
const entries = [
  entryOf("0.12.5", 1),
  entryOf("13.0.7", 1),
  entryOf("13.0.7", 2, { yanked: true }),
  entryOf("13.0.7", 1, { variant: "full" }),
  entryOf("trunk-20261119-0971c99bfbc9", 1),
];
const explained = explainTags(policy, entries);

it.each([
  ["0.12", "0.12.5-r1", "newest of the 0.12 series"],
  ["13", "13.0.7-r1", "newest of 13; 13.0.7-r2 withdrawn"],
  ["13.0.7", "13.0.7-r1", "newest revision of 13.0.7; 13.0.7-r2 withdrawn"],
  ["latest", "13.0.7-r1", "newest of 13.0, which `default` in images/series.json names; 13.0.7-r2 withdrawn"],
  ["full", "13.0.7-r1-full", "newest of 13.0 (full), which `default` in images/series.json names"],
  ["stable-full", "13.0.7-r1-full", "newest of 13.0 (full), which `default` in images/series.json names"],
  ["13.0-full", "13.0.7-r1-full", "newest of the 13.0 series (full)"],
  ["oldstable", "0.12.5-r1", "newest of 0.12, which `oldstable` in images/series.json names"],
  ["edge", "trunk-20261119-0971c99bfbc9-r1", "newest of the trunk series"],
  ["13.0.7-r2", "13.0.7-r2", "an image revision, withdrawn: no other tag goes there"],
])("%s is %s: %s", (tag, revision, rule) => {
  expect(explained.find((one) => one.tag === tag)).toMatchObject({ revision, rule });
});

it("every tag is explained once, and the immutable ones move with nothing", () => {
  expect(new Set(explained.map(({ tag }) => tag)).size).toBe(explained.length);
  const fixed = explained.filter(({ kind }) => kind === "immutable");
  expect(fixed.map(({ moves }) => moves)).toEqual(Array.from({ length: 5 }, () => "nothing"));
});
