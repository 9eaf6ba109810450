import { sha256 } from "@prosody-foundry/kit";
import { formatLock, type Lock } from "@prosody-foundry/lockfile";
import { type BumpContent, type BumpedModule, isMoved, movesOf, titleOf } from "./bump.ts";
import { capped, code } from "./bump-text.ts";

/**
 * What the names of all changesets begin with that describe the way from one lock to another: who bumps again before
 * that lock is replaced describes the same way anew, and takes the place of the older ones.
 */
export function changesetPrefix(before: Lock): string {
  return `bump-${sha256(formatLock(before)).slice(0, 12)}-`;
}

/** A changeset's file: a patch for each of the images' packages, with what moved and upstream's changes. */
export function changesetText(packages: readonly string[], content: BumpContent, lead: string | null): string {
  const releases = packages.map((name) => `${JSON.stringify(name)}: patch\n`).join("");
  const items = content.modules.filter((module) => module.series.some(isMoved)).flatMap(describeModule);
  return `---\n${releases}---\n\n${titleOf(content, lead)}\n\n${items.map((item) => `${item}\n`).join("")}`;
}

function describeModule(module: BumpedModule): string[] {
  const commits = (module.commits ?? []).map(({ node, subject }) => `${node.slice(0, 12)} ${code(subject)}`);
  return [...describeMoves(module), ...capped(commits).map((line) => `  - ${line}`)];
}

function describeMoves({ name, series }: BumpedModule): string[] {
  return movesOf(series).map(([move, on]) => `- ${name} on ${on.map((one) => one.series).join(", ")}: ${move}`);
}
