import { UserError } from "@prosody-foundry/kit";
import type { ModuleContent, ModuleFile } from "@prosody-foundry/source";
import { latin1Text, libraryFilesOf, mainFileOf, shortName } from "./layout.ts";
import { type LuaScan, type Use, scanLua } from "./lua-scan.ts";

/** A use and the file it is in. */
type ModuleUse<T extends Use = Use> = T & { file: string };

/** What all of a module's code asks for, seen from its main file: see `LuaScan`. */
export type ModuleScan = {
  [K in Exclude<keyof LuaScan, "dynamic" | "sets">]: Array<ModuleUse<LuaScan[K][number]>>;
} & { dynamic: number };

/**
 * Scans the main file, the libraries beside it (`*.lib.lua`) and whatever else these take in. A library is as
 * unconditional as the way the main file takes it in; one that nobody names with a plain string may never be used.
 * @throws UserError LUA_SYNTAX, LUA_TOO_DEEP, LUA_TOO_LARGE
 */
export function scanModule(content: ModuleContent): ModuleScan {
  const main = mainFileOf(content);
  const libraries = libraryFilesOf(content);
  const starts = main === undefined ? libraries : [main];
  const scans = scanFiles(content, [...starts, ...libraries]);
  const ways = waysTo(content, scans, starts);
  const parts = [...scans].map(([path, scan]) =>
    qualify(scan, path, ways.get(path) ?? { loading: false, guarded: true }),
  );
  const joined = joinScans(parts, [...scans.values()]);
  // All files of a module share one environment.
  const set = new Set([...scans.values()].flatMap(({ sets }) => sets));
  return { ...joined, globals: joined.globals.filter(({ name }) => !set.has(name)) };
}

// Upstream's largest module has less than 100 KiB of Lua.
const maxLua = 1024 * 1024;

function scanFiles(content: ModuleContent, files: readonly ModuleFile[]): Map<string, LuaScan> {
  const scans = new Map<string, LuaScan>();
  const open = files.toReversed();
  let size = 0;
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (scans.has(file.path)) continue;
    size += file.bytes.length;
    if (size > maxLua)
      throw new UserError("LUA_TOO_LARGE", `${content.name} has more than 1 MiB of Lua`, {
        hint: "Patch the module, or pin another revision of it.",
      });
    const scan = scanLua(latin1Text(file), `${content.name}/${file.path}`);
    scans.set(file.path, scan);
    const names = [...new Set(scan.parts.map(({ name }) => name))];
    const taken = names.map((name) => ownPart(content, name)).filter((part) => part !== undefined);
    open.push(...taken.toReversed());
  }
  return scans;
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
    // Again: one file can take in another twice.
    for (const { target, way } of better) ways.set(target, betterOf(way, ways.get(target)));
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

function betterOf(way: Way, known: Way | undefined): Way {
  return known === undefined || isBetter(way, known) ? way : known;
}

function rank({ loading, guarded }: Way): number {
  return (guarded ? 0 : 2) + (loading ? 1 : 0);
}

function qualify(scan: LuaScan, file: string, way: Way): Omit<ModuleScan, "dynamic"> {
  const place = <T extends Use>(uses: readonly T[]): Array<ModuleUse<T>> =>
    uses.map((use) => ({ ...use, ...combine(way, use), file }));
  return {
    requires: place(scan.requires),
    methods: place(scan.methods),
    depends: place(scan.depends),
    parts: place(scan.parts),
    members: place(scan.members),
    globals: place(scan.globals),
    openCommands: place(scan.openCommands),
  };
}

function joinScans(scans: ReadonlyArray<Omit<ModuleScan, "dynamic">>, files: readonly LuaScan[]): ModuleScan {
  return {
    requires: scans.flatMap(({ requires }) => requires),
    methods: scans.flatMap(({ methods }) => methods),
    depends: scans.flatMap(({ depends }) => depends),
    parts: scans.flatMap(({ parts }) => parts),
    members: scans.flatMap(({ members }) => members),
    globals: scans.flatMap(({ globals }) => globals),
    openCommands: scans.flatMap(({ openCommands }) => openCommands),
    dynamic: files.filter(({ dynamic }) => dynamic > 0).length,
  };
}
