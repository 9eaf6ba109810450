import {
  type Evidence,
  type Lock,
  type LockedModule,
  type LockedRelease,
  type Verdict,
  verdictOn,
} from "@prosody-foundry/lockfile";
import { nearestVersions } from "./versions.ts";

type Judged = Pick<LockedModule, "judgements">;

/** How a module stands on a release. */
export interface Standing {
  verdict: Verdict;
  /** The release whose evidence it is: the one asked for, or the nearest of its series that was judged. */
  on: string;
  /** The observation that decided, empty where there is none. */
  because: string;
}

/** The verdict on a release; on the nearest judged one of the same series where nobody could judge that. */
export function standingOn(module: Judged, version: string): Standing {
  const judged = module.judgements.filter(({ verdict }) => verdict !== "unknown").flatMap(({ releases }) => releases);
  const on = nearestVersions(version, judged)[0] ?? version;
  const verdict = verdictOn(module, on);
  return { verdict, on, because: reasonFor(module, { verdict, on }) };
}

/** What the lock knows of a release, or of the nearest one of its series. */
export function releaseFacts(lock: Lock, version: string): LockedRelease | undefined {
  return lock.releases[nearestVersions(version, Object.keys(lock.releases))[0] ?? version];
}

const deciding: Record<Verdict, readonly Evidence["says"][]> = {
  works: ["works"],
  loads: ["loads"],
  doubtful: ["broken", "doubtful"],
  broken: ["broken"],
  core: ["core"],
  tombstone: ["tombstone"],
  unknown: [],
};

function reasonFor(module: Judged, { verdict, on }: Omit<Standing, "because">): string {
  const evidence = module.judgements.find(({ releases }) => releases.includes(on))?.evidence ?? [];
  const decided = evidence.find(({ says }) => deciding[verdict].includes(says));
  return decided === undefined ? "" : `${decided.kind}: ${decided.because}`;
}
