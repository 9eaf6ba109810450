import { compareText } from "@prosody-foundry/kit";
import type { Lock } from "@prosody-foundry/lockfile";
import { checkKnown, moduleName } from "./context.ts";

/**
 * The modules of the lock that the words of a command line name (`x` or `mod_x`), or all of them, sorted, for none.
 * @throws UserError MODULE_NAME, MODULE_NOT_LOCKED with the nearest name.
 */
export function lockedNames(lock: Lock, words: readonly string[]): string[] {
  const known = Object.keys(lock.modules).toSorted(compareText);
  const names = words.map(moduleName);
  for (const word of names) checkKnown("MODULE_NOT_LOCKED", "module in the lock called", { word, known });
  return names.length === 0 ? known : names;
}
