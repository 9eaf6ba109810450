import { compareText } from "@prosody-foundry/kit";
import type { Lock } from "./schema.ts";

/** A module and the source it is taken from; null: whichever has it. */
export interface ModuleReference {
  name: string;
  source: string | null;
}

/** `mod_x@jitsi` → `mod_x` of `jitsi`; a plain `mod_x` names no source. */
export function parseModuleKey(key: string): ModuleReference {
  const [name = "", source = null] = key.split("@");
  return { name, source };
}

/** The name Prosody knows an entry of the lock by: `mod_x` for `mod_x` and `mod_x@jitsi`. */
export function moduleNameOf(key: string): string {
  return parseModuleKey(key).name;
}

/**
 * Keys of the lock's entries that `mod_x` or `mod_x@source` may mean, sorted: more than one only for a plain name that is
 * locked from more than one source.
 */
export function keysOf({ modules }: Pick<Lock, "modules">, reference: string): string[] {
  const { name, source } = parseModuleKey(reference);
  // Sources are looked at, not keys: the first source's entry may be meant by `mod_x@source` and stands under `mod_x`.
  const isMeant = (key: string): boolean => source === null || modules[key]?.source === source;
  return Object.keys(modules)
    .filter((key) => moduleNameOf(key) === name && isMeant(key))
    .toSorted(compareText);
}

/** The key of the entry for a module of a source, also where it is still to be made. */
export function keyFor(lock: Pick<Lock, "modules">, { name, source }: { name: string; source: string }): string {
  const [present] = keysOf(lock, `${name}@${source}`);
  return present ?? (lock.modules[name] === undefined ? name : `${name}@${source}`);
}
