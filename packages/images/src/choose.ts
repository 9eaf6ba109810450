import { UserError } from "@prosody-foundry/kit";
import { type Lock, keysOf, moduleNameOf, parseModuleKey } from "@prosody-foundry/lockfile";
import type { Image } from "./manifest.ts";

export interface Choice {
  /** `mod_x`, or `mod_x@source`. */
  reference: string;
  /** Key of the module that needs it; undefined where it is asked for by itself. */
  parent?: string | undefined;
}

interface Declared {
  image: Pick<Image, "name" | "modules">;
  lock: Lock;
}

/**
 * Key of the locked module that is meant in an image: what the image says itself about that name, else the one from the
 * source of who needs it, else the only one. The reference itself where nothing of that name is locked.
 * @throws UserError MODULE_AMBIGUOUS.
 */
export function chooseKey({ image, lock }: Declared, { reference, parent }: Choice): string {
  const name = moduleNameOf(reference);
  const own = [...image.modules.required, ...image.modules.optional].find((word) => moduleNameOf(word) === name);
  const said = reference === name && own !== undefined ? own : reference;
  const keys = keysOf(lock, said);
  const source = parent === undefined ? undefined : lock.modules[parent]?.source;
  const beside = own === undefined ? keys.find((key) => lock.modules[key]?.source === source) : undefined;
  if (beside === undefined && keys.length > 1) throw ambiguous({ image, lock }, name, keys);
  return beside ?? keys[0] ?? said;
}

/**
 * Refuses two modules of one name: in an image, Prosody would find only one of them.
 * @throws UserError MODULE_AMBIGUOUS.
 */
export function refuseNamesakes(declared: Declared, keys: readonly string[]): void {
  const twice = keys.find((key) => keys.some((other) => other !== key && moduleNameOf(other) === moduleNameOf(key)));
  if (twice === undefined) return;
  const same = keys.filter((key) => moduleNameOf(key) === moduleNameOf(twice));
  throw ambiguous(declared, moduleNameOf(twice), same);
}

/** How an image says that it means this entry of the lock. */
export function referenceTo(lock: Lock, key: string): string {
  return `${parseModuleKey(key).name}@${lock.modules[key]?.source}`;
}

function ambiguous({ image, lock }: Declared, name: string, keys: readonly string[]): UserError {
  const references = keys.map((key) => referenceTo(lock, key));
  const sources = references.map((reference) => parseModuleKey(reference).source);
  return new UserError("MODULE_AMBIGUOUS", `${image.name} would take ${name} from ${sources.join(" and from ")}`, {
    hint: `Write ${references.join(" or ")} in images/${image.name}/image.json.`,
  });
}
