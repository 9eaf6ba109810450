import { canonicalJson, isUserError } from "@prosody-foundry/kit";
import { isPin, type Lock, ModuleFacts, moduleNameOf, type Pin } from "@prosody-foundry/lockfile";
import { integrityOf, type LocalPatch, type ModuleContent, type Source, treeOf } from "@prosody-foundry/source";
import { candidateOf } from "./candidates.ts";
import type { Context } from "./context.ts";
import { type OpenSource, openSources, sourceOf } from "./open-sources.ts";
import { readLockedPatches } from "./read-locked-patches.ts";

export interface PinCheck {
  /** Key of the lock. */
  module: string;
  /** Empty for a check of the module's patches. */
  node: string;
  source: string;
  /**
   * `same`: the pinned bytes. `lies`: those, and the lock says what they are not. `other`: other bytes under the pinned
   * revision. `without`: it does not have that one.
   */
  result: "same" | "lies" | "other" | "without" | "unreachable";
  detail: string;
}

/** Every different pin of these modules at its source and all mirrors; their patches against the repository's. */
export async function checkPins(context: Context, lock: Lock, keys: readonly string[]): Promise<PinCheck[]> {
  const sources = openSources(context, lock);
  const checks: PinCheck[] = [];
  for (const key of keys) {
    const module = lock.modules[key];
    if (module === undefined) continue;
    const patches = await readPatchesOnce(context, lock, key);
    if ("check" in patches) checks.push(patches.check);
    const origin = sourceOf(sources, module.source);
    const pins = Object.values(module.pins).filter((pin) => isPin(pin));
    const different = new Map(pins.map((pin) => [canonicalJson(checkedPart(pin)), pin]));
    const questions = [...different.values()].flatMap((pin) => origin.all.map((source) => ({ pin, source })));
    for (const { pin, source } of questions) {
      context.progress(`Checking ${key} at ${source.location}`);
      checks.push(await checkPin({ key, pin, origin, patches: patches.found }, source));
    }
  }
  return checks;
}

/** What of a pin a source can tell: not when it was committed, and not what was seen of it. */
export function checkedPart(pin: Pin): Pick<Pin, "node" | "tree" | "integrity"> & ModuleFacts {
  return { node: pin.node, tree: pin.tree, integrity: pin.integrity, ...factsIn(pin) };
}

/** Modules with a pin that is a lie, that somebody has other bytes for, or that nobody has. */
export function findWrong(checks: readonly PinCheck[]): string[] {
  const keys = [...new Set(checks.map(({ module }) => module))];
  return keys.filter((key) => {
    const own = checks.filter(({ module }) => module === key);
    const nowhere = own.some(({ node }) => !own.some((check) => check.node === node && isFound(check)));
    return nowhere || own.some(({ result }) => result === "other" || result === "lies");
  });
}

function isFound({ result }: PinCheck): boolean {
  return result === "same" || result === "lies";
}

type Patches = { found: LocalPatch[] } | { found: null; check: PinCheck };

async function readPatchesOnce(context: Context, lock: Lock, key: string): Promise<Patches> {
  try {
    return { found: await readLockedPatches(context.root, key, lock.modules[key]) };
  } catch (error) {
    if (!isUserError(error)) throw error;
    const check = { module: key, node: "", source: `patches/${key}`, result: "lies", detail: error.message } as const;
    return { found: null, check };
  }
}

interface Question {
  key: string;
  pin: Pin;
  origin: OpenSource;
  /** Null where they are not those of the lock. */
  patches: LocalPatch[] | null;
}

async function checkPin(question: Question, source: Source): Promise<PinCheck> {
  const { key, pin } = question;
  const row = { module: key, node: pin.node, source: source.spec.name };
  try {
    const { content, exact } = await source.readPinned({ name: moduleNameOf(key), ...pin });
    return { ...row, ...compareContent(question, content, exact) };
  } catch (error) {
    if (isUserError(error, "MODULE_UNKNOWN", "REVISION_UNKNOWN")) {
      return { ...row, result: "without", detail: error.message };
    }
    if (!isUserError(error)) throw error;
    return { ...row, result: "unreachable", detail: error.message };
  }
}

type Answer = Pick<PinCheck, "result" | "detail">;

/** @param exact the source says that it is the pinned revision. */
function compareContent(question: Question, content: ModuleContent, exact: boolean): Answer {
  const { pin } = question;
  const [integrity, tree] = [integrityOf(content), treeOf(content)];
  if (integrity !== pin.integrity && !exact) return { result: "without", detail: "it has another revision" };
  if (integrity !== pin.integrity)
    return { result: "other", detail: `integrity ${integrity}, locked ${pin.integrity}` };
  if (tree === pin.tree) return compareFacts(question, content);
  if (!exact) return { result: "same", detail: "its README differs" };
  return { result: "lies", detail: `tree ${tree}, locked ${pin.tree}` };
}

/** What the lock says of content against what is read from it. */
function compareFacts({ pin, origin, patches }: Question, content: ModuleContent): Answer {
  if (patches === null) return { result: "same", detail: "" };
  try {
    const { facts } = candidateOf(content, { ...pin, source: origin, patches });
    const [found, locked] = [factsIn(facts), factsIn(pin)];
    const fields = ModuleFacts.keyof().options.filter(
      (field) => canonicalJson(found[field]) !== canonicalJson(locked[field]),
    );
    if (fields.length === 0) return { result: "same", detail: "" };
    const lies = fields.map(
      (field) => `${field} ${JSON.stringify(found[field])}, locked ${JSON.stringify(locked[field])}`,
    );
    return { result: "lies", detail: lies.join("; ") };
  } catch (error) {
    if (!isUserError(error)) throw error;
    return { result: "lies", detail: error.message };
  }
}

/** The part of a pin that is read from content. */
function factsIn({ layout, licence, stage, depends, optional, libraries }: ModuleFacts): ModuleFacts {
  return { layout, licence, stage, depends, optional, libraries };
}
