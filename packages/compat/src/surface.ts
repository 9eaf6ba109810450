import { compareText } from "@prosody-foundry/kit";
import { ModuleName } from "@prosody-foundry/lockfile";
import { z } from "zod";

/** What one release's server offers to modules, read from the server itself. */
export const Surface = z.strictObject({
  /** As `prosody.version` says it. */
  version: z.string(),
  /** Its own plugins, as `mod_x`. */
  core: z.array(ModuleName),
  /** `core.features.available`. */
  features: z.array(z.string()),
  /** Prosody library (`util.x`, `net.x`, `core.x`) → exported names. */
  libraries: z.record(z.string(), z.array(z.string())),
  /** Methods of `module:`. */
  moduleApi: z.array(z.string()),
  globals: z.array(z.string()),
  /** External Lua libraries that can be required in the image (`socket`, `ssl`, `lfs`, `lxp`, `DBI`, …). */
  lua: z.array(z.string()),
});
export type Surface = z.infer<typeof Surface>;

/** What one or the other configuration of the same server offers. */
export function uniteSurfaces(one: Surface, other: Surface): Surface {
  const names = unite(Object.keys(one.libraries), Object.keys(other.libraries));
  const libraries = names.map((name): [string, string[]] => [
    name,
    unite(one.libraries[name] ?? [], other.libraries[name] ?? []),
  ]);
  return {
    version: one.version,
    core: unite(one.core, other.core),
    features: unite(one.features, other.features),
    libraries: Object.fromEntries(libraries),
    moduleApi: unite(one.moduleApi, other.moduleApi),
    globals: unite(one.globals, other.globals),
    lua: unite(one.lua, other.lua),
  };
}

function unite(one: readonly string[], other: readonly string[]): string[] {
  return [...new Set([...one, ...other])].toSorted(compareText);
}
