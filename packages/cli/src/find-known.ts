import { didYouMean, UserError } from "@prosody-foundry/kit";
import { findKnown, type KnownModule } from "@prosody-foundry/registry";
import { moduleReference } from "./locked-names.ts";

/**
 * The module that a word of a command line means: `x`, `mod_x` or `mod_x@source`.
 * @throws UserError MODULE_NAME, MODULE_NOT_LOCKED with the nearest name, MODULE_AMBIGUOUS
 */
export function findNamed(known: readonly KnownModule[], word: string): KnownModule {
  const key = moduleReference(word);
  const [found, other] = findKnown(known, key);
  if (found === undefined) throw notKnown(known, key);
  if (other === undefined) return found;
  const keys = [found, other].map((module) => `${module.name}@${module.source}`);
  throw new UserError("MODULE_AMBIGUOUS", `More than one source has ${key}`, { hint: `Write ${keys.join(" or ")}.` });
}

function notKnown(known: readonly KnownModule[], key: string): UserError {
  const names = [...new Set(known.map(({ name }) => name))];
  const hint = didYouMean(key, names) ?? "`foundry module search` finds modules by name, label, XEP and text.";
  return new UserError("MODULE_NOT_LOCKED", `Neither the lock nor a survey has a module called "${key}"`, { hint });
}
