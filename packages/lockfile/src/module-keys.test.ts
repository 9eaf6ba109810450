import { expect, it } from "vitest";
import { keyFor, keysOf, moduleNameOf } from "./module-keys.ts";
import type { Lock, LockedModule } from "./schema.ts";

const lock: Pick<Lock, "modules"> = {
  modules: {
    "mod_x@jitsi": from("jitsi"),
    mod_x: from("upstream"),
    mod_xy: from("upstream"),
    "mod_z@jitsi": from("jitsi"),
  },
};

it.each([
  ["mod_x", ["mod_x", "mod_x@jitsi"]],
  ["mod_x@upstream", ["mod_x"]],
  ["mod_x@jitsi", ["mod_x@jitsi"]],
  ["mod_x@local", []],
  ["mod_z", ["mod_z@jitsi"]],
  ["mod_none", []],
])("%s means the entries %j", (reference, keys) => {
  expect(keysOf(lock, reference)).toEqual(keys);
});

it.each([
  ["mod_x", "upstream", "mod_x"],
  ["mod_x", "jitsi", "mod_x@jitsi"],
  ["mod_x", "local", "mod_x@local"],
  ["mod_z", "upstream", "mod_z"],
  ["mod_new", "jitsi", "mod_new"],
])("%s of %s stands under %s", (name, source, key) => {
  expect(keyFor(lock, { name, source })).toBe(key);
  expect(moduleNameOf(key)).toBe(name);
});

function from(source: string): LockedModule {
  return { source, patches: [], hold: false, pins: {}, judgements: [] };
}
