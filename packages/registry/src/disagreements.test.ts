import { expect, it } from "vitest";
import { disagreementsOf } from "./disagreements.ts";
import { knownModules } from "./known.ts";
import { judgementOf, lockOf, moduleOf, surveyOf } from "./sample-survey.ts";

type Observed = Parameters<typeof judgementOf>[2][];

function disagreeing(...said: Observed) {
  const module = moduleOf({ judgements: [judgementOf("loads", ["13.0.1"], ...said)] });
  return disagreementsOf(knownModules(lockOf([]), [surveyOf({ mod_x: module })]));
}

it.each<[string, Observed]>([
  ["The README says it works; it does not load", ["static loads", "declared works", "loaded broken"]],
  ["The README says it works; its header refuses it", ["declared works", "header broken", "static loads"]],
  ["All its code asks for is there; it does not load", ["declared silent", "static loads", "loaded broken"]],
  ["It loads; its code asks for more than there is", ["declared silent", "static broken", "loaded loads"]],
  ["It loads; the README says it is broken", ["declared broken", "static loads", "loaded loads"]],
  ["It loads and complains; its code asks for more than there is", ["static broken", "loaded doubtful"]],
  [
    "Only a function that runs later asks for more than there is; it does not load",
    ["static doubtful", "loaded broken"],
  ],
  ["It loads and complains; the README says it is broken", ["declared broken", "loaded doubtful"]],
  ["It loads; the README advises against it", ["declared doubtful", "static loads", "loaded loads"]],
])("%s: %j", (about, said) => {
  expect(disagreeing(...said)).toMatchObject([{ about, module: "mod_x", releases: ["13.0.1"], pinned: false }]);
});

it.each<Observed[]>([
  [["declared works", "static loads", "loaded loads"]],
  [["declared broken", "static broken", "loaded broken"]],
  [["declared silent", "static loads", "loaded loads"]],
  [[]],
])("%j agree", (said) => {
  expect(disagreeing(...said)).toEqual([]);
});

const promises = (...releases: string[]) => [judgementOf("broken", releases, "declared works", "loaded broken")];

it("what a release has itself is no matter of disagreement", () => {
  const module = moduleOf({ judgements: [judgementOf("core", ["13.0.1"], "declared works", "header broken")] });
  expect(disagreementsOf(knownModules(lockOf([]), [surveyOf({ mod_x: module })]))).toEqual([]);
});

it("lists first what matters most, and of that what is pinned; releases with the same evidence together", () => {
  const modules = {
    mod_a: moduleOf({ judgements: [judgementOf("doubtful", ["13.0.1"], "declared broken", "loaded loads")] }),
    mod_b: moduleOf({ judgements: [...promises("13.0.1"), ...promises("0.12.3")] }),
    mod_c: moduleOf(),
  };
  const lock = lockOf(["mod_c"]);
  const pinned = lock.modules["mod_c"];
  if (pinned !== undefined) pinned.judgements = promises("0.12.3");
  const found = disagreementsOf(knownModules(lock, [surveyOf(modules)]));
  expect(found.map(({ module, releases }) => [module, releases])).toEqual([
    ["mod_c", ["0.12.3"]],
    ["mod_b", ["0.12.3", "13.0.1"]],
    ["mod_a", ["13.0.1"]],
  ]);
  expect(found[0]?.evidence.map(({ kind }) => kind)).toEqual(["declared", "loaded"]);
});
