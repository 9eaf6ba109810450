import { Evidence, type Verdict } from "@prosody-foundry/lockfile";
import { describe, expect, it } from "vitest";
import { judge } from "./judge.ts";

function evidence(...observed: string[]): Evidence[] {
  return observed.map((text) => {
    const [kind, says] = text.split(" ");
    return Evidence.parse({ kind, says, because: "it was seen", date: "2025-01-01" });
  });
}

describe("judge", () => {
  const rows: Array<[Verdict, string[]]> = [
    ["tombstone", ["core tombstone"]],
    ["tombstone", ["core tombstone", "core core", "declared works"]],
    ["core", ["core core"]],
    ["core", ["core core", "header broken", "loaded broken"]],
    ["broken", ["header broken"]],
    ["broken", ["header broken", "declared works", "loaded loads"]],
    ["broken", ["loaded broken"]],
    ["broken", ["loaded broken", "declared works", "static loads"]],
    ["broken", ["loaded loads", "loaded broken"]],
    ["doubtful", ["declared broken", "loaded loads"]],
    ["doubtful", ["declared doubtful", "loaded loads"]],
    ["doubtful", ["declared broken", "loaded doubtful", "static broken"]],
    ["broken", ["declared broken"]],
    ["broken", ["declared broken", "static loads", "loaded silent"]],
    ["doubtful", ["loaded doubtful"]],
    ["doubtful", ["loaded doubtful", "declared works"]],
    ["doubtful", ["loaded loads", "loaded doubtful", "declared works"]],
    ["works", ["declared works", "loaded loads"]],
    ["works", ["declared works", "loaded loads", "static broken", "header loads"]],
    ["loads", ["loaded loads"]],
    ["loads", ["loaded loads", "declared silent", "static doubtful"]],
    ["broken", ["static broken"]],
    ["broken", ["static broken", "declared works"]],
    ["unknown", []],
    ["unknown", ["declared works"]],
    ["unknown", ["declared doubtful"]],
    ["unknown", ["static loads", "header loads", "declared works", "loaded silent"]],
  ];

  it.each(rows)("is %s for %j", (verdict, observed) => {
    expect(judge(evidence(...observed))).toBe(verdict);
  });

  it.each(rows)("is %s for %j in any order", (verdict, observed) => {
    expect(judge(evidence(...observed).toReversed())).toBe(verdict);
  });
});
