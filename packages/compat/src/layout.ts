import type { ModuleFacts } from "@prosody-foundry/lockfile";
import type { ModuleContent, ModuleFile } from "@prosody-foundry/source";

export type Layout = ModuleFacts["layout"];

/**
 * How the module lies in its folder. `library`: Lua, but no file that Prosody would load for this name; `tombstone`: no
 * Lua at all.
 */
export function layoutOf(content: ModuleContent): Layout {
  const main = mainFileOf(content);
  if (main !== undefined) return main.path.includes("/") ? "nested" : "standard";
  return content.files.some((file) => file.path.endsWith(".lua")) ? "library" : "tombstone";
}

/** The file Prosody loads, in the order its plugin loader looks: `x/mod_x.lua`, then `mod_x.lua`. */
export function mainFileOf(content: ModuleContent): ModuleFile | undefined {
  const main = `${content.name}.lua`;
  const places = [`${shortName(content.name)}/${main}`, main];
  return places.map((place) => content.files.find((file) => file.path === place)).find((file) => file !== undefined);
}

/** What `module:require` can reach in the module's own folder. */
export function libraryFilesOf(content: ModuleContent): ModuleFile[] {
  return content.files.filter((file) => file.path.endsWith(".lib.lua"));
}

/** `mod_x` → `x`, the name Prosody's configuration uses. */
export function shortName(name: string): string {
  return name.replace(/^mod_/u, "");
}

/** One character per byte, so no byte is lost and columns are right. */
export function latin1Text(file: ModuleFile): string {
  return Buffer.from(file.bytes).toString("latin1");
}
