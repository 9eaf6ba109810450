import { type LineDates, trunkLines } from "@prosody-foundry/compat";
import type { Evidence, LockedModule, Pin } from "@prosody-foundry/lockfile";
import { isUserError, type Progress } from "@prosody-foundry/kit";
import type { Source } from "@prosody-foundry/source";
import type { Candidate } from "./candidates.ts";

export interface Pinned {
  source: { tree: Source };
  module: Pick<LockedModule, "judgements">;
  pin: Pick<Pin, "tree">;
}

/**
 * A pinned candidate with what tells the age of its README. While its source cannot be asked, or the content came from a
 * mirror with another README, what the README says stays as the lock has it: it was dated when it could be.
 */
export async function dateReadme(candidate: Candidate, pinned: Pinned, progress: Progress): Promise<Candidate> {
  const isPinned = candidate.tree === pinned.pin.tree;
  const lineDates = isPinned ? await readLineDates(pinned.source.tree, candidate, progress) : null;
  return lineDates === null ? { ...candidate, declared: declaredIn(pinned.module) } : { ...candidate, lineDates };
}

function declaredIn({ judgements }: Pinned["module"]): Map<string, Evidence[]> {
  const found = judgements.flatMap(({ releases, evidence }) => {
    const declared = evidence.filter(({ kind }) => kind === "declared");
    return declared.length === 0 ? [] : releases.map((release) => [release, declared] as const);
  });
  return new Map(found);
}

/**
 * When the lines of a README that speak of trunk were written. Empty when it has none, or the source has no history;
 * null when the source cannot say it now. Nothing else is asked of the source, and it is not asked for other READMEs.
 */
export async function readLineDates(
  source: Source,
  { node, content }: Pick<Candidate, "node" | "content">,
  progress: Progress,
): Promise<LineDates | null> {
  const wanted = trunkLines(content);
  if (wanted === null) return new Map();
  progress(`Looking up since when ${content.name}/${wanted.path} speaks of trunk`);
  try {
    const dates = await source.readLineDates(node, content.name, wanted.path);
    return new Map(
      wanted.lines.flatMap((line) => {
        const day = dates?.[line - 1];
        return day === undefined ? [] : [[line, day] as const];
      }),
    );
  } catch (error) {
    if (!cannotSay(error)) throw error;
    progress(`Not known: ${error.message}`);
    return null;
  }
}

// Content may come from a mirror when the source itself is down, has annotations turned off, or has other commits.
function cannotSay(error: unknown): error is Error {
  const lacking = ["HGWEB_LACKING", "HG_MISSING", "GIT_MISSING"];
  return isUserError(error, "SOURCE_UNREACHABLE", "REVISION_UNKNOWN", "MODULE_UNKNOWN", "FILE_UNKNOWN", ...lacking);
}
