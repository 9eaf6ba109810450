import type { Lock } from "@prosody-foundry/lockfile";
import { upstreamVersion } from "./manifest.ts";
import { surveyModules } from "./resolve.ts";
import { type Outcome, type ResolveRequest, settler } from "./settle.ts";
import type { ShippedModule } from "./target.ts";

/**
 * Why an image ships a module on a release, or does not: lines for people, the answer first, then who asked for it, the
 * pin, the verdict, and what it needs.
 * @throws UserError DEPENDENCY_NOT_LOCKED, MODULE_CYCLE.
 */
export function explainWhy(name: string, request: ResolveRequest): string {
  const { shipped, unshipped, refused } = surveyModules(request);
  const ships = shipped.some((module) => module.name === name);
  const wanted = ships || [...unshipped, ...refused].some((module) => module.name === name);
  const settle = settler(request, new Set(shipped.map((module) => module.name)));
  const outcome = settle(name, request.image.modules.required.includes(name));
  const lines = [
    `${name} in ${request.image.name} on ${request.series} (Prosody ${upstreamVersion(request.release)}): ${answer(outcome, wanted)}`,
    `  ${wanted ? chainOf(name, request, shipped) : `images/${request.image.name}/image.json does not ask for it, and nothing it ships needs it`}`,
    ...detail(name, outcome, request.lock).map((line) => `  ${line}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function answer(outcome: Outcome, wanted: boolean): string {
  if (outcome.kind === "core") return `not shipped, core instead: ${outcome.because}`;
  if (outcome.kind === "refused") return `cannot ship: ${outcome.because}`;
  return wanted ? "ships" : "could ship";
}

/** `mod_x ← needed by mod_y ← required`: up to the image, by the first parent. */
function chainOf(name: string, request: ResolveRequest, shipped: readonly ShippedModule[]): string {
  const { required } = request.image.modules;
  const reason =
    shipped.find((module) => module.name === name)?.reason ?? (required.includes(name) ? "required" : "optional");
  const parent = /^needed by (mod_[\w-]+)/u.exec(reason)?.[1];
  if (parent === undefined) return `${name} ← ${reason} in images/${request.image.name}/image.json`;
  return `${name} ← ${chainOf(parent, request, shipped)}`;
}

function detail(name: string, outcome: Outcome, lock: Lock): string[] {
  if (outcome.kind === "core") return [];
  if (outcome.kind === "refused") return [`What to do: ${outcome.hint}`];
  const { pin, standing } = outcome;
  const because = standing.because === "" ? "" : ` (${standing.because})`;
  const core = pin.depends.filter((other) => !outcome.needs.includes(other)).map((other) => `${other} (core)`);
  const needs = [...outcome.needs.map((other) => `${other} (shipped with it)`), ...core];
  return [
    `pinned at ${pin.node.slice(0, 12)} of ${pin.date} from ${lock.modules[name]?.source}`,
    `${standing.verdict} on ${standing.on}${because}`,
    ...(needs.length === 0 ? [] : [`needs ${needs.join(", ")}`]),
  ];
}
