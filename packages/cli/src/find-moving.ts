import { compareText, type Series } from "@prosody-foundry/kit";
import { isPin, type Lock, type LockedModule, moduleNameOf } from "@prosody-foundry/lockfile";
import type { StayingModule } from "@prosody-foundry/release";
import { treeOf } from "@prosody-foundry/source";
import type { Context } from "./context.ts";
import { findOutdated, type OutdatedPin } from "./find-outdated.ts";
import { lockedNames } from "./locked-names.ts";
import { openSources, sourceOf } from "./open-sources.ts";

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
  const changed = new Set([...newer.map(({ module }) => module), ...others.changed, ...unpinned(lock, logged, series)]);
  const moving = [...changed].filter((key) => !isHeld(key));
  const still = new Set([...outdated.map(({ module }) => module), ...changed]);
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
    const { tree } = sourceOf(sources, module.source);
    const { node } = await tree.readNewest();
    const name = moduleNameOf(key);
    if (!(await tree.listModules(node)).includes(name)) {
      found.stays.push({ name: key, because: `${module.source} has it no more` });
    } else if (differs(module, series, treeOf(await tree.readModule(node, name)))) found.changed.push(key);
  }
  return found;
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
