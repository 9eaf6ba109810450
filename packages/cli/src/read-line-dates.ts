import { type LineDates, trunkLines } from "@prosody-foundry/compat";
import { isUserError, type Progress } from "@prosody-foundry/kit";
import type { ModuleContent, Source } from "@prosody-foundry/source";

/** A module's content as its source has it at a revision. */
export interface ReadModule {
  node: string;
  content: ModuleContent;
}

/**
 * When the lines of a README that speak of trunk were written. Empty when it has none, or the source has no history;
 * null when the source cannot say it now. Nothing else is asked of the source, and it is not asked for other READMEs.
 */
export async function readLineDates(
  source: Source,
  { node, content }: ReadModule,
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
