import { describe, expect, it } from "vitest";
import { findKnown, judgementsOf, knownModules, sortVersions, verdictsOf } from "./known.ts";
import { judgementOf, lockOf, moduleOf, surveyOf } from "./sample-survey.ts";

const broken = moduleOf({ judgements: [judgementOf("broken", ["13.0.1"]), judgementOf("loads", ["0.12.3"])] });
const survey = surveyOf({ mod_a: broken, mod_b: moduleOf() });
const other = surveyOf({ mod_b: moduleOf(), mod_c: moduleOf() }, "jitsi");

describe("what is known", () => {
  it("is what the lock has and what the surveys have, each module of a source once", () => {
    const known = knownModules(lockOf(["mod_a", "mod_z"]), [survey, other]);
    expect(known.map(({ key, pinned, surveyed }) => [key, pinned !== null, surveyed !== null])).toEqual([
      ["mod_a", true, true],
      ["mod_b@prosody-modules", false, true],
      ["mod_b@jitsi", false, true],
      ["mod_c", false, true],
      ["mod_z", true, false],
    ]);
  });

  it("keeps the key that the lock has, whatever other sources have under that name", () => {
    const keys = knownModules(lockOf(["mod_b"]), [survey, other]).map(({ key }) => key);
    expect(keys).toEqual(["mod_a", "mod_b", "mod_b@jitsi", "mod_c"]);
  });

  it.each([
    ["mod_a", ["prosody-modules"]],
    ["mod_b", ["prosody-modules", "jitsi"]],
    ["mod_b@jitsi", ["jitsi"]],
    ["mod_a@jitsi", []],
  ])("%s means one of %j", (key, sources) => {
    const found = findKnown(knownModules(lockOf([]), [survey, other]), key);
    expect(found.map(({ source }) => source)).toEqual(sources);
  });

  it("counts a pin's judgement before the survey's, which fills in where the pin was not judged", () => {
    const [pinned] = knownModules(lockOf(["mod_a"]), [survey]);
    const [free] = knownModules(lockOf([]), [survey]);
    if (pinned === undefined || free === undefined) throw new Error("nothing is known");
    expect(verdictsOf(pinned, survey.releases)).toEqual({ "0.12": "loads", "13.0": "works" });
    expect(verdictsOf(free, survey.releases)).toEqual({ "0.12": "loads", "13.0": "broken" });
    expect(judgementsOf(pinned)).toEqual(pinned.pinned?.judgements);
    expect(judgementsOf(free)).toEqual(broken.judgements);
  });
});

it("sorts versions by their numbers, trunk by its day", () => {
  const versions = ["trunk-20261119-a", "13.0.10", "13.0.9", "0.12.5", "trunk-20250513-f"];
  expect(sortVersions(versions)).toEqual(["0.12.5", "13.0.9", "13.0.10", "trunk-20250513-f", "trunk-20261119-a"]);
});
