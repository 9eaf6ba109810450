import { compareText, UserError } from "@prosody-foundry/kit";
import { keysOf, type Lock, moduleNameOf, parseModuleKey } from "@prosody-foundry/lockfile";
import { checkKnown, moduleName } from "./context.ts";

/**
 * Keys of the lock's modules that the words of a command line name (`x`, `mod_x` or `mod_x@source`), or all of them,
 * sorted, for none.
 * @throws UserError MODULE_NAME, MODULE_NOT_LOCKED with the nearest name, MODULE_AMBIGUOUS.
 */
export function lockedNames(lock: Lock, words: readonly string[]): string[] {
  if (words.length === 0) return Object.keys(lock.modules).toSorted(compareText);
  return words.map((word) => lockedName(lock, moduleReference(word)));
}

/** `mod_x` for `x`, `mod_x@source` for `x@source`. */
export function moduleReference(word: string): string {
  const { name, source } = parseModuleKey(word);
  return source === null ? moduleName(name) : `${moduleName(name)}@${source}`;
}

function lockedName(lock: Lock, word: string): string {
  const keys = keysOf(lock, word);
  const [key] = keys;
  const references = Object.entries(lock.modules).map(([other, { source }]) => `${moduleNameOf(other)}@${source}`);
  const known = word.includes("@") ? references : Object.keys(lock.modules).map(moduleNameOf);
  if (key === undefined) checkKnown("MODULE_NOT_LOCKED", "module in the lock called", { word, known });
  if (keys.length > 1) {
    const named = keys.map((one) => `${word}@${lock.modules[one]?.source}`).join(" or ");
    throw new UserError("MODULE_AMBIGUOUS", `The lock has ${word} from more than one source`, {
      hint: `Write ${named}.`,
    });
  }
  return key ?? word;
}
