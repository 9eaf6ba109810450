import type { Evidence } from "@prosody-foundry/lockfile";
import type { ModuleContent } from "@prosody-foundry/source";
import { layoutOf } from "./layout.ts";
import type { JudgedRelease } from "./release.ts";

/**
 * Whether the name is the release's own: `core` when it has a module of that name, which the community's would shadow
 * without a word; `tombstone` when no code is left. Both can hold; nothing when neither does.
 */
export function coreEvidence(content: ModuleContent, release: JudgedRelease, date: string): Evidence[] {
  const evidence: Evidence[] = [];
  if (layoutOf(content) === "tombstone") {
    evidence.push({ kind: "core", says: "tombstone", because: "Upstream has left no code under this name", date });
  }
  if (release.core.includes(content.name)) {
    evidence.push({ kind: "core", says: "core", because: `Prosody has a ${content.name} of its own`, date });
  }
  return evidence;
}
