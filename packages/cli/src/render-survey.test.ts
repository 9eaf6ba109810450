import { describe, expect, it } from "vitest";
import { renderDisagreements } from "./render-disagreements.ts";
import { renderSummary } from "./render-survey.ts";

const summary = {
  source: "prosody-modules",
  node: "a".repeat(40),
  date: "2026-11-20",
  modules: 3,
  written: true,
  verdicts: { "0.12.3": { works: 2, broken: 1 }, "13.0.1": { works: 3 } },
  sections: { found: 40, parsed: 39, unread: { mod_x: ["line 12: Tested with love"] } },
  unreadable: { mod_bad: "LUA_SYNTAX: mod_bad.lua:1" },
};

describe("the summary of a survey", () => {
  it("counts verdicts on each release, and reports what could not be read", () => {
    const text = renderSummary(summary);
    expect(text).toMatch(/^prosody-modules at a{12} of 2026-11-20: 3 modules$/mu);
    expect(text).toMatch(/^works +2 +3$/mu);
    expect(text).toMatch(/^broken +1 +0$/mu);
    expect(text).toContain(
      "Compatibility section: 40, read: 39 (97.5 %); not understood:\n  mod_x, line 12: Tested with love\n",
    );
    expect(text).toContain("Could not be read:\n  mod_bad: LUA_SYNTAX: mod_bad.lua:1\n");
    expect(text).toMatch(/The survey was written\.\n$/u);
  });

  it("says nothing of what there is not", () => {
    const sections = { found: 0, parsed: 0, unread: {} };
    const text = renderSummary({ ...summary, sections, unreadable: {}, written: false });
    expect(text).toContain("Compatibility section: 0, read: 0\n");
    expect(text).not.toContain("Could not be read");
    expect(text).toMatch(/Nothing was written\.\n$/u);
  });
});

it("disagreements stand under what they are about, with what was observed", () => {
  const evidence = [
    { kind: "declared", says: "works", because: "The README says “13.0: Works”", date: "2025-01-01" },
    { kind: "loaded", says: "broken", because: "no luck", date: "2026-11-20" },
    { kind: "static", says: "silent", because: "nobody looked", date: "2026-11-20" },
  ] as const;
  const about = "The README says it works; it does not load";
  const one = { about, source: "prosody-modules", verdict: "broken", evidence: [...evidence] } as const;
  const text = renderDisagreements([
    { ...one, evidence: [...evidence], module: "mod_a", pinned: true, releases: ["13.0.1", "13.0.7"] },
    { ...one, evidence: [...evidence], module: "mod_b", pinned: false, releases: ["13.0.1"] },
  ]);
  expect(text).toMatch(
    /^The README says it works; it does not load \(2\)\n {2}mod_a, pinned, on 13\.0\.1, 13\.0\.7: broken\n/u,
  );
  expect(text).toMatch(
    /^ {2}mod_b, on 13\.0\.1: broken\n {4}declared works +The README says “13\.0: Works”\n {4}loaded +broken +no luck\n/mu,
  );
  expect(text).not.toContain("nobody looked");
});
