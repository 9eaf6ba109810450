import * as fc from "fast-check";
import { expect, it } from "vitest";
import { arbitraryLock } from "./arbitrary-lock.ts";
import { diffLocks, formatDiff } from "./diff.ts";
import { formatLock } from "./format.ts";
import { samplePin as old } from "./sample-pin.ts";
import { type Judgement, type Lock, type LockedModule, type Pin, emptyLock } from "./schema.ts";

const fresh: Pin = { ...old, node: "d".repeat(40), date: "2025-03-04", revision: 2, integrity: "e".repeat(64) };
const judged = (verdict: Judgement["verdict"]): Judgement[] => [{ releases: ["13.0.1"], verdict, evidence: [] }];

function lockOf(modules: Record<string, Partial<LockedModule>>): Lock {
  const plain = { source: "prosody-modules", patches: [], hold: false, pins: {}, judgements: [] };
  const whole = Object.entries(modules).map(([name, module]) => [name, { ...plain, ...module }]);
  return { ...emptyLock(), modules: Object.fromEntries(whole) };
}

it.each([
  [
    "an added module",
    lockOf({}),
    lockOf({ mod_x: { pins: { "0.12": old, "13.0": old } } }),
    ["+ mod_x", "    0.12, 13.0: aaaaaaaaaaaa of 2024-01-02"],
  ],
  [
    "a removed module",
    lockOf({ mod_x: { pins: { "13.0": old } } }),
    lockOf({}),
    ["- mod_x", "    13.0: aaaaaaaaaaaa of 2024-01-02 → no pin"],
  ],
  [
    "a pin moved on one series",
    lockOf({ mod_x: { pins: { "0.12": old, "13.0": old } } }),
    lockOf({ mod_x: { pins: { "0.12": old, "13.0": fresh } } }),
    ["~ mod_x", "    13.0: aaaaaaaaaaaa of 2024-01-02 → dddddddddddd of 2025-03-04"],
  ],
  [
    "a pin lost",
    lockOf({ mod_x: { pins: { "0.12": old } } }),
    lockOf({ mod_x: { pins: { "0.12": { none: "needs 13.0" } } } }),
    ["~ mod_x", "    0.12: aaaaaaaaaaaa of 2024-01-02 → none (needs 13.0)"],
  ],
  [
    "a verdict that fell",
    lockOf({ mod_x: { judgements: judged("works") } }),
    lockOf({ mod_x: { judgements: judged("broken") } }),
    ["~ mod_x", "    on 13.0.1: works → broken"],
  ],
  ["a hold", lockOf({ mod_x: {} }), lockOf({ mod_x: { hold: true } }), ["~ mod_x", "    hold"]],
  [
    "a release's own list",
    emptyLock(),
    { ...emptyLock(), releases: { "13.0.1": { series: "13.0" as const, core: [], features: [] } } },
    ["~ release 13.0.1"],
  ],
])("%s is one entry, and lines people can read", (...row) => {
  const [, before, after, lines] = row;
  const text = formatDiff(diffLocks(before, after));
  expect(text).toBe(`${lines.join("\n")}\n`);
});

it("a lock does not differ from itself, and differs from each lock written differently", () => {
  fc.assert(
    fc.property(arbitraryLock, arbitraryLock, (a, b) => {
      expect(formatDiff(diffLocks(a, structuredClone(a)))).toBe("");
      const differs = formatDiff(diffLocks(a, b)) !== "";
      expect(differs || formatLock(a) === formatLock(b)).toBe(true);
    }),
  );
});
