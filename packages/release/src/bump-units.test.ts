import { emptyLock, type Lock, type LockedModule, type Pin } from "@prosody-foundry/lockfile";
import { expect, it } from "vitest";
import { bumpUnits } from "./bump-units.ts";
import { samplePin } from "./sample-bump.ts";

/** Each module with those it needs on 13.0. */
function lockOf(needs: Readonly<Record<string, string[]>>): Lock {
  const entries = Object.entries(needs).map(([name, depends]): [string, LockedModule] => {
    const pin: Pin = { ...samplePin, depends };
    return [name, { source: "prosody-modules", patches: [], hold: false, pins: { "13.0": pin }, judgements: [] }];
  });
  return { ...emptyLock(), modules: Object.fromEntries(entries) };
}

const lock = lockOf({
  mod_a: ["mod_lib"],
  mod_b: ["mod_lib", "mod_roster"],
  mod_lib: [],
  mod_alone: [],
  "mod_twin@jitsi": ["mod_alone"],
  mod_ring: ["mod_round"],
  mod_round: ["mod_ring"],
});

it.each([
  [["mod_alone"], [{ lead: "mod_alone", names: ["mod_alone"] }]],
  [["mod_lib", "mod_a"], [{ lead: "mod_a", names: ["mod_a", "mod_lib"] }]],
  [["mod_lib", "mod_b", "mod_a"], [{ lead: "mod_a", names: ["mod_a", "mod_b", "mod_lib"] }]],
  [
    ["mod_b", "mod_a"],
    [
      { lead: "mod_a", names: ["mod_a"] },
      { lead: "mod_b", names: ["mod_b"] },
    ],
  ],
  [["mod_alone", "mod_twin@jitsi"], [{ lead: "mod_twin@jitsi", names: ["mod_alone", "mod_twin@jitsi"] }]],
  [["mod_round", "mod_ring"], [{ lead: "mod_ring", names: ["mod_ring", "mod_round"] }]],
  [[], []],
])("%j moves as %j", (changed, units) => {
  expect(bumpUnits([lock], changed)).toEqual(units);
});

it("what was needed until now counts too", () => {
  const free = lockOf({ mod_a: [], mod_lib: [] });
  expect(bumpUnits([free], ["mod_a", "mod_lib"])).toHaveLength(2);
  expect(bumpUnits([lock, free], ["mod_a", "mod_lib"])).toHaveLength(1);
});
