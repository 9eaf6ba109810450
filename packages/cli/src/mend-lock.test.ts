import { emptyLock, formatLock, type Lock, type LockedModule, type Pin } from "@prosody-foundry/lockfile";
import { describe, expect, it } from "vitest";
import type { PinCheck } from "./check-pins.ts";
import { mendLock, refuseWrong } from "./mend-lock.ts";
import { samplePin } from "./sample-pin.ts";

const pin: Pin = { ...samplePin, date: "2024-01-02", refused: [{ node: "d".repeat(40), because: "broken" }] };
const judgement = { releases: ["13.0.1"], verdict: "works" as const, evidence: [] };
const committed = lockOf({ pins: { "13.0": pin }, judgements: [judgement] });

function lockOf(module: Pick<LockedModule, "pins" | "judgements">): Lock {
  return {
    ...emptyLock(),
    releases: { "13.0.1": { series: "13.0", core: [], features: [] } },
    modules: { mod_x: { source: "upstream", patches: [], hold: false, ...module } },
  };
}

function mend(from: string, to: string, known: Lock = committed) {
  const before = formatLock(committed);
  const text = before.replace(from, to);
  expect(text).not.toBe(before);
  const { lock, emptied, unproven } = mendLock({ text, file: "modules.lock.json", sides: null, committed: known });
  expect(unproven).toEqual(["mod_x"]);
  return { module: lock.modules["mod_x"], emptied };
}

describe("a pin changed by hand", () => {
  it.each([
    ["hosts", '"virtual-host"', '"muc"'],
    ["refused revisions", '"broken"', '"fine"'],
    ["day", "2024-01-02", "2026-01-02"],
    ["revision", '"revision": 1', '"revision": 7'],
  ])("only in its %s is the committed one again, with its verdicts", (_, from, to) => {
    expect(mend(from, to)).toEqual({ module: committed.modules["mod_x"], emptied: [] });
  });

  it.each<[string, string, string, Lock]>([
    ["to other content", "c".repeat(64), "e".repeat(64), committed],
    ["in a dependency", '"depends": []', '"depends": ["mod_y"]', committed],
    ["with nothing committed", '"virtual-host"', '"muc"', emptyLock()],
  ])("%s says nothing that its source cannot confirm", (...[, from, to, known]) => {
    const { module, emptied } = mend(from, to, known);
    expect(module).toMatchObject({ pins: { "13.0": { revision: null, hosts: [], refused: [] } }, judgements: [] });
    expect(emptied).toEqual(["mod_x"]);
  });
});

it.each<[string, PinCheck["result"][], RegExp]>([
  ["unreachable", ["unreachable"], /cannot be checked now:\n {2}mod_x: unreachable/u],
  ["unreachable, with a mirror that has another", ["without", "unreachable"], /cannot be checked now/u],
  ["without the revision", ["without"], /is not what the sources have/u],
  ["of other content, with a mirror out of reach", ["other", "unreachable"], /is not what the sources have/u],
])("a source %s is said to be that", (_, results, sentence) => {
  const checks = results.map((result) => ({ module: "mod_x", node: pin.node, source: "upstream", result, detail: "" }));
  expect(refuseWrong("modules.lock.json", ["mod_x"], checks)).toMatchObject({
    code: "LOCK_CHANGED",
    message: expect.stringMatching(sentence),
  });
});
