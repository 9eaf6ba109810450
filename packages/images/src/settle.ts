import { type Series, UserError, compareText } from "@prosody-foundry/kit";
import { type Lock, type Pin, isPin, moduleNameOf, parseModuleKey } from "@prosody-foundry/lockfile";
import { chooseKey } from "./choose.ts";
import { type Image, type Release, upstreamVersion } from "./manifest.ts";
import { type Standing, releaseFacts, standingOn } from "./standing.ts";

/** Modules of one image on one release of one series. */
export interface ResolveRequest {
  image: Pick<Image, "name" | "modules">;
  series: Series;
  release: Release;
  lock: Lock;
  /** Modules (by their key in the lock) whose locked content cannot be had, and why. */
  unavailable?: Readonly<Record<string, string>>;
}

/** What becomes of a module on a release. `needs`: keys of the community modules that go with it. */
export type Outcome =
  | { kind: "ships"; key: string; pin: Pin; standing: Standing; needs: string[] }
  | { kind: "core"; because: string }
  | { kind: "refused"; because: string; hint: string };

/** Asks for one module, by name or `mod_x@source`; a required one, and what it needs, may be doubtful. */
export type Settle = (reference: string, required: boolean) => Outcome;

type Refusal = Extract<Outcome, { kind: "refused" }>;

/**
 * Settles modules of one request, each once.
 * @param kept keys of modules that ship anyway, and so may be doubtful.
 * @throws UserError MODULE_AMBIGUOUS, DEPENDENCY_NOT_LOCKED, MODULE_CYCLE: faults of the lock, whoever wants the module.
 */
export function settler(request: ResolveRequest, kept: ReadonlySet<string> = new Set()): Settle {
  const version = upstreamVersion(request.release);
  const core = new Set(releaseFacts(request.lock, version)?.core);
  const survey: Survey = { ...request, version, core, kept, settled: new Map() };
  return (reference, required) => settle(survey, { name: reference, required, trail: [] });
}

interface Survey extends ResolveRequest {
  version: string;
  core: ReadonlySet<string>;
  kept: ReadonlySet<string>;
  settled: Map<string, Outcome>;
}

interface Question {
  /** What was asked for; once chosen, the key it stands for. */
  name: string;
  required: boolean;
  /** Keys of the modules that led here, the one the image names first. */
  trail: readonly string[];
}

function settle(survey: Survey, asked: Question): Outcome {
  const plain = moduleNameOf(asked.name);
  // Prosody's own comes first, so there is nothing to choose.
  if (survey.core.has(plain)) return { kind: "core", because: `Prosody ${survey.version} has its own ${plain}` };
  const name = chooseKey(survey, { reference: asked.name, parent: asked.trail.at(-1) });
  const question = { ...asked, name };
  refuseCycle(question);
  const memo = `${name} ${question.required}`;
  const known = survey.settled.get(memo);
  if (known !== undefined) return known;
  const outcome = judgeModule(survey, question);
  survey.settled.set(memo, outcome);
  return outcome;
}

function judgeModule(survey: Survey, question: Question): Outcome {
  const { name } = question;
  const module = survey.lock.modules[name];
  if (module === undefined) return missing(question, survey);
  const pin = module.pins[survey.series];
  if (!isPin(pin)) return unpinned(survey, { name, because: pin?.none });
  if (pin.layout === "tombstone") return refused("upstream left only a README of it", withoutIt(name));
  const standing = standingOn(module, survey.version);
  if (standing.verdict === "core") {
    return { kind: "core", because: `Prosody ${standing.on} has its own ${moduleNameOf(name)}` };
  }
  const refusal =
    refuseVerdict(standing, name, question.required || survey.kept.has(name)) ?? refuseUnavailable(survey, name);
  return refusal ?? settleNeeds(survey, question, { pin, standing });
}

function refuseCycle({ name, trail }: Question): void {
  if (!trail.includes(name)) return;
  const cycle = [...trail.slice(trail.indexOf(name)), name].join(" → ");
  throw new UserError("MODULE_CYCLE", `Modules in the lock need each other in a circle: ${cycle}`, {
    hint: "Pin another revision of one of them, or leave it out.",
  });
}

function missing({ name, trail }: Question, survey: Survey): Outcome {
  const parent = trail.at(-1);
  const hint = `Run \`foundry module add ${formatWords(name)}\`.`;
  if (parent === undefined) return refused("it is not in the lock", hint);
  const where = `nor a module of Prosody ${survey.version} itself`;
  throw new UserError("DEPENDENCY_NOT_LOCKED", `${parent} needs ${name}, which is neither in the lock ${where}`, {
    hint,
  });
}

function unpinned({ series }: Survey, { name, because }: { name: string; because: string | undefined }): Outcome {
  if (because !== undefined) return refused(`no revision of it works on ${series}: ${because}`, withoutIt(name));
  return refused(`it was never resolved for ${series}`, `Run \`foundry module update ${name}\`.`);
}

function refuseVerdict({ verdict, on, because }: Standing, name: string, doubtful: boolean): Refusal | undefined {
  const why = because === "" ? "" : ` (${because})`;
  if (verdict === "unknown") return refused(`nobody has judged it on ${on}`, `Run \`foundry compat ${name}\`.`);
  if (verdict === "broken") return refused(`it is broken on ${on}${why}`, `See \`foundry module why ${name}\`.`);
  if (verdict === "tombstone") return refused(`it has no code left on ${on}${why}`, withoutIt(name));
  if (verdict !== "doubtful" || doubtful) return undefined;
  return refused(`it is doubtful on ${on}${why}`, `Require ${name} in image.json to ship it all the same.`);
}

function refuseUnavailable({ unavailable = {} }: Survey, name: string): Refusal | undefined {
  const because = Object.hasOwn(unavailable, name) ? unavailable[name] : undefined;
  if (because === undefined) return undefined;
  return refused(`its locked content cannot be had: ${because}`, "Run again where upstream or a mirror is reachable.");
}

function settleNeeds(survey: Survey, question: Question, found: { pin: Pin; standing: Standing }): Outcome {
  const needs: string[] = [];
  for (const name of found.pin.depends.toSorted(compareText)) {
    const outcome = settle(survey, { name, required: question.required, trail: [...question.trail, question.name] });
    if (outcome.kind === "refused")
      return refused(`it needs ${name}, which cannot ship: ${outcome.because}`, outcome.hint);
    if (outcome.kind === "ships") needs.push(outcome.key);
  }
  return { kind: "ships", key: question.name, ...found, needs };
}

/** A reference as `foundry module add` takes it. */
function formatWords(reference: string): string {
  const { name, source } = parseModuleKey(reference);
  return source === null ? name : `${name} --source ${source}`;
}

/** What to do about a required module that never will ship. */
export function withoutIt(name: string): string {
  return `Take ${name} out of the image, or make it optional.`;
}

function refused(because: string, hint: string): Refusal {
  return { kind: "refused", because, hint };
}
