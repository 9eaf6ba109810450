import type { Disagreement } from "@prosody-foundry/registry";

/** Disagreements for people: what matters first first, each with what was observed. */
export function renderDisagreements(found: readonly Disagreement[]): string {
  const groups = [...Map.groupBy(found, ({ about }) => about)];
  const parts = groups.map(([about, those]) =>
    [`${about} (${those.length})`, ...those.flatMap(describe), ""].join("\n"),
  );
  return parts.length === 0 ? "README, code and loading agree, as far as they say something.\n" : parts.join("\n");
}

function describe({ module, pinned, releases, verdict, evidence }: Disagreement): string[] {
  return [
    `  ${module}${pinned ? ", pinned" : ""}, on ${releases.join(", ")}: ${verdict}`,
    ...evidence
      .filter(({ says }) => says !== "silent")
      .map(({ kind, says, because }) => `    ${kind.padEnd(8)} ${says.padEnd(8)} ${because}`),
  ];
}
