import { Evidence, emptyLock, type Judgement, type Lock, type Pin, type Verdict } from "@prosody-foundry/lockfile";
import type { Survey, SurveyedModule } from "./schema.ts";

type Said = `${Evidence["kind"]} ${Evidence["says"]}`;

/** `declared works` → the evidence that says so. */
function evidenceOf(...said: readonly Said[]): Evidence[] {
  return said.map((one) => {
    const [kind, says] = one.split(" ");
    return Evidence.parse({ kind, says, because: `because ${one}`, date: "2026-11-20" });
  });
}

export function judgementOf(verdict: Verdict, releases: readonly string[], ...said: readonly Said[]): Judgement {
  return { releases: [...releases], verdict, evidence: evidenceOf(...said) };
}

interface Changes {
  description?: Partial<SurveyedModule["description"]>;
  facts?: Partial<SurveyedModule["facts"]>;
  options?: string[];
  judgements?: Judgement[];
}

/** A surveyed module of which only what is given matters. */
export function moduleOf({ description, facts, ...rest }: Changes = {}): SurveyedModule {
  return {
    node: "a".repeat(40),
    date: "2025-10-17",
    revision: 3,
    tree: "b".repeat(40),
    integrity: "c".repeat(64),
    options: [],
    loads: [],
    judgements: [],
    ...rest,
    description: {
      summary: null,
      labels: [],
      xeps: [],
      supersededBy: null,
      compatibility: "none",
      unread: [],
      words: "",
      ...description,
    },
    facts: { layout: "standard", licence: "MIT", stage: null, depends: [], optional: [], libraries: {}, ...facts },
  };
}

export function surveyOf(modules: Readonly<Record<string, SurveyedModule>>, source = "prosody-modules"): Survey {
  return {
    surveyVersion: 1,
    source,
    url: "https://hg.example.org/",
    node: "d".repeat(40),
    date: "2025-10-17",
    releases: {
      "0.12.3": { series: "0.12", core: ["mod_muc"], features: ["mod_bookmarks"] },
      "13.0.1": { series: "13.0", core: ["mod_muc", "mod_flags"], features: [] },
    },
    unreadable: { mod_bad: "LUA_SYNTAX: mod_bad/mod_bad.lua:1" },
    modules: { ...modules },
  };
}

/** A lock that has pinned these modules of a source, all alike. */
export function lockOf(keys: readonly string[], changes: Partial<Pin> & { source?: string } = {}): Lock {
  const { source = "prosody-modules", ...pinChanges } = changes;
  const { node, date, revision, tree, integrity, facts } = moduleOf();
  const pin: Pin = { ...facts, node, date, revision, tree, integrity, hosts: [], refused: [], ...pinChanges };
  const entry = {
    source,
    patches: [],
    hold: false,
    pins: { "13.0": pin },
    judgements: [judgementOf("works", ["13.0.1"])],
  };
  return { ...emptyLock(), modules: Object.fromEntries(keys.map((key) => [key, entry])) };
}
