import { expect, it } from "vitest";
import type { KindOutcome } from "./load-judge.ts";
import { summariseLoad } from "./load-summary.ts";

const date = "2026-11-20";

function outcome(
  kind: KindOutcome["kind"],
  says: KindOutcome["says"],
  changes: Partial<KindOutcome> = {},
): KindOutcome {
  return { kind, says, because: says, at: says === "broken" ? [] : [kind], cause: "itself", ...changes };
}

it.each<[string, KindOutcome[], { says: string; because: string; hosts: string[] }]>([
  [
    "the best kind of host counts",
    [outcome("virtual-host", "broken"), outcome("muc", "loads"), outcome("pubsub", "doubtful")],
    { says: "loads", because: "it loads on muc, pubsub", hosts: ["muc", "pubsub"] },
  ],
  [
    "the worst of what one kind showed counts: with statistics and without",
    [outcome("muc", "loads"), outcome("muc", "broken", { because: "ends" })],
    { says: "broken", because: "ends", hosts: [] },
  ],
  [
    "a module that leaves its host is global",
    [outcome("muc", "loads", { at: ["global"] }), outcome("pubsub", "loads", { at: ["pubsub", "global"] })],
    { says: "loads", because: "it loads on pubsub, global", hosts: ["pubsub", "global"] },
  ],
  [
    "a complaint outranks a failure elsewhere",
    [outcome("muc", "doubtful", { because: "hm" }), outcome("pubsub", "broken")],
    { says: "doubtful", because: "hm", hosts: ["muc"] },
  ],
  [
    "different reasons are all told",
    [
      outcome("virtual-host", "broken", { because: "a" }),
      outcome("muc", "broken", { because: "b" }),
      outcome("pubsub", "broken", { because: "b" }),
    ],
    { says: "broken", because: "on virtual-host: a; on muc, pubsub: b", hosts: [] },
  ],
])("%s", (_what, outcomes, { hosts, ...evidence }) => {
  expect(summariseLoad(outcomes, date)).toEqual({ evidence: { kind: "loaded", date, ...evidence }, hosts });
});

it("names the options that were set for it", () => {
  const { evidence } = summariseLoad([outcome("muc", "loads")], date, ["tos_version"]);
  expect(evidence.because).toBe("it loads on muc, with tos_version set");
});
