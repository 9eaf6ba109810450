import { mkdtemp, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { formatSurvey, normaliseSurvey } from "./format.ts";
import { parseSurvey } from "./parse.ts";
import { readSurvey, readSurveys, surveyFile } from "./read-survey.ts";
import { judgementOf, moduleOf, surveyOf } from "./sample-survey.ts";
import type { Survey } from "./schema.ts";
import { updateSurvey } from "./write-survey.ts";

const loud = moduleOf({
  description: { summary: "Loud", labels: ["Type-Web", "Stage-Beta"], xeps: ["0363"], words: "é “quoted”" },
  judgements: [
    judgementOf("works", ["13.0.1"], "declared works", "loaded loads"),
    judgementOf("broken", ["0.12.3"], "loaded broken", "declared works"),
  ],
});
const quiet = moduleOf({ judgements: [judgementOf("loads", ["0.12.3", "13.0.1"], "static loads", "loaded loads")] });
loud.loads = [
  { releases: ["13.0.1"], hosts: ["virtual-host", "muc"], log: [] },
  { releases: ["0.12.3"], hosts: ["muc", "virtual-host"], log: [] },
];
const survey = surveyOf({ mod_loud: loud, mod_quiet: quiet });

describe("the text of a survey", () => {
  it("holds all of it", () => {
    const text = formatSurvey(survey);
    expect(parseSurvey(text, "x.json")).toEqual(normaliseSurvey(survey));
    expect(formatSurvey(parseSurvey(text, "x.json"))).toBe(text);
  });

  it("is the same whatever order things were found in", () => {
    const turned = surveyOf({
      mod_quiet: quiet,
      mod_loud: { ...loud, loads: loud.loads.toReversed(), judgements: loud.judgements.toReversed() },
    });
    expect(formatSurvey(turned)).toBe(formatSurvey(survey));
  });

  it("has an observation once, with its releases", () => {
    const text = formatSurvey(survey);
    const [, item = ""] = /(\{"because":"because declared works"[^}]*\})/u.exec(text) ?? [];
    expect(JSON.parse(item)).toMatchObject({ releases: ["0.12.3", "13.0.1"] });
    expect(text.match(/because declared works/gu)).toHaveLength(1);
    expect(normaliseSurvey(survey).modules["mod_loud"]?.loads).toEqual([
      { releases: ["0.12.3", "13.0.1"], hosts: ["muc", "virtual-host"], log: [] },
    ]);
  });

  it.each([
    ["no JSON", (text: string) => text.slice(0, -3), /x\.json:\d+:\d+ is no JSON/u],
    ["a field that does not exist", (text: string) => text.replace('"mod_loud":{', '"mod_loud":{"x":1,'), /"x"/u],
    [
      "a verdict that does not exist",
      (text: string) => text.replace('"13.0.1":"works"', '"13.0.1":"fine"'),
      /verdicts/u,
    ],
    ["another version", (text: string) => text.replace('"surveyVersion":1', '"surveyVersion":2'), /surveyVersion/u],
    [
      "another form",
      (text: string) => text.replace("mod_quiet", "mod_quite"),
      /^x\.json:\d+ is not as foundry writes it/u,
    ],
  ] as const)("with %s is refused", (_what, change, says) => {
    const text = formatSurvey(surveyOf({ mod_loud: loud, mod_quiet: quiet, mod_quitd: quiet }));
    const changed = change(text);
    expect(changed).not.toBe(text);
    expect(() => parseSurvey(changed, "x.json")).toThrow(
      expect.objectContaining({ code: "SURVEY_MALFORMED", message: expect.stringMatching(says) as unknown }),
    );
  });
});

function fail(): Survey {
  throw new Error("no server");
}

describe("the survey of a repository", () => {
  let root = "";
  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), "registry-"));
  });
  afterEach(() => rm(root, { recursive: true }));

  const place = () => ({ root, source: "prosody-modules" });

  it("is not there at first, and then is", async () => {
    expect(await readSurvey(root, "prosody-modules")).toBeUndefined();
    expect(await readSurveys(root)).toEqual([]);
    expect(await updateSurvey(place(), () => survey)).toBe(true);
    expect(await readSurvey(root, "prosody-modules")).toEqual(normaliseSurvey(survey));
    expect(await readSurveys(root)).toHaveLength(1);
  });

  it("is not written when nothing changed, and knows the one before", async () => {
    await updateSurvey(place(), () => survey);
    const first = await stat(surveyFile(root, "prosody-modules"));
    let seen: Survey | undefined;
    expect(await updateSurvey(place(), (before) => ((seen = before), survey))).toBe(false);
    const second = await stat(surveyFile(root, "prosody-modules"));
    expect([second.ino, second.mtimeMs]).toEqual([first.ino, first.mtimeMs]);
    expect(seen).toEqual(normaliseSurvey(survey));
  });

  it("stays as it was when the new one cannot be made", async () => {
    await updateSurvey(place(), () => survey);
    await expect(updateSurvey(place(), fail)).rejects.toThrow("no server");
    expect(await readSurvey(root, "prosody-modules")).toEqual(normaliseSurvey(survey));
  });

  it("puts its table of agreement between the marks of the README", async () => {
    const readme = path.join(root, "packages/registry/README.md");
    await mkdir(path.dirname(readme), { recursive: true });
    await writeFile(readme, "before\n<!-- agreement: begin -->\nold\n<!-- agreement: end -->\nafter\n");
    await updateSurvey(place(), () => survey);
    const text = await readFile(readme, "utf8");
    expect(text).toMatch(
      /^before\n<!-- agreement: begin -->\n\nSurvey of prosody-modules[^]*<!-- agreement: end -->\nafter\n$/u,
    );
    expect(text).not.toContain("old");
  });
});
