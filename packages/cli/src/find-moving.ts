import { readSeries, releasesOf, upstreamVersion } from "@prosody-foundry/images";
import { compareText, isUserError, type Series } from "@prosody-foundry/kit";
import { isPin, type Lock, type LockedModule, moduleNameOf } from "@prosody-foundry/lockfile";
import type { StayingModule } from "@prosody-foundry/release";
import { treeOf } from "@prosody-foundry/source";
import type { Context } from "./context.ts";
import { findOutdated, type OutdatedPin } from "./find-outdated.ts";
import { lockedNames } from "./locked-names.ts";
import { type OpenSource, openSources, sourceOf } from "./open-sources.ts";

export interface MovingRequest {
  lock: Lock;
  /** Words of the command line: whoever names a held module means it. None: all that are not held. */
  words: readonly string[];
  series: readonly Series[];
}

export interface Moving {
  /** Keys of modules that upstream changed since they were pinned, and of those that need one of them; sorted. */
  keys: string[];
  /** Modules that upstream changed and that do not move. */
  stays: StayingModule[];
}

/** Which modules of the lock a bump has to look at, and which it must not touch. */
export async function findMoving(context: Context, request: MovingRequest): Promise<Moving> {
  const { lock, words, series } = request;
  const names = lockedNames(lock, words);
  const logged = names.filter((key) => hasHistory(lock, key));
  const outdated = await findOutdated(context, { lock, names: logged, series });
  const isHeld = (key: string): boolean => words.length === 0 && lock.modules[key]?.hold === true;
  const gone = outdated.filter(({ dropped }) => dropped);
  const newer = outdated.filter(({ dropped }) => !dropped);
  const others = await findChanged(context, request, names);
  const unseen = await findUnseen(context, request, logged);
  const again = [...unpinned(lock, logged, series), ...unseen];
  const changed = new Set([...newer.map(({ module }) => module), ...others.changed, ...again]);
  const moving = [...changed].filter((key) => !isHeld(key));
  const staying = others.stays.map(({ name }) => name);
  const still = new Set([...outdated.map(({ module }) => module), ...changed, ...staying]);
  return {
    keys: [...moving, ...dependentsOf(lock, moving, still)].toSorted(compareText),
    stays: uniqueByName([
      ...gone.map((row) => ({ name: row.module, because: describeGone(lock, row) })),
      ...others.stays,
      ...newer.filter(({ module }) => isHeld(module)).map(describeHeld),
    ]),
  };
}

function hasHistory({ sources, modules }: Lock, key: string): boolean {
  const kind = sources[modules[key]?.source ?? ""]?.kind;
  return kind === undefined || kind === "hg" || kind === "git";
}

/** Modules that have worked on none of the series: no pin says how far they were looked at. */
function unpinned(lock: Lock, keys: readonly string[], series: readonly Series[]): string[] {
  return keys.filter((key) => {
    const pins = series.flatMap((one) => lock.modules[key]?.pins[one] ?? []);
    return pins.length > 0 && !pins.some((pin) => isPin(pin));
  });
}

/** Modules of which something was refused on a series whose newest known release they were not judged on. */
async function findUnseen(
  context: Context,
  { lock, series }: MovingRequest,
  keys: readonly string[],
): Promise<string[]> {
  const seriesFile = await readSeries(context.root);
  const newest = series.flatMap((one) => {
    const [release] = releasesOf(seriesFile, one);
    const version = release === undefined ? "" : upstreamVersion(release);
    // One that was never had may not be to be had.
    return version in lock.releases ? [{ series: one, version }] : [];
  });
  return keys.filter((key) => newest.some((release) => isUnseen(lock.modules[key], release)));
}

/** Whether what was refused on a series may work by now: nobody has looked at its newest release. */
export function isUnseen(module: LockedModule | undefined, on: { series: Series; version: string }): boolean {
  const pin = module?.pins[on.series];
  if (module === undefined || pin === undefined || (isPin(pin) && pin.refused.length === 0)) return false;
  return !module.judgements.some(({ releases }) => releases.includes(on.version));
}

/** Sources without history tell by their content. */
async function findChanged(
  context: Context,
  { lock, series }: MovingRequest,
  names: readonly string[],
): Promise<{ changed: string[]; stays: StayingModule[] }> {
  const found = { changed: new Array<string>(), stays: new Array<StayingModule>() };
  const sources = openSources(context, lock);
  for (const key of names.filter((name) => !hasHistory(lock, name))) {
    const module = lock.modules[key];
    if (module === undefined) continue;
    const now = await readNow(sourceOf(sources, module.source), moduleNameOf(key));
    if ("because" in now) found.stays.push({ name: key, because: now.because });
    else if (differs(module, series, now.tree)) found.changed.push(key);
  }
  return found;
}

/** The tree of what a source has of a module, or why that cannot be pinned. */
async function readNow(
  { name: source, tree }: OpenSource,
  name: string,
): Promise<{ tree: string } | Pick<StayingModule, "because">> {
  try {
    const { node } = await tree.readNewest();
    if (!(await tree.listModules(node)).includes(name)) return { because: `${source} has it no more` };
    return { tree: treeOf(await tree.readModule(node, name)) };
  } catch (error) {
    // A folder's revision is that of all its modules: one that is refused keeps the others where they are.
    if (!isUserError(error, "CONTENT_UNSAFE")) throw error;
    return { because: error.message };
  }
}

function differs(module: LockedModule, series: readonly Series[], tree: string): boolean {
  return series.some((one) => {
    const pin = module.pins[one];
    return pin !== undefined && (!isPin(pin) || pin.tree !== tree);
  });
}

/** Modules at their newest that need what moves: whether they still work with it has to be seen. */
function dependentsOf(lock: Lock, moving: readonly string[], others: ReadonlySet<string>): string[] {
  const found = new Set(moving);
  const open = Object.entries(lock.modules).filter(([key, { hold }]) => !hold && !others.has(key));
  // A Set hands out what is added while it is gone through.
  for (const key of found) {
    const name = moduleNameOf(key);
    const parents = open.filter(([, { pins }]) =>
      Object.values(pins).some((pin) => isPin(pin) && pin.depends.includes(name)),
    );
    for (const [parent] of parents) found.add(parent);
  }
  return [...found].filter((key) => !moving.includes(key));
}

function describeGone({ modules }: Lock, { module, to, date, subject, renamedTo }: OutdatedPin): string {
  const became = renamedTo === null ? "removed it" : `renamed it to ${renamedTo}`;
  return `${modules[module]?.source} ${became} on ${date} (${to.slice(0, 12)}: ${subject})`;
}

function describeHeld({ module, behind }: OutdatedPin): StayingModule {
  const distance = behind === null ? "" : `, ${behind} behind`;
  return { name: module, because: `it is held${distance}` };
}

function uniqueByName(stays: readonly StayingModule[]): StayingModule[] {
  return [...new Map(stays.map((one) => [one.name, one])).values()];
}
