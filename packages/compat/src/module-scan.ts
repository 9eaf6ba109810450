import type { ModuleContent, ModuleFile } from "@prosody-foundry/source";
import { latin1Text, libraryFilesOf, mainFileOf, shortName } from "./layout.ts";
import { type LuaScan, type Use, scanLua } from "./lua-scan.ts";

/** A use and the file it is in. */
type ModuleUse<T extends Use = Use> = T & { file: string };

/** What all of a module's code asks for, seen from its main file: see `LuaScan`. */
export type ModuleScan = {
  [K in Exclude<keyof LuaScan, "dynamic">]: Array<ModuleUse<LuaScan[K][number]>>;
} & { dynamic: number };

/**
 * Scans the main file and the libraries beside it (`*.lib.lua`). A library is as unconditional as the way the main file
 * takes it in; one that nobody names with a plain string may never be used.
 * @throws UserError LUA_SYNTAX, LUA_TOO_DEEP, LUA_TOO_LARGE
 */
export function scanModule(content: ModuleContent): ModuleScan {
  const main = mainFileOf(content);
  const libraries = libraryFilesOf(content);
  const starts = main === undefined ? libraries : [main];
  const files = new Map([...starts, ...libraries].map((file) => [file.path, file]));
  const scans = new Map([...files].map(([path, file]) => [path, scanLua(latin1Text(file), `${content.name}/${path}`)]));
  const ways = waysTo(content, scans, starts);
  const parts = [...scans].map(([path, scan]) =>
    qualify(scan, path, ways.get(path) ?? { loading: false, guarded: true }),
  );
  return joinScans(parts);
}

/** Path of the module's own file that `module:require(name)` finds, in the order Prosody looks. */
export function ownPart(content: ModuleContent, name: string): ModuleFile | undefined {
  const short = shortName(content.name);
  const own = name.startsWith(`${content.name}/`) ? name.slice(content.name.length + 1) : name;
  const places = [`${short}/${own}.lib.lua`, `${own}.lib.lua`, `${short}/${own}.lua`, `${own}.lua`];
  return places.map((place) => content.files.find(({ path }) => path === place)).find((file) => file !== undefined);
}

type Way = Pick<Use, "loading" | "guarded">;

// From the main file along its own module:require calls; the first way found to a library is kept unless a better one is.
function waysTo(
  content: ModuleContent,
  scans: ReadonlyMap<string, LuaScan>,
  starts: readonly ModuleFile[],
): Map<string, Way> {
  const ways = new Map<string, Way>(starts.map(({ path }) => [path, { loading: true, guarded: false }]));
  const open = starts.map(({ path }) => path);
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const from = ways.get(path) ?? { loading: false, guarded: true };
    const steps = (scans.get(path)?.parts ?? []).map((use) => ({
      target: ownPart(content, use.name)?.path ?? "",
      way: combine(from, use),
    }));
    const better = steps.filter(({ target, way }) => scans.has(target) && isBetter(way, ways.get(target)));
    for (const { target, way } of better) ways.set(target, way);
    open.push(...better.map(({ target }) => target));
  }
  return ways;
}

function combine(outer: Way, inner: Way): Way {
  return { loading: outer.loading && inner.loading, guarded: outer.guarded || inner.guarded };
}

function isBetter(way: Way, known: Way | undefined): boolean {
  return known === undefined || rank(way) > rank(known);
}

function rank({ loading, guarded }: Way): number {
  return (guarded ? 0 : 2) + (loading ? 1 : 0);
}

function qualify(scan: LuaScan, file: string, way: Way): ModuleScan {
  const place = <T extends Use>(uses: readonly T[]): Array<ModuleUse<T>> =>
    uses.map((use) => ({ ...use, ...combine(way, use), file }));
  return {
    requires: place(scan.requires),
    methods: place(scan.methods),
    depends: place(scan.depends),
    parts: place(scan.parts),
    members: place(scan.members),
    globals: place(scan.globals),
    dynamic: scan.dynamic,
  };
}

function joinScans(scans: readonly ModuleScan[]): ModuleScan {
  return {
    requires: scans.flatMap(({ requires }) => requires),
    methods: scans.flatMap(({ methods }) => methods),
    depends: scans.flatMap(({ depends }) => depends),
    parts: scans.flatMap(({ parts }) => parts),
    members: scans.flatMap(({ members }) => members),
    globals: scans.flatMap(({ globals }) => globals),
    dynamic: scans.map(({ dynamic }) => dynamic).filter((count) => count > 0).length,
  };
}
