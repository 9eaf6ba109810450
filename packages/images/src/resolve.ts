import { UserError, compareText, sha256 } from "@prosody-foundry/kit";
import { type Lock, moduleNameOf } from "@prosody-foundry/lockfile";
import { referenceTo, refuseNamesakes } from "./choose.ts";
import { upstreamVersion } from "./manifest.ts";
import { type Outcome, type ResolveRequest, settler } from "./settle.ts";
import type { ShippedModule, UnshippedModule } from "./target.ts";

/** What an image ships on a release, and what it wanted and does not ship; both by name. */
export interface Resolution {
  shipped: ShippedModule[];
  unshipped: UnshippedModule[];
}

/** A wanted module that cannot ship. */
export interface Refused {
  name: string;
  because: string;
  hint: string;
}

/**
 * The community modules of an image on one release: each wanted one is shipped at its pin, replaced by the release's own,
 * or left out; what they need comes along. Pure.
 * @throws UserError MODULE_CANNOT_SHIP naming every required module that cannot; MODULE_AMBIGUOUS, DEPENDENCY_NOT_LOCKED,
 *   MODULE_CYCLE.
 */
export function resolveModules(request: ResolveRequest): Resolution {
  const { refused, ...resolution } = surveyModules(request);
  if (refused.length > 0) throw cannotShip(request, refused);
  return resolution;
}

/** As resolveModules, with the required modules that cannot ship named instead of an error. */
export function surveyModules(request: ResolveRequest): Resolution & { refused: Refused[] } {
  const { lock } = request;
  const { required, optional } = request.image.modules;
  const first = settler(request);
  const kept = closureOf(lock, required, (name) => first(name, true));
  const settle = settler(request, new Set(kept.keys()));
  const all = new Map([...kept, ...closureOf(lock, optional, (name) => settle(name, false))]);
  refuseNamesakes(request, [...all.keys()]);
  const wanted = [...required, ...optional].map((name) => ({ name, outcome: settle(name, required.includes(name)) }));
  return {
    shipped: [...all].map(([key]) => shipped(request, all, key)).toSorted((a, b) => compareText(a.name, b.name)),
    unshipped: wanted
      .filter(({ name, outcome }) => outcome.kind === "core" || (outcome.kind === "refused" && optional.includes(name)))
      .map(unshipped)
      .toSorted((a, b) => compareText(a.name, b.name)),
    refused: wanted
      .filter(({ name }) => required.includes(name))
      .flatMap(({ name, outcome }) => (outcome.kind === "refused" ? [{ name, ...outcome }] : [])),
  };
}

/** The layer of a module, 0 to 7: by its name alone, so that a bump of one module changes one layer. */
export function bucketOf(name: string): number {
  return Number.parseInt(sha256(name).slice(0, 2), 16) % 8;
}

type Ships = Extract<Outcome, { kind: "ships" }>;

/** By key: the modules named that ship, and what goes with them. */
function closureOf(lock: Lock, names: readonly string[], ask: (name: string) => Outcome): Map<string, Ships> {
  const closure = new Map<string, Ships>();
  const queue = [...names];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const outcome = ask(name);
    if (outcome.kind !== "ships" || closure.has(outcome.key)) continue;
    closure.set(outcome.key, outcome);
    queue.push(...outcome.needs.map((key) => referenceTo(lock, key)));
  }
  return closure;
}

function shipped(request: ResolveRequest, all: ReadonlyMap<string, Ships>, key: string): ShippedModule {
  const found = all.get(key);
  const module = request.lock.modules[key];
  if (found === undefined || module === undefined) throw new Error(`${key} ships and is not locked`);
  const name = moduleNameOf(key);
  const { node, tree, integrity } = found.pin;
  const { verdict, on } = found.standing;
  const reason = reasonFor(request, all, key);
  return { name, source: module.source, node, tree, integrity, verdict, judgedOn: on, reason, bucket: bucketOf(name) };
}

// By name alone: no image has two modules of one name.
function reasonFor({ image }: ResolveRequest, all: ReadonlyMap<string, Ships>, key: string): string {
  const name = moduleNameOf(key);
  if (image.modules.required.map(moduleNameOf).includes(name)) return "required";
  if (image.modules.optional.map(moduleNameOf).includes(name)) return "optional";
  const parents = [...all].filter(([, { needs }]) => needs.includes(key)).map(([parent]) => moduleNameOf(parent));
  return `needed by ${parents.toSorted(compareText).join(", ")}`;
}

function unshipped({ name, outcome }: { name: string; outcome: Outcome }): UnshippedModule {
  if (outcome.kind === "ships") throw new Error(`${name} ships`);
  return { name, instead: outcome.kind === "core" ? "core" : "nothing", because: outcome.because };
}

function cannotShip({ image, series, release }: ResolveRequest, refused: readonly Refused[]): UserError {
  const lines = refused.map(({ name, because }) => `\n  ${name}: ${because}`).join("");
  const where = `${image.name} on ${series} (Prosody ${upstreamVersion(release)})`;
  return new UserError("MODULE_CANNOT_SHIP", `${where} cannot ship what it requires:${lines}`, {
    hint: joinHints(refused.map(({ hint }) => hint)),
  });
}

/** Each hint once; the modules to add in one command. */
function joinHints(hints: readonly string[]): string {
  const adding = /^Run `foundry module add (\S+)`\.$/u;
  const missing = new Set(hints.map((hint) => adding.exec(hint)?.[1]).filter((name) => name !== undefined));
  const others = new Set(hints.filter((hint) => !adding.test(hint)));
  const add = missing.size === 0 ? [] : [`Run \`foundry module add ${[...missing].join(" ")}\`.`];
  return [...add, ...others].join(" ");
}
