import type { UnreachableWish } from "@prosody-foundry/bake";
import {
  architecturesOf,
  lacksSecurity,
  type PackageLock,
  type PackageWish,
  type ResolvedWish,
} from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";

/** What Debian answered about one lock. */
export interface LockAnswers {
  resolved: readonly ResolvedWish[];
  unreachable: readonly UnreachableWish[];
  /** Go on without what the mirror has not whole. */
  available: boolean;
}

/** What of it goes into the lock. */
export interface SortedAnswers {
  taken: ResolvedWish[];
  /** Wishes that stay as the lock has them. */
  held: PackageWish[];
  /** For people. */
  notes: string[];
}

/**
 * Which answers a lock takes. An answer that the security archive had no part in, because the mirror's lists of it are not
 * whole, could be a silent downgrade: the lock keeps what it has, and takes such an answer only for an architecture that it
 * has nothing better for.
 * @throws UserError INPUT_UNREACHABLE, unless what is not whole may be left out.
 */
export function sortAnswers(before: PackageLock, answers: LockAnswers): SortedAnswers {
  const missed = answers.resolved.flatMap(({ wish, security }) =>
    security.state === "missed" ? [{ wish, because: security.because }] : [],
  );
  const [first] = [...answers.unreachable, ...missed];
  if (first !== undefined && !answers.available) throw notWhole(first);
  const better = missed.filter(({ wish }) => hasSecurity(before, wish));
  const held = [...answers.unreachable, ...better];
  const bare = missed.filter((one) => !better.includes(one));
  const without = answers.resolved.filter(({ security }) => security.state === "none").map(({ wish }) => wish);
  const notes = [
    ...held.map((one) => `Left as it is: ${describe(one)}`),
    ...bare.map((one) => `Without security updates: ${describe(one)}`),
    ...without.map((wish) => `Debian ${wish.suite} has no security updates for ${wish.architecture}`),
  ];
  return {
    taken: answers.resolved.filter(({ wish }) => !better.some((one) => one.wish === wish)),
    held: held.map(({ wish }) => wish),
    notes: [...new Set(notes)],
  };
}

function hasSecurity(lock: PackageLock, { suite, list, architecture }: PackageWish): boolean {
  const locked = lock.suites[suite];
  return architecturesOf(locked?.lists[list] ?? {}).includes(architecture) && !lacksSecurity(locked, architecture);
}

function describe({ wish, because }: UnreachableWish): string {
  return `Debian ${wish.suite} for ${wish.architecture} is not whole: ${because}`;
}

function notWhole(one: UnreachableWish): UserError {
  return new UserError("INPUT_UNREACHABLE", describe(one), {
    hint: "Try again when the mirror is whole, or go on without what it lacks with --available.",
  });
}
