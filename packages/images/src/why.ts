import type { Series } from "@prosody-foundry/kit";
import { type Lock, type Verdict, keyFor, moduleNameOf, parseModuleKey } from "@prosody-foundry/lockfile";
import { referenceTo } from "./choose.ts";
import { upstreamVersion } from "./manifest.ts";
import { surveyModules } from "./resolve.ts";
import { type Outcome, type ResolveRequest, settler, withoutIt } from "./settle.ts";
import type { ShippedModule } from "./target.ts";

/** Why an image ships a module on a release, replaces it by the release's own, or leaves it out. */
export interface Why {
  module: string;
  image: string;
  series: Series;
  release: string;
  /** `could-ship`: nothing stands in the way, and nobody asks for it. `left-out`: it is optional, and cannot ship. */
  outcome: "ships" | "could-ship" | "core" | "left-out" | "cannot-ship";
  /** Empty for what ships or could. */
  because: string;
  /** Who asks for it: the module, those that need it in turn, and `required` or `optional`; empty where nobody does. */
  chain: string[];
  /** What to do about it; empty where there is nothing to do. */
  hint: string;
  /** What ships, or would. */
  pin: { source: string; node: string; date: string; verdict: Verdict; judgedOn: string; evidence: string } | null;
  needs: { module: string; from: "image" | "core" }[];
}

/**
 * @param reference `mod_x` (then the one the image means) or `mod_x@source`.
 * @throws UserError MODULE_AMBIGUOUS, DEPENDENCY_NOT_LOCKED, MODULE_CYCLE.
 */
export function explainWhy(reference: string, request: ResolveRequest): Why {
  const { image, series, release, lock } = request;
  const { shipped } = surveyModules(request);
  const ships = new Map(shipped.map((module) => [keyFor(lock, module), module]));
  const isRequired = image.modules.required.some((word) => means(word, reference));
  const outcome = settler(request, new Set(ships.keys()))(reference, isRequired);
  const chain = chainOf(outcome.kind === "ships" ? referenceTo(lock, outcome.key) : reference, request, shipped);
  return {
    module: reference,
    image: image.name,
    series,
    release: upstreamVersion(release),
    chain,
    ...answer(outcome, chain),
    ...details(outcome, lock),
  };
}

/** Lines for people: the answer first, then who asked for it, the pin, the verdict, and what it needs. */
export function formatWhy(why: Why): string {
  const file = `images/${why.image}/image.json`;
  const asked =
    why.chain.length === 0
      ? `${file} does not ask for it, and nothing it ships needs it`
      : `${why.chain.join(" ← ")} in ${file}`;
  const lines = [
    `${why.module} in ${why.image} on ${why.series} (Prosody ${why.release}): ${headline(why)}`,
    ...[asked, ...formatPin(why), ...formatNeeds(why)].map((line) => `  ${line}`),
    ...(why.hint === "" ? [] : [`  What to do: ${why.hint}`]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function answer(outcome: Outcome, chain: readonly string[]): Pick<Why, "outcome" | "because" | "hint"> {
  if (outcome.kind === "ships") {
    return { outcome: chain.length > 0 ? "ships" : "could-ship", because: "", hint: "" };
  }
  const { because } = outcome;
  if (outcome.kind === "core") return { outcome: "core", because, hint: "" };
  // This is the answer to `why`: the evidence itself is what is left to look at.
  const hint = outcome.hint.replace("module why", "module show");
  if (chain.at(-1) !== "optional") return { outcome: "cannot-ship", because, hint };
  return { outcome: "left-out", because, hint: hint === withoutIt(chain[0] ?? "") ? "" : hint };
}

function details(outcome: Outcome, lock: Lock): Pick<Why, "pin" | "needs"> {
  if (outcome.kind !== "ships") return { pin: null, needs: [] };
  const { key, standing } = outcome;
  const { node, date, depends } = outcome.pin;
  const shipped = outcome.needs.map(moduleNameOf);
  const core = depends.filter((name) => !shipped.includes(name));
  return {
    pin: {
      source: lock.modules[key]?.source ?? "",
      node,
      date,
      verdict: standing.verdict,
      judgedOn: standing.on,
      evidence: standing.because,
    },
    needs: [
      ...shipped.map((module) => ({ module, from: "image" as const })),
      ...core.map((module) => ({ module, from: "core" as const })),
    ],
  };
}

/** Up to the image, by the first parent. */
function chainOf(reference: string, request: ResolveRequest, shipped: readonly ShippedModule[]): string[] {
  const { required, optional } = request.image.modules;
  if (required.some((word) => means(word, reference))) return [moduleNameOf(reference), "required"];
  if (optional.some((word) => means(word, reference))) return [moduleNameOf(reference), "optional"];
  const reason = shipped.find(({ name, source }) => means(`${name}@${source}`, reference))?.reason;
  const parent = /^needed by (mod_[\w-]+)/u.exec(reason ?? "")?.[1];
  return parent === undefined ? [] : [moduleNameOf(reference), ...chainOf(parent, request, shipped)];
}

/** False only where both name a source, and not the same. */
function means(word: string, reference: string): boolean {
  const [one, other] = [parseModuleKey(word), parseModuleKey(reference)];
  return one.name === other.name && (one.source ?? other.source) === (other.source ?? one.source);
}

function headline({ outcome, because }: Why): string {
  if (outcome === "core") return `not shipped, core instead: ${because}`;
  if (outcome === "left-out") return `left out: ${because}`;
  if (outcome === "cannot-ship") return `cannot ship: ${because}`;
  return outcome === "ships" ? "ships" : "could ship";
}

function formatPin({ pin }: Why): string[] {
  if (pin === null) return [];
  const evidence = pin.evidence === "" ? "" : ` (${pin.evidence})`;
  return [
    `pinned at ${pin.node.slice(0, 12)} of ${pin.date} from ${pin.source}`,
    `${pin.verdict} on ${pin.judgedOn}${evidence}`,
  ];
}

function formatNeeds({ needs }: Why): string[] {
  if (needs.length === 0) return [];
  return [
    `needs ${needs.map(({ module, from }) => `${module} (${from === "core" ? "core" : "shipped with it"})`).join(", ")}`,
  ];
}
