import { expect, it } from "vitest";
import { narrowTarget } from "./narrow.ts";
import { type PlanRequest, planTargets } from "./plan.ts";
import { debian, imageOf, lockOf, moduleOf, packageLocks, seriesFile, tarball } from "./sample-lock.ts";
import type { Target } from "./target.ts";

const request: PlanRequest = {
  images: [imageOf(["mod_x"])],
  seriesFile,
  lock: lockOf({ mod_x: moduleOf() }),
  packageLocks,
};

function planOne(change: Partial<PlanRequest>): Target {
  const [target] = planTargets({ ...request, ...change });
  if (target === undefined) throw new Error("No target");
  return target;
}

it.each([
  ["13.0", tarball, "linux/amd64"],
  ["13.0", tarball, "linux/arm64"],
  ["0.12", debian, "linux/amd64"],
  ["0.12", debian, "linux/arm64"],
] as const)("a part of %s is what a plan for its platform alone is (%#)", (series, release, platform) => {
  const change = { only: [series], choices: { [series]: release } };
  const part = narrowTarget(planOne(change), platform);
  expect(part).toEqual(planOne({ ...change, platforms: [platform] }));
  expect(part.id).not.toBe(planOne(change).id);
});

it("an input of another platform does not change a part, one of its own or of all does", () => {
  const whole = planOne({ only: ["13.0"] });
  const idWith = (label: string) =>
    narrowTarget({ ...whole, inputs: { ...whole.inputs, [label]: "1" } }, "linux/arm64").id;
  const before = narrowTarget(whole, "linux/arm64").id;
  expect(idWith("package libc6 linux/amd64")).toBe(before);
  expect(idWith("package libc6 linux/arm/v7")).toBe(before);
  expect(idWith("package libc6 linux/arm64")).not.toBe(before);
  expect(idWith("rootfs/linux/armour")).not.toBe(before);
});

it("a target of one platform is its own part, and another platform has none", () => {
  const whole = planOne({ only: ["13.0"], platforms: ["linux/amd64"] });
  expect(narrowTarget(whole, "linux/amd64")).toBe(whole);
  expect(() => narrowTarget(whole, "linux/arm64")).toThrow("not planned");
});
