import { type Lock, isPin, keyFor } from "@prosody-foundry/lockfile";
import type { Target } from "./target.ts";

/**
 * /usr/lib/prosody-foundry/modules.lua of an image: a Lua table of the shipped modules by name, with the kinds of host each
 * loads on. Only what the image requires is enabled from the start; the rest (`enable = false`) is there for
 * PROSODY_ENABLE_MODULES, or is loaded by Prosody when another module asks for it.
 */
export function modulesLua(target: Pick<Target, "series" | "modules">, lock: Lock): string {
  const entries = target.modules.map((module) => {
    const pin = lock.modules[keyFor(lock, module)]?.pins[target.series];
    if (!isPin(pin)) throw new Error(`${module.name} ships on ${target.series} without a pin`);
    const enabled = module.reason === "required" && pin.layout !== "library";
    return `  [${quote(module.name)}] = { hosts = { ${pin.hosts.map(quote).join(", ")} }${enabled ? "" : ", enable = false"} },\n`;
  });
  return `return {\n${entries.toSorted().join("")}}\n`;
}

// Module names and host kinds have no character that Lua and JSON quote differently; the schemas see to it.
function quote(text: string): string {
  return JSON.stringify(text);
}
