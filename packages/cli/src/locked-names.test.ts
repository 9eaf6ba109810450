import { emptyLock, type Lock, type LockedModule } from "@prosody-foundry/lockfile";
import { expect, it } from "vitest";
import { lockedNames } from "./locked-names.ts";

const of = (source: string): LockedModule => ({ source, patches: [], hold: false, pins: {}, judgements: [] });
const lock: Lock = {
  ...emptyLock(),
  modules: { mod_x: of("upstream"), "mod_x@jitsi": of("jitsi"), mod_y: of("upstream") },
};

it.each([
  [[], ["mod_x", "mod_x@jitsi", "mod_y"]],
  [["y"], ["mod_y"]],
  [["x@jitsi"], ["mod_x@jitsi"]],
  [
    ["mod_x@upstream", "mod_y"],
    ["mod_x", "mod_y"],
  ],
])("the words %j name the entries %j", (words, keys) => {
  expect(lockedNames(lock, words)).toEqual(keys);
});

it.each([
  ["x", "MODULE_AMBIGUOUS", "Write mod_x@upstream or mod_x@jitsi."],
  ["yy", "MODULE_NOT_LOCKED", "Did you mean mod_y?"],
  ["x@jitsy", "MODULE_NOT_LOCKED", "Did you mean mod_x@jitsi?"],
  ["x y", "MODULE_NAME", "Letters, digits"],
])("the word %s is refused with %s and what to write", (word, code, hint) => {
  expect(() => lockedNames(lock, [word])).toThrow(
    expect.objectContaining({ code, hint: expect.stringContaining(hint) }),
  );
});
