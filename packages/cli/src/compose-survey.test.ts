import { runCommand, silent } from "@prosody-foundry/kit";
import { makeContent, openSource } from "@prosody-foundry/source";
import { describe, expect, it } from "vitest";
import { candidateOf } from "./candidates.ts";
import { composeSurvey, type Sweep } from "./compose-survey.ts";
import type { Finding } from "./judge-candidates.ts";
import type { OpenRelease } from "./open-releases.ts";

const locked = { kind: "hg", url: "https://hg.example.org/", folder: "", debian: [], licence: "MIT" } as const;
// Nothing is read from it here.
const tree = openSource(
  { name: "prosody-modules", ...locked },
  {
    root: "/",
    cacheDir: "/nonexistent",
    exec: runCommand,
    fetch,
    env: {},
    progress: silent,
    mirrors: {},
    offline: true,
    fetchDebian: () => Promise.reject(new Error("no Debian here")),
  },
);
const source = { name: "prosody-modules", locked: { ...locked, debian: [] }, tree, all: [] };
const revision = { node: "a".repeat(40), date: "2026-11-20T12:00:00.000Z" };

function readmeOf(words: string): string {
  return `---\nlabels: [Stage-Beta]\nsummary: Wobbles\n...\n\n# Introduction\n\n${words}\n\n# Compatibility\n\n13.0  Works\n`;
}

function candidateWith(words: string) {
  const files = [
    ["README.md", readmeOf(words)],
    ["mod_wobble.lua", 'local width = module:get_option_number("wobble_width", 3);\n'],
  ] as const;
  const made = files.map(([path, text]) => ({ path, executable: false, bytes: Buffer.from(text) }));
  const origin = { source, node: "b".repeat(40), date: "2026-11-01", revision: 7 };
  return candidateOf(makeContent("mod_wobble", made), origin);
}

function release(version: string, series: "0.12" | "13.0"): OpenRelease {
  const offer = { version, core: [], features: [], libraries: {}, moduleApi: [], globals: [], lua: [] };
  return { version, series, image: "none", surface: offer, locked: { series, core: [], features: [] } };
}

const old = release("0.12.3", "0.12");
const recent = release("13.0.1", "13.0");

interface Found {
  words?: string;
  releases?: OpenRelease[];
  date?: string;
  log?: string[];
}

function sweepOf({ words = "An effect", releases = [old, recent], date = "2026-11-20", log = [] }: Found = {}): Sweep {
  const findings = releases.map(({ version }): Finding => {
    const because = "it complains: out of order";
    const evidence = [{ kind: "loaded", says: "doubtful", because, date } as const];
    return { release: version, verdict: "doubtful", evidence, hosts: ["muc"], log };
  });
  const candidates = new Map([["mod_wobble", candidateWith(words)]]);
  return {
    tree: { source, revision, candidates, unreadable: { mod_bad: "LUA_SYNTAX: mod_bad" } },
    releases,
    findings: new Map([["mod_wobble", findings]]),
    declared: new Set(["0.12.3", "13.0.1"]),
  };
}

const wobble = (sweep: Sweep, before?: ReturnType<typeof composeSurvey>) =>
  composeSurvey(sweep, before).modules["mod_wobble"];

describe("a survey out of a sweep", () => {
  it("says what each module is, what it says of itself and what was found", () => {
    const survey = composeSurvey(sweepOf(), undefined);
    expect(survey).toMatchObject({ source: "prosody-modules", node: revision.node, date: "2026-11-20" });
    expect(survey.unreadable).toEqual({ mod_bad: "LUA_SYNTAX: mod_bad" });
    expect(Object.keys(survey.releases)).toEqual(["0.12.3", "13.0.1"]);
    expect(survey.modules["mod_wobble"]).toMatchObject({
      node: "b".repeat(40),
      revision: 7,
      description: { summary: "Wobbles", labels: ["Stage-Beta"], compatibility: "parsed", words: "effect" },
      facts: { stage: "beta", licence: "MIT" },
      options: ["wobble_width"],
      loads: [{ releases: ["0.12.3", "13.0.1"], hosts: ["muc"], log: [] }],
    });
  });

  it.each([
    ["the same day as before", {}, "2026-11-20"],
    ["another day", { date: "2026-12-24" }, "2026-11-20"],
    ["another day, of other content", { date: "2026-12-24", words: "Another effect" }, "2026-11-20"],
  ])("an observation made again on %s keeps its first day", (_what, found, day) => {
    const before = composeSurvey(sweepOf(), undefined);
    const dates = wobble(sweepOf(found), before)?.judgements.flatMap(({ evidence }) =>
      evidence.map(({ date }) => date),
    );
    expect(dates).toEqual([day, day]);
  });

  it.each([
    ["stays where the module is the same", {}, ["0.12.3", "13.0.1"]],
    ["goes where it is another", { words: "Another effect" }, ["13.0.1"]],
  ])("what is known of a release that could not be had %s", (_what, found, expected) => {
    const before = composeSurvey(sweepOf(), undefined);
    const module = wobble(sweepOf({ releases: [recent], ...found }), before);
    expect(module?.judgements.flatMap(({ releases }) => releases).toSorted()).toEqual(expected);
    expect(module?.loads.flatMap(({ releases }) => releases).toSorted()).toEqual(expected);
  });

  it("forgets releases that are declared no more", () => {
    const before = composeSurvey(sweepOf(), undefined);
    const sweep = { ...sweepOf({ releases: [recent] }), declared: new Set(["13.0.1"]) };
    const after = composeSurvey(sweep, before);
    expect(Object.keys(after.releases)).toEqual(["13.0.1"]);
    expect(after.modules["mod_wobble"]?.judgements.map(({ releases }) => releases)).toEqual([["13.0.1"]]);
  });

  it("keeps what the log says beyond the reason, whatever the host, in few and short lines", () => {
    const log = [
      "error muc.test:wobble: out of order",
      "warn muc.test:wobble: mind the gap",
      "warn pubsub.test:wobble: mind the gap",
      "warn mod_wobble: a hook took 0.68s and 4711 bytes",
      "error modulemanager: Error initializing module 'wobble' on 'component.test': no room",
      `warn mod_wobble: ${"x".repeat(500)}`,
      "warn mod_wobble: one too many",
    ];
    const kept = wobble(sweepOf({ log }))?.loads[0]?.log;
    expect(kept).toEqual([
      "warn wobble: mind the gap",
      "error modulemanager: Error initializing module 'wobble': no room",
      `warn mod_wobble: ${"x".repeat(142)}…`,
    ]);
  });
});
