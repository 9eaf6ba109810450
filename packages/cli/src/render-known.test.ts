import type { Judgement, Lock, LockedModule, Pin } from "@prosody-foundry/lockfile";
import type { KnownModule, SurveyedModule } from "@prosody-foundry/registry";
import { describe, expect, it } from "vitest";
import { renderKnown, usersOf } from "./render-known.ts";

const releases: Lock["releases"] = {
  "0.12.3": { series: "0.12", core: [], features: [] },
  "13.0.1": { series: "13.0", core: [], features: [] },
  "13.0.7": { series: "13.0", core: [], features: [] },
};
const around = { users: { neededBy: [], usedBy: [] }, releases };

const judgement = (because: string, ...on: string[]): Judgement => ({
  releases: on,
  verdict: "loads",
  evidence: [{ kind: "loaded", says: "loads", because, date: "2026-11-20" }],
});

const facts = {
  layout: "standard",
  licence: "MIT",
  stage: "beta",
  depends: ["mod_b"],
  optional: [],
  libraries: {},
} as const;
const surveyed: SurveyedModule = {
  node: "a".repeat(40),
  date: "2026-11-01",
  revision: 7,
  tree: "b".repeat(40),
  integrity: "c".repeat(64),
  facts: { ...facts, depends: [...facts.depends], optional: [] },
  description: {
    summary: "Wobbles",
    labels: ["Stage-Beta"],
    xeps: ["0363"],
    supersededBy: "mod_steady",
    compatibility: "none",
    unread: [],
    words: "",
  },
  options: ["wobble_width"],
  loads: [
    { releases: ["0.12.3", "13.0.1"], hosts: ["muc"], log: ["warn wobble: mind the gap"] },
    { releases: ["13.0.7"], hosts: ["pubsub"], log: [] },
  ],
  judgements: [judgement("it loads", "0.12.3", "13.0.1", "13.0.7")],
};
const pin: Pin = {
  ...surveyed.facts,
  node: "d".repeat(40),
  date: "2026-10-01",
  revision: 6,
  tree: "e".repeat(40),
  integrity: "f".repeat(64),
  hosts: ["muc"],
  refused: [{ node: "f".repeat(40), because: "broken on 13.0.7: no more" }],
};
const locked: LockedModule = {
  source: "prosody-modules",
  patches: [{ file: "0001-fix.patch", sha256: "9".repeat(64) }],
  hold: true,
  pins: { "0.12": { none: "broken on 0.12.3: too old" }, "13.0": pin, trunk: pin },
  judgements: [judgement("it loads here", "13.0.1", "13.0.7"), judgement("never", "0.12.3")],
};

const known = (change: Partial<KnownModule>): KnownModule => ({
  key: "mod_wobble",
  name: "mod_wobble",
  source: "prosody-modules",
  pinned: null,
  surveyed,
  ...change,
});

describe("everything known", () => {
  it("of a module that is not pinned is the survey, and how to pin it", () => {
    const text = renderKnown(known({}), around);
    expect(text).toMatch(
      /^mod_wobble, from prosody-modules\nWobbles\n\n {2}surveyed +a{40} of 2026-11-01, 7 changesets\n/u,
    );
    for (const [label, value] of [
      ["labels", "Stage-Beta"],
      ["XEPs", "XEP-0363"],
      ["superseded", "by mod_steady"],
      ["needs", "mod_b"],
      ["options", "wobble_width"],
    ])
      expect(text).toMatch(new RegExp(`^  ${label} +${value}$`, "mu"));
    expect(text).toContain("It is not pinned: `foundry module add mod_wobble` would do that.");
    expect(text).toMatch(
      /^0\.12, as surveyed:\n {2}Prosody 0\.12\.3: loads\n.*\n {4}hosts +muc\n {4}log +warn wobble: mind/mu,
    );
  });

  it("says on which of a series' releases it loaded where, when they differ", () => {
    const text = renderKnown(known({}), around);
    expect(text).toMatch(
      /^ {4}hosts +muc \(13\.0\.1\)\n {4}log +warn wobble: mind the gap \(13\.0\.1\)\n {4}hosts +pubsub \(13\.0\.7\)$/mu,
    );
  });

  it("of a pinned module is the lock's, series with the same pin together, and what was surveyed since", () => {
    const text = renderKnown(known({ pinned: locked }), around);
    expect(text).toContain("A newer revision than that pinned was surveyed: `foundry module diff mod_wobble`.");
    expect(text).toContain("held: ");
    expect(text).toContain("patched by 0001-fix.patch (999999999999)");
    expect(text).toMatch(/^0\.12: no pin\. broken on 0\.12\.3: too old\n {2}Prosody 0\.12\.3: loads$/mu);
    expect(text).toMatch(/^13\.0, trunk: pinned\n {2}revision +d{40} of 2026-10-01, 6 changesets$/mu);
    expect(text).toMatch(/^ {2}refused +f{40}: broken on 13\.0\.7: no more\n {2}Prosody 13\.0\.1, 13\.0\.7: loads$/mu);
    expect(text).toContain("13.0, as surveyed:");
  });

  it("is no news where the surveyed revision was refused", () => {
    const refused = [{ node: surveyed.node, because: "broken on 13.0.7" }];
    const text = renderKnown(known({ pinned: { ...locked, pins: { "13.0": { ...pin, refused } } } }), around);
    expect(text).not.toContain("A newer revision");
    expect(text).toContain("13.0, as surveyed:");
  });

  it("is said once where the pin is what was surveyed", () => {
    const same = { ...pin, tree: surveyed.tree };
    const text = renderKnown(known({ pinned: { ...locked, pins: { "13.0": same } } }), around);
    expect(text).not.toContain("13.0, as surveyed:");
    expect(text).not.toContain("A newer revision");
  });
});

it("knows who needs a module and who uses it, be it by a pin or a survey", () => {
  const other = (name: string, depends: string[], optional: string[]): KnownModule => ({
    ...known({}),
    key: name,
    name,
    surveyed: { ...surveyed, facts: { ...surveyed.facts, depends, optional } },
  });
  const all = [
    other("mod_a", ["mod_wobble"], []),
    other("mod_b", [], ["mod_wobble"]),
    other("mod_c", ["mod_b"], []),
    known({
      key: "mod_d",
      name: "mod_d",
      surveyed: null,
      pinned: { ...locked, pins: { trunk: { ...pin, depends: ["mod_wobble"] } } },
    }),
  ];
  expect(usersOf(known({}), all)).toEqual({ neededBy: ["mod_a", "mod_d"], usedBy: ["mod_b"] });
});
