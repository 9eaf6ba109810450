import { allSeries, isUserError, type Series, UserError } from "@prosody-foundry/kit";
import { isPin, keyFor, type Lock, type LockedModule, type LockedRelease } from "@prosody-foundry/lockfile";
import type { Context } from "./context.ts";
import { explainVerdict } from "./judge-candidates.ts";
import { judgeTrails } from "./judge-trails.ts";
import { type ModuleReference, type OpenModule, type OpenModules, openModules } from "./open-modules.ts";
import { type OpenRelease, openReleases } from "./open-releases.ts";
import { openSources } from "./open-sources.ts";
import { type Decision, pinModule, type SeriesFinding } from "./pin-modules.ts";
import { readLockedPatches } from "./read-locked-patches.ts";
import { findNeeds, type Search, searchPins, type Trail } from "./search-pins.ts";

export interface PinsRequest {
  /** As it was when the command began. */
  lock: Lock;
  modules: readonly ModuleReference[];
  series: readonly Series[];
  /** Whether `update` passes the named modules over from now on; undefined: as before. */
  hold: boolean | undefined;
  /** This revision of the modules, or the newest before it that touched them; a hash of 12 digits or more. */
  to?: string;
  /** What a module is whose patches do not fit its newest revision: an error, as by default, or one that stays. */
  misfits?: "refuse" | "stay";
}

/** A module or series that does not get what was asked for, and why. */
export interface Stay {
  key: string;
  /** Null: on all of them. */
  series: Series | null;
  because: string;
}

/** What was found for the named modules and those they need, as a change of the lock that is still to be made. */
export interface GatheredPins {
  stays: Stay[];
  apply: (lock: Lock) => Lock;
}

/**
 * Looks, for each series, for the newest content of each module that works on its newest release, and judges that on all
 * releases to be had. Series of which there is no release, and modules upstream has no more, stay as they are.
 * @throws UserError MODULE_UNKNOWN, PATCH_FAILED, REVISION_REFUSED, NO_RELEASE; those of the sources and the build
 */
export async function gatherPins(context: Context, request: PinsRequest): Promise<GatheredPins> {
  const sources = openSources(context, request.lock);
  const modules = openModules(context, { lock: request.lock, sources, wanted: request.modules, to: request.to });
  // Before minutes go into building servers.
  const { wanted, misfits } = await openWanted(context, modules, request);
  const moving = wanted.filter(({ kept }) => kept === undefined);
  const gone = [...wanted.flatMap(describeGone), ...misfits];
  if (moving.length === 0) return { stays: gone, apply: (now) => now };
  const releases = await openReleases(context, request.series);
  sayUnreached(context, request.series, releases);
  const newest = releases.filter((one) => releases.find(({ series }) => series === one.series) === one);
  const search = await searchPins(context, { modules, wanted: moving, newest });
  if (request.to !== undefined) refuseRevision(search, request.to);
  const findings = await judgeTrails(context, search, releases);
  const pinned = await findPinned(search, moving);
  return {
    stays: [...gone, ...describeStays(search, request)],
    apply: (now) => applyPins(now, { request, search, findings, pinned, releases }),
  };
}

interface Wanted {
  wanted: OpenModule[];
  misfits: Stay[];
}

async function openWanted(context: Context, modules: OpenModules, request: PinsRequest): Promise<Wanted> {
  const wanted: OpenModule[] = [];
  const misfits = new Map<OpenModule, UserError>();
  for (const reference of request.modules) {
    context.progress(`Reading ${reference.name} from ${reference.source}`);
    const module = await modules.open(reference);
    wanted.push(module);
    if (module.kept === undefined)
      await module.walk.attempt(0).catch((error: unknown) => misfits.set(module, misfitOf(error)));
  }
  if (request.misfits !== "stay") refuseMisfits([...misfits.values()]);
  for (const module of misfits.keys()) await keepMisfit(context, module, request.lock);
  const stays = [...misfits].map(([{ key }, { message }]): Stay => ({ key, series: null, because: message }));
  return { wanted, misfits: stays };
}

/** All patches that do not apply are named at once. */
function refuseMisfits(misfits: readonly UserError[]): void {
  const [first] = misfits;
  if (first === undefined) return;
  const { code, hint } = first;
  throw new UserError(code, misfits.map(({ message }) => message).join("\n"), { hint, cause: first });
}

/** Whoever needs the module finds what the lock has of it. */
async function keepMisfit({ root }: Context, module: OpenModule, { modules }: Lock): Promise<void> {
  const entry = modules[module.key];
  if (entry === undefined) throw new Error(`${module.key} cannot stay: the lock has none`);
  module.kept = { entry, isGone: false, fate: null };
  module.patches = await readLockedPatches(root, module.key, entry);
}

function misfitOf(error: unknown): UserError {
  if (isUserError(error, "PATCH_FAILED")) return error;
  throw error;
}

function describeGone({ key, source, kept }: OpenModule): Stay[] {
  if (kept?.isGone !== true) return [];
  const { fate } = kept;
  if (fate === null) return [{ key, series: null, because: `${source.name} has it no more` }];
  const became = fate.renamedTo === null ? "removed it" : `renamed it to ${fate.renamedTo}`;
  const because = `${source.name} ${became} on ${fate.date.slice(0, 10)} (${fate.node.slice(0, 12)}: ${fate.subject})`;
  return [{ key, series: null, because }];
}

function sayUnreached(context: Context, series: readonly Series[], releases: readonly OpenRelease[]): void {
  const unreached = series.filter((one) => !releases.some((release) => release.series === one));
  if (unreached.length === 0) return;
  context.say(`No release of ${unreached.join(", ")} to be had from here: what is pinned for it stays as it is.`);
}

/** @throws UserError REVISION_REFUSED for a module whose named revision works on no series */
function refuseRevision({ trails }: Search, to: string): void {
  const wanted = trails.filter(({ module }) => module.isWanted);
  const useless = wanted.find(({ module }) => !wanted.some((one) => one.module === module && hasFound(one)));
  if (useless === undefined) return;
  const { key } = useless.module;
  const own = wanted.filter(({ module }) => module === useless.module);
  const reasons = own.map((trail) => `\n  ${trail.release.series}: ${describeNone(trail)}`).join("");
  throw new UserError("REVISION_REFUSED", `${key} at ${to} works on none of these series:${reasons}`, {
    hint: `Name another revision, or run \`foundry module update ${key}\` to find the newest that works.`,
  });
}

function hasFound({ settled }: Trail): boolean {
  return settled?.candidate !== undefined;
}

/** The wanted modules, and all that the contents which were found need. */
async function findPinned(search: Search, wanted: readonly OpenModule[]): Promise<Set<OpenModule>> {
  const pinned = new Set(wanted);
  // A Set hands out what is added while it is gone through.
  for (const module of pinned) {
    for (const needed of await findAllNeeds(search, module)) pinned.add(needed);
  }
  return new Set([...pinned].filter(({ kept }) => kept === undefined));
}

async function findAllNeeds(search: Search, module: OpenModule): Promise<OpenModule[]> {
  const needs: OpenModule[] = [];
  for (const { settled, release } of search.trails.filter((trail) => trail.module === module)) {
    if (settled?.candidate === undefined) continue;
    const found = await findNeeds(search, { module, candidate: settled.candidate }, release);
    needs.push(...found.map((trail) => trail.module));
  }
  return needs;
}

/** With a revision named, a series it does not work on keeps the pin it has. */
function describeStays({ trails }: Search, { to, lock }: PinsRequest): Stay[] {
  if (to === undefined) return [];
  return trails
    .filter((trail) => trail.module.isWanted && !hasFound(trail))
    .filter(({ module, release }) => isPin(lock.modules[module.key]?.pins[release.series]))
    .map((trail) => ({ key: trail.module.key, series: trail.release.series, because: describeNone(trail) }));
}

interface Gathered {
  request: PinsRequest;
  search: Search;
  findings: ReadonlyMap<Trail, SeriesFinding[]>;
  pinned: ReadonlySet<OpenModule>;
  releases: readonly OpenRelease[];
}

function applyPins(lock: Lock, gathered: Gathered): Lock {
  const { request, pinned, releases } = gathered;
  const heard = Object.fromEntries(releases.map(({ version, locked }): [string, LockedRelease] => [version, locked]));
  const after: Lock = { ...lock, releases: { ...lock.releases, ...heard }, modules: { ...lock.modules } };
  for (const module of pinned) {
    const key = keyFor(after, { name: module.name, source: module.source.name });
    const before = after.modules[key];
    // What is held stays, though another module brought it along.
    if (before?.hold === true && !module.isWanted) continue;
    const trails = gathered.search.trails.filter((trail) => trail.module === module);
    const keeps = request.to !== undefined && module.isWanted;
    const decided = trails.filter((trail) => hasFound(trail) || !keeps || !isPin(before?.pins[trail.release.series]));
    refuseUntried(module, before, decided);
    after.sources = { ...after.sources, [module.source.name]: module.source.locked };
    after.modules[key] = pinModule({
      source: module.source.name,
      patches: module.patches.map(({ file, sha256 }) => ({ file, sha256 })),
      decisions: new Map(decided.map((trail) => [trail.release.series, decisionOf(trail)])),
      findings: trails.flatMap((trail) => gathered.findings.get(trail) ?? []),
      releases: after.releases,
      before,
      hold: module.isWanted ? request.hold : undefined,
    });
  }
  return after;
}

/**
 * A patch is for all series of a module: none may keep a pin that it was not tried on.
 * @throws UserError PATCH_CHANGED
 */
function refuseUntried(
  { key, patches }: OpenModule,
  before: LockedModule | undefined,
  decided: readonly Trail[],
): void {
  if (before === undefined || hashesOf(before.patches) === hashesOf(patches)) return;
  const isDecided = (series: Series): boolean => decided.some(({ release }) => release.series === series);
  const untried = allSeries.filter((series) => isPin(before.pins[series]) && !isDecided(series));
  if (untried.length === 0) return;
  throw new UserError("PATCH_CHANGED", `The patches of ${key} changed, and were not tried on ${untried.join(", ")}`, {
    hint: `Run \`foundry module update ${key}\` where all its series can be judged.`,
  });
}

function hashesOf(patches: Readonly<LockedModule["patches"]>): string {
  return patches.map(({ file, sha256 }) => `${file} ${sha256}`).join();
}

function decisionOf(trail: Trail): Decision {
  const candidate = trail.settled?.candidate;
  return candidate === undefined ? { none: describeNone(trail) } : { candidate, refused: trail.failures };
}

/** Why nothing works: the reason of the newest content, and why the search ended there. */
function describeNone({ finding, failures, settled, release }: Trail): string {
  const [newest] = failures;
  const verdict = finding === undefined ? "unusable" : explainVerdict(finding).verdict;
  const reason = newest?.because ?? "no content of it was found";
  const end = settled?.end ?? "";
  return `${verdict} on ${release.version}: ${reason}${end === "" ? "" : `; ${end}`}`;
}
