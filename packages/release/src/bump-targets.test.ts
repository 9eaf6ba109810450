import type { ShippedModule, Target } from "@prosody-foundry/images";
import { describe, expect, it } from "vitest";
import { changedTargets, rebuiltTarget } from "./bump-targets.ts";

function targetOf(inputs: Record<string, string>, buckets: Record<string, number> = {}): Target {
  const modules = Object.entries(buckets).map(([name, bucket]): ShippedModule => {
    const hashes = { node: "1".repeat(40), tree: "2".repeat(40), integrity: "a".repeat(64) };
    return { name, source: "x", ...hashes, verdict: "works", judgedOn: "13.0.7", reason: "required", bucket };
  });
  return {
    name: "prosody-13-0",
    image: "prosody",
    variant: "",
    title: "Prosody",
    description: "",
    series: "13.0",
    release: { kind: "debian", version: "13.0.1-1", suite: "trixie", package: "prosody", sha256: {} },
    platforms: ["linux/amd64"],
    epoch: 0,
    packages: [],
    debs: {
      root: {},
      dev: {},
      build: {},
      snapshots: { root: "2026-09-12T00:00:00Z", dev: "2026-09-12T00:00:00Z", build: "2026-09-13T00:00:00Z" },
    },
    modules,
    unshipped: [],
    inputs,
    id: JSON.stringify(inputs),
  };
}

const before = targetOf({ packages: "lua", "module mod_a": "1", "module mod_b": "1" }, { mod_a: 3, mod_b: 5 });

describe("targets of two plans", () => {
  it("are left out where they are the same", () => {
    expect(changedTargets([before], [before])).toEqual([]);
  });

  it.each([
    ["a module", { "module mod_b": "2" }, { modules: ["mod_b"], buckets: [5], others: [] }],
    ["a patch", { "patch mod_a 0 x.patch": "1" }, { modules: ["mod_a"], buckets: [3], others: [] }],
    ["a setting", { "modules.lua": "2" }, { modules: [], buckets: [], configuration: true, others: [] }],
    ["packages", { packages: "lua lua-ossl" }, { modules: [], buckets: [], others: ["packages"] }],
  ])("tell what differs: %s", (_, inputs, expected) => {
    const after = targetOf({ ...before.inputs, ...inputs }, { mod_a: 3, mod_b: 5 });
    expect(changedTargets([before], [after])).toMatchObject([{ before: before.id, configuration: false, ...expected }]);
  });

  it("tell of a module that is gone by the layer it was in", () => {
    const after = targetOf({ packages: "lua", "module mod_a": "1" }, { mod_a: 3 });
    expect(changedTargets([before], [after])).toMatchObject([{ modules: ["mod_b"], buckets: [5] }]);
  });

  it("are new where the older plan has none of that name", () => {
    expect(changedTargets([], [before])).toMatchObject([{ before: null, buckets: [3, 5], others: ["everything"] }]);
  });
});

it("a rebuilt target has the size of each layer that somebody pulls", () => {
  const after = targetOf({ ...before.inputs, "module mod_a": "2", packages: "" }, { mod_a: 3, mod_b: 5 });
  const [changed] = changedTargets([before], [after]);
  if (changed === undefined) throw new Error("Nothing changed");
  const sizes = { buckets: new Map([[3, 1234]]), configuration: 99 };
  expect(rebuiltTarget(changed, sizes)).toMatchObject({
    release: "13.0.1",
    after: after.id,
    layers: [
      { name: "packages", bytes: null },
      { name: "modules b3", bytes: 1234 },
    ],
  });
});
