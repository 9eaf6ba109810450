import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { agreementOf, renderAgreement } from "./agreement.ts";
import { readSurveys } from "./read-survey.ts";
import { judgementOf, moduleOf, surveyOf } from "./sample-survey.ts";
import { fillTable } from "./table.ts";

type Observed = Parameters<typeof judgementOf>[2][];

const observed: Record<string, Observed> = {
  mod_right: ["declared works", "static loads", "loaded loads"],
  mod_complains: ["declared works", "static doubtful", "loaded doubtful"],
  mod_wrong_readme: ["declared works", "static broken", "loaded broken"],
  mod_missed: ["declared silent", "static loads", "loaded broken"],
  mod_false_alarm: ["declared broken", "static broken", "loaded loads"],
  mod_refused: ["header broken", "declared silent", "static loads"],
  mod_core: ["core core", "declared doubtful", "static loads"],
  mod_gone: ["core tombstone", "core core", "declared silent"],
  mod_library: ["declared silent", "static loads", "loaded silent"],
};
const modules = Object.entries(observed).map(([name, said]) => {
  return [name, moduleOf({ judgements: [judgementOf("loads", ["13.0.1"], ...said)] })] as const;
});
const survey = surveyOf(Object.fromEntries(modules));

describe("agreement", () => {
  const none = { loads: 0, complains: 0, fails: 0, refused: 0, core: 0, "no code": 0, "not loaded": 0 };

  it("counts what was said against what loading showed, for each release", () => {
    const [old, found] = agreementOf(survey);
    expect(old).toMatchObject({ release: "0.12.3", modules: 0 });
    expect(found).toEqual({
      release: "13.0.1",
      modules: 9,
      declared: {
        works: { ...none, loads: 1, complains: 1, fails: 1 },
        doubtful: { ...none, core: 1 },
        broken: { ...none, loads: 1 },
        silent: { ...none, fails: 1, refused: 1, "no code": 1, "not loaded": 1 },
      },
      static: {
        loads: { ...none, loads: 1, fails: 1, refused: 1, core: 1, "not loaded": 1 },
        doubtful: { ...none, complains: 1 },
        broken: { ...none, loads: 1, fails: 1 },
      },
    });
  });

  it("counts every module once in the README's table", () => {
    for (const { declared, modules: all } of agreementOf(survey)) {
      const counted = Object.values(declared).flatMap((row) => Object.values(row));
      expect(counted.reduce((sum, number) => sum + number, 0)).toBe(all);
    }
  });

  it("says in words what the numbers mean", () => {
    const text = renderAgreement([survey]);
    expect(text).toContain("| works | 1 | 1 | 1 | 0 | 0 | 0 | 0 | 3 |");
    expect(text).toContain("README “works”: 2 of 3 (67 %) load. README “broken”: 1 of 1 (100 %) load all the same.");
    expect(text).toContain("1 right, 1 false alarms, 1 missed, 2 rightly silent");
    expect(text).toContain("precision 0.500, recall 0.500, accuracy 0.600");
  });
});

it("the README of this package has the table that the surveys of this repository give", async () => {
  const root = path.resolve(import.meta.dirname, "../../..");
  const readme = await readFile(path.join(root, "packages/registry/README.md"), "utf8");
  const table = renderAgreement(await readSurveys(root));
  expect(readme).toContain(table);
  expect(fillTable(readme, table)).toBe(readme);
});
