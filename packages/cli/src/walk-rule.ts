/** Why a content of a module is no pin. */
export interface Failure {
  node: string;
  date: string;
  because: string;
  /**
   * `header`: upstream's own `--%` lines refuse the release. `release`: it lacks something of Prosody's that the content
   * asks for; an older one may not ask for it.
   */
  cause: "header" | "release" | "other";
}

/** So many contents running that fail for one reason end a walk. */
const sameReasons = 5;
/** Nobody waits for more; the longest history upstream has is shorter. */
const mostContents = 400;

/**
 * Why a walk is to end, undefined while it may go on. What upstream's header refuses is never gone behind. What a release lacks can be what a module asks for since lately,
 * so that is walked to the end of the history. Any other reason (a Lua library, a service, a setting) that five contents
 * running have in common, but for line numbers, will be that of the rest too.
 */
export function endOfWalk(failures: readonly Failure[]): string | undefined {
  // Prosody would load what upstream had before those lines, against upstream's word.
  if (failures.at(-1)?.cause === "header") return "older revisions are not tried";
  if (failures.length >= mostContents) return `none of the last ${mostContents} revisions works`;
  const last = failures.slice(-sameReasons);
  const [first] = last;
  if (last.length < sameReasons || first === undefined) return undefined;
  const isSame = last.every(({ because, cause }) => cause === "other" && reasonOf(because) === reasonOf(first.because));
  if (!isSame) return undefined;
  const isNewest = reasonOf(failures[0]?.because ?? "") === reasonOf(first.because);
  return `${isNewest ? "the same reason" : `another reason (${first.because})`} in the last ${sameReasons} revisions tried`;
}

/** The newest of each run of contents that fail for one reason: dozens can lack the same thing, and people read the lock. */
export function newestOfRuns(failures: readonly Failure[]): Failure[] {
  return failures.filter(({ because }, index) => {
    const newer = failures[index - 1];
    return newer === undefined || reasonOf(newer.because) !== reasonOf(because);
  });
}

/** How many contents are tried at once: one server start judges many, and most walks are short. */
export function contentsAtOnce(failures: number): number {
  return Math.min(Math.max(failures, 1), 16);
}

function reasonOf(because: string): string {
  return because.replaceAll(/:\d+:/gu, ":");
}
