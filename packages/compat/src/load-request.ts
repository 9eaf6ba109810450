import type { Evidence } from "@prosody-foundry/lockfile";

/** A file, its path relative to the folder of whatever it belongs to. */
export interface ShippedFile {
  path: string;
  bytes: Uint8Array;
}

/** A module as it ships: its name (`mod_x`) and its files. */
export interface ShippedModule {
  name: string;
  files: readonly ShippedFile[];
}

/** A module to load, with every community module it depends on: its pinned closure and nothing else. */
export interface LoadRequest extends ShippedModule {
  closure: readonly ShippedModule[];
}

/** The plugin folder of the server: the module and its closure, each in its folder. */
export function layOutModules(request: LoadRequest): ShippedFile[] {
  return [request, ...request.closure].flatMap(layOutModule);
}

// A library module (`mod_lib_ldap/ldap.lib.lua`) is found by others only at the top of the plugin folder, where
// Debian's package has it too.
function layOutModule(module: ShippedModule): ShippedFile[] {
  const inFolder = module.files.map(({ path, bytes }) => ({ path: `${module.name}/${path}`, bytes }));
  if (!module.name.startsWith("mod_lib_")) return inFolder;
  return [...inFolder, ...module.files.filter(({ path }) => /^[^/]+\.lib\.lua$/u.test(path))];
}

/** What is to be said of a module that has nothing to load; undefined for one that has. */
export function explainNoCode(request: LoadRequest, date: string): Evidence | undefined {
  const { name, files } = request;
  const short = name.replace(/^mod_/u, "");
  if (files.some(({ path }) => path === `${name}.lua` || path === `${short}/${name}.lua`)) return undefined;
  if (files.some(({ path }) => path.endsWith(".lua"))) {
    return { kind: "loaded", says: "silent", because: `it has no ${name}.lua: nothing to load by itself`, date };
  }
  return { kind: "loaded", says: "tombstone", because: "it has no code", date };
}
