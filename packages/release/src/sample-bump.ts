import type { Pin } from "@prosody-foundry/lockfile";
import type { BumpContent, BumpedModule, Delta, ModuleDiff } from "./bump.ts";

const none: Delta = { added: [], removed: [] };

/** A module that moved on two series, by one changeset of one line. */
export function bumpedModuleOf(name: string, changes: Partial<BumpedModule> = {}): BumpedModule {
  const from = { node: "1".repeat(40), date: "2025-01-02", revision: 3, integrity: "a".repeat(64) };
  const to = { node: "2".repeat(40), date: "2025-10-17", revision: 4, integrity: "b".repeat(64) };
  return {
    name,
    source: "prosody-modules",
    link: "https://hg.example.org/modules/rev/{node}",
    series: [
      { series: "0.12", from, to, release: "0.12.5", before: "works", after: "works", refused: [] },
      { series: "13.0", from, to, release: "13.0.7", before: "works", after: "doubtful", refused: [] },
    ],
    commits: [
      {
        node: "2".repeat(40),
        date: "2025-10-17T10:00:00.000Z",
        author: "Somebody <somebody@example.org>",
        subject: `${name}: Greet`,
      },
    ],
    diffs: [{ series: ["0.12", "13.0"], files: [fileDiffOf(`${name}.lua`, "+hello\n")] }],
    changes: { stage: none, licence: none, needs: none, uses: none, libraries: none, options: none },
    verdicts: [],
    bytes: 12_345,
    ...changes,
  };
}

export function fileDiffOf(path: string, lines: string): ModuleDiff["files"][number] {
  const added = lines.split("\n").length - 1;
  const patch = `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ -1,0 +1,${added} @@\n${lines}`;
  return { path, added, removed: 0, binary: false, patch };
}

export function contentOf(modules: BumpedModule[], changes: Partial<BumpContent> = {}): BumpContent {
  const target = {
    name: "prosody-13-0",
    image: "prosody",
    series: "13.0" as const,
    release: "13.0.7",
    before: "c".repeat(64),
    after: "d".repeat(64),
    modules: modules.map(({ name }) => name),
    layers: [{ name: "modules b3", bytes: 12_345 }],
  };
  return { modules, stays: [], targets: [target], ...changes };
}

/** A pin of nothing in particular. */
export const samplePin: Pin = {
  layout: "standard",
  licence: "MIT",
  stage: "beta",
  depends: [],
  optional: [],
  libraries: {},
  node: "1".repeat(40),
  date: "2025-01-02",
  revision: 3,
  tree: "f".repeat(40),
  integrity: "a".repeat(64),
  hosts: ["virtual-host"],
  refused: [],
};
