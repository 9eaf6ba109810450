import path from "node:path";
import { emptyLock, type Lock, readLock } from "@prosody-foundry/lockfile";
import { beforeAll, describe, expect, it } from "vitest";
import { describeLoss, planUnits, withModules } from "./plan-bump.ts";
import { openContext } from "./read-context.ts";

const root = path.resolve(import.meta.dirname, "../../..");
let lock: Lock;
beforeAll(async () => {
  lock = await readLock(path.join(root, "modules.lock.json"));
});

const unit = (name: string) => ({ lead: name, names: [name] });

const losing = (core: string[]): Lock => {
  const module = { source: "upstream", patches: [], hold: false, judgements: [] };
  const none = { none: "broken" };
  return {
    ...emptyLock(),
    releases: { "13.0.7": { series: "13.0", core, features: [] } },
    modules: { mod_x: { ...module, pins: { "0.12": none, "13.0": none } } },
  };
};

const pinned = (): Lock => {
  const pin = Object.values(lock.modules).flatMap(({ pins }) => pins["13.0"] ?? [])[0];
  const after = losing([]);
  const module = after.modules["mod_x"];
  if (module === undefined || pin === undefined) throw new Error("There is no pin to take");
  return { ...after, modules: { mod_x: { ...module, pins: { "13.0": pin } } } };
};

describe("a module that works no more on a series", () => {
  it("is a loss", () => {
    expect(describeLoss(pinned(), losing([]), { names: ["mod_x"] })).toBe("mod_x would work no more on 13.0: broken");
  });

  it("is none where a release of the series has it itself", () => {
    expect(describeLoss(pinned(), losing(["mod_x"]), { names: ["mod_x"] })).toBeUndefined();
  });
});

describe("when what is committed cannot be planned, and one unit mends that", () => {
  const needed = "mod_muc_limits";
  const planned = async (each: boolean) => {
    const { sources, releases } = lock;
    const before = withModules(lock, { ...emptyLock(), sources, releases }, [needed]);
    const units = [unit("mod_conversejs"), unit(needed)];
    return planUnits(openContext({ root }).context, { before, after: lock, units, each, available: false });
  };

  it("a unit that moves on its own waits for it", async () => {
    const { units, stays } = await planned(true);
    expect(units).toEqual([unit(needed)]);
    expect(stays).toEqual([{ name: "mod_conversejs", because: expect.stringContaining(needed) as unknown }]);
  });

  it("all that move together move", async () => {
    expect(await planned(false)).toEqual({ units: [unit("mod_conversejs"), unit(needed)], stays: [], old: [] });
  });
});
