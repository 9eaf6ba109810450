import type { Target } from "@prosody-foundry/images";
import { allSeries, isUserError, type Series } from "@prosody-foundry/kit";
import { isPin, type Lock, moduleNameOf, type NoPin, type Pin } from "@prosody-foundry/lockfile";
import {
  type BumpUnit,
  changedTargets,
  rebuiltTarget,
  type RebuiltTarget,
  type StayingModule,
} from "@prosody-foundry/release";
import type { Context } from "./context.ts";
import { openSources } from "./open-sources.ts";
import { planImages } from "./plan-images.ts";
import { readLayerSizes } from "./read-layer-sizes.ts";

export interface UnitsRequest {
  before: Lock;
  after: Lock;
  units: readonly BumpUnit[];
  /** Each moves on its own: then it has to be planned without the others too. */
  each: boolean;
  available: boolean;
}

export interface PlannedUnits {
  /** Those that may move. */
  units: BumpUnit[];
  /** Modules of the others, and why not. */
  stays: StayingModule[];
  /** What is planned with the lock before; empty where that cannot be. */
  old: Target[];
}

/**
 * Leaves out modules that would lose a pin or keep an image from being planned, so that one does not hold up the others.
 * @throws UserError of planning, when the units move together and the images could not be planned before either
 */
export async function planUnits(context: Context, request: UnitsRequest): Promise<PlannedUnits> {
  const { before, after, units, each, available } = request;
  const older = await tryPlan(context, before, available);
  const planned: PlannedUnits = { units: [], stays: [], old: "refusal" in older ? [] : older.targets };
  const tryWith = (some: readonly BumpUnit[]) => {
    const names = some.flatMap((unit) => unit.names);
    return tryPlan(context, withModules(before, after, names), available);
  };
  for (const unit of units) {
    const loss = describeLoss(before, after, unit);
    if (loss === undefined) planned.units.push(unit);
    else planned.stays.push(...stayTogether(unit, loss));
  }
  if (each) await keepPlannable(planned, (unit) => tryWith([unit]));
  const together = await tryWith(planned.units);
  if (!("refusal" in together)) return planned;
  if ("refusal" in older && !each) throw together.refusal;
  await keepPlannable(planned, (unit) => tryWith([...planned.units, unit]));
  return planned;
}

async function keepPlannable(planned: PlannedUnits, tryUnit: (unit: BumpUnit) => Promise<Tried>): Promise<void> {
  for (const unit of planned.units.splice(0)) {
    const tried = await tryUnit(unit);
    if (!("refusal" in tried)) planned.units.push(unit);
    else planned.stays.push(...stayTogether(unit, tried.refusal.message));
  }
}

function stayTogether({ names }: BumpUnit, because: string): StayingModule[] {
  return names.map((name) => ({ name, because }));
}

/** What works now must not be given up for something newer that it needs. */
export function describeLoss(before: Lock, after: Lock, { names }: Pick<BumpUnit, "names">): string | undefined {
  for (const name of names) {
    const [old, now] = [before.modules[name]?.pins, after.modules[name]?.pins];
    const lost = allSeries.filter((one) => isPin(old?.[one]) && !isPin(now?.[one]));
    const series = lost.find((one) => !isCore(after, name, one));
    const pin = series === undefined ? undefined : now?.[series];
    if (series !== undefined) return `${name} would work no more on ${series}${isNone(pin) ? `: ${pin.none}` : ""}`;
  }
  return undefined;
}

/** Prosody has it itself by now. */
function isCore({ releases }: Lock, key: string, series: Series): boolean {
  const own = Object.values(releases).filter((release) => release.series === series);
  return own.some(({ core }) => core.includes(moduleNameOf(key)));
}

function isNone(pin: Pin | NoPin | undefined): pin is NoPin {
  return pin !== undefined && !isPin(pin);
}

/** A lock with what another one has of some modules. */
export function withModules(lock: Lock, other: Lock, names: readonly string[]): Lock {
  const modules = { ...lock.modules };
  for (const name of names) {
    const module = other.modules[name];
    if (module === undefined) delete modules[name];
    else modules[name] = module;
  }
  return { ...lock, sources: other.sources, releases: other.releases, modules };
}

/** The targets that differ from those of an older plan, with the sizes of what a user would pull. */
export async function planRebuilt(
  context: Context,
  { old, after, available }: Pick<UnitsRequest, "after" | "available"> & { old: readonly Target[] },
): Promise<RebuiltTarget[]> {
  const { targets } = await planQuietly(context, after, available);
  const sources = openSources(context, after);
  const rebuilt: RebuiltTarget[] = [];
  for (const changed of changedTargets(old, targets)) {
    rebuilt.push(rebuiltTarget(changed, await readLayerSizes(context, changed, { lock: after, sources })));
  }
  return rebuilt;
}

type Tried = { targets: Target[] } | { refusal: Error };

// What the pins are to blame for, not the network or a file.
const ofPins = ["MODULE_CANNOT_SHIP", "MODULE_NOT_LOCKED", "DEPENDENCY_NOT_LOCKED", "MODULE_CYCLE", "MODULE_AMBIGUOUS"];

async function tryPlan(context: Context, lock: Lock, available: boolean): Promise<Tried> {
  try {
    return await planQuietly(context, lock, available);
  } catch (error) {
    if (!isUserError(error, ...ofPins)) throw error;
    return { refusal: error };
  }
}

/** The same is planned more than once: who reads along heard it when the pins were gathered. */
function planQuietly(context: Context, lock: Lock, available: boolean): Promise<{ targets: Target[] }> {
  return planImages({ ...context, say: context.progress }, [], { available, otherLock: lock });
}
