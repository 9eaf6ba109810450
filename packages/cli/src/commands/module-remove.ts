import { readImages } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";
import { diffLocks, isPin, keysOf, type Lock, moduleNameOf, updateLock } from "@prosody-foundry/lockfile";
import { describeDiff } from "../change-pins.ts";
import type { CommandSpec } from "../command.ts";
import { lockedNames } from "../locked-names.ts";

export const moduleRemove: CommandSpec = {
  name: "module remove",
  summary: "take modules out of the lock",
  arguments: "<module...>",
  options: ["json"],
  example: "foundry module remove mod_firewall",
  async run(context, { args }) {
    const images = await readImages(context.root);
    const wanted = images.flatMap(({ name, modules }) =>
      [...modules.required, ...modules.optional].map((module) => ({ image: name, module })),
    );
    const remove = (lock: Lock): Lock => removeModules(lock, lockedNames(lock, args), wanted);
    const { before, after } = await updateLock(context.lockFile, remove, { onWait: (message) => context.say(message) });
    return describeDiff(diffLocks(before, after));
  },
};

function removeModules(
  lock: Lock,
  names: readonly string[],
  wanted: readonly { image: string; module: string }[],
): Lock {
  for (const name of names) {
    const image = wanted.find(
      ({ module }) => keysOf(lock, module).includes(name) && isLast(lock, names, module),
    )?.image;
    if (image !== undefined) throw inUse(name, `images/${image}/image.json names it`);
    const parents = Object.keys(lock.modules).filter((other) => !names.includes(other));
    const parent = parents.find((other) => needs(lock, other, moduleNameOf(name)));
    if (parent !== undefined && isLast(lock, names, moduleNameOf(name))) throw inUse(name, `${parent} needs it`);
  }
  const kept = Object.entries(lock.modules).filter(([name]) => !names.includes(name));
  return { ...lock, modules: Object.fromEntries(kept) };
}

/** Nothing is left of what a reference means once these are gone. */
function isLast(lock: Lock, gone: readonly string[], reference: string): boolean {
  return keysOf(lock, reference).every((key) => gone.includes(key));
}

function needs(lock: Lock, parent: string, name: string): boolean {
  return Object.values(lock.modules[parent]?.pins ?? {}).some((pin) => isPin(pin) && pin.depends.includes(name));
}

function inUse(name: string, because: string): UserError {
  return new UserError("MODULE_IN_USE", `${name} cannot be taken out of the lock: ${because}`, {
    hint: "Take it out there first.",
  });
}
