import type { Evidence } from "@prosody-foundry/lockfile";
import type { ModuleContent } from "@prosody-foundry/source";
import { borrowedParts } from "./facts-of.ts";
import { layoutOf } from "./layout.ts";
import { explainLibrary, isForeign, prosodyLibrary, rootOf } from "./libraries.ts";
import type { Use } from "./lua-scan.ts";
import { type ModuleScan, ownPart, scanModule } from "./module-scan.ts";
import type { Surface } from "./surface.ts";

export interface StaticOptions {
  /** Day of the module's changeset, YYYY-MM-DD. */
  date: string;
  /** Community modules that this release can load, to meet dependencies; unless given those are not judged. */
  modules?: ReadonlySet<string>;
}

// Methods that a module adds to the API when it is loaded → the modules that do.
const lentMethods: Readonly<Record<string, readonly string[]>> = {
  http_url: ["mod_http"],
  audit: ["mod_audit"],
  could: ["mod_compat_roles"],
  may: ["mod_compat_roles"],
  default_permission: ["mod_compat_roles"],
  default_permissions: ["mod_compat_roles"],
};

/**
 * Compares what the code asks for with what the release's server offers. `broken`: something it cannot load without is
 * missing; `doubtful`: something is missing in a function that runs later; `loads`: nothing is. Sees
 * what loading cannot, and misses what only running shows.
 * @throws UserError LUA_SYNTAX, LUA_TOO_DEEP, LUA_TOO_LARGE
 */
export function staticEvidence(content: ModuleContent, surface: Surface, options: StaticOptions): Evidence[] {
  if (layoutOf(content) === "tombstone") return [];
  const { date } = options;
  const findings = findMissing(content, surface, options.modules);
  const hard = findings.filter((finding) => finding.hard);
  if (hard.length > 0) return [{ kind: "static", says: "broken", because: sentenceOf(hard), date }];
  if (findings.length > 0) return [{ kind: "static", says: "doubtful", because: sentenceOf(findings), date }];
  return [{ kind: "static", says: "loads", because: "All its code asks for is there", date }];
}

interface Finding {
  what: string;
  /** What helps, and where it is. */
  notes: string[];
  hard: boolean;
  /** Wrong on every release, not lacking on this one. */
  wrong: boolean;
}

function findMissing(content: ModuleContent, surface: Surface, modules?: ReadonlySet<string>): Finding[] {
  const scan = scanModule(content);
  return [
    ...missingLibraries(scan, surface),
    ...missingMethods(scan, surface),
    ...missingMembers(scan, surface),
    ...missingModules(content, scan, { surface, modules }),
    ...missingGlobals(scan, surface),
    ...openCommands(scan),
  ];
}

function missingLibraries(scan: ModuleScan, surface: Surface): Finding[] {
  return scan.requires
    .filter(({ name, guarded }) => !guarded && !hasLibrary(surface, name))
    .map((use) => findingOf(use, describeLibrary(use.name), adviceOf(surface, use.name)));
}

function hasLibrary(surface: Surface, name: string): boolean {
  const own = prosodyLibrary(name);
  // Servers before 13.0 do not know the prefix; those after tell so by this feature.
  if (own !== undefined) return own in surface.libraries && (own === name || surface.features.includes("loader"));
  if (!isForeign(name)) return true;
  return surface.lua.includes(name) || surface.lua.includes(rootOf(name));
}

function describeLibrary(name: string): string {
  return prosodyLibrary(name) === undefined ? `the Lua library ${name}` : `Prosody's library ${name}`;
}

function adviceOf(surface: Surface, name: string): string[] {
  const own = prosodyLibrary(name);
  if (own !== undefined) return own !== name && own in surface.libraries ? [`it is ${own} here`] : [];
  const meant = ["core", "util", "net"].map((group) => `${group}.${name}`).find((each) => each in surface.libraries);
  return [meant === undefined ? explainLibrary(name) : `Prosody has ${meant}`];
}

function missingMethods(scan: ModuleScan, surface: Surface): Finding[] {
  const lenders = new Set(scan.depends.map(({ name }) => name));
  const isLent = (method: string): boolean => lendersOf(method).some((name) => lenders.has(name));
  return scan.methods
    .filter(({ name, guarded }) => !guarded && !surface.moduleApi.includes(name) && !isLent(name))
    .map((use) => findingOf(use, `module:${use.name}()`));
}

// A module can name any method, those that every object has too.
function lendersOf(method: string): readonly string[] {
  return Object.hasOwn(lentMethods, method) ? (lentMethods[method] ?? []) : [];
}

// A library that is a function, or makes its members up, lists none.
function missingMembers(scan: ModuleScan, surface: Surface): Finding[] {
  return scan.members
    .filter(({ library, name, guarded }) => !guarded && !hasMember(surface, library, name))
    .map((use) => findingOf({ ...use, loading: use.called && use.loading }, `${use.library}.${use.name}`));
}

function hasMember(surface: Surface, library: string, name: string): boolean {
  const exported = surface.libraries[prosodyLibrary(library) ?? ""] ?? [];
  return exported.length === 0 || exported.includes(name);
}

interface Offer {
  surface: Surface;
  modules: ReadonlySet<string> | undefined;
}

function missingModules(content: ModuleContent, scan: ModuleScan, { surface, modules }: Offer): Finding[] {
  const coreParts = scan.parts.filter(
    (use) => ownPart(content, use.name) === undefined && !use.name.startsWith("mod_"),
  );
  const lentByCore = coreParts.map((use) => ({ ...use, name: `mod_${use.name.split("/")[0]}` }));
  const needed = [
    ...scan.depends,
    ...borrowedParts(content, scan),
    ...lentByCore.filter(({ name }) => name !== "mod_ldap"),
  ];
  const known = (name: string): boolean =>
    name === content.name || surface.core.includes(name) || (modules?.has(name) ?? true);
  return needed
    .filter(({ name, guarded }) => !guarded && !known(name))
    .map((use) => findingOf(use, `the module ${use.name}`));
}

// An undefined global is nil; only what indexes or calls it fails. `prosodyctl` is there for the commands of prosodyctl.
function missingGlobals(scan: ModuleScan, surface: Surface): Finding[] {
  const known = new Set([...surface.globals, "module", "_G", "_ENV"]);
  return scan.globals
    .filter(({ name, guarded }) => !guarded && !known.has(name))
    .map((use) => ({ ...use, loading: use.called && use.loading }))
    .filter(({ name, loading }) => loading || name !== "prosodyctl")
    .map((use) => findingOf(use, `the global ${use.name}`));
}

// The `new` of Prosody's ad-hoc library raises an error.
function openCommands({ openCommands: uses }: ModuleScan): Finding[] {
  return uses
    .filter(({ guarded }) => !guarded)
    .map((use) => ({ ...findingOf(use, "an ad-hoc command without a permission"), wrong: true }));
}

function findingOf(use: Use & { file: string }, what: string, advice: readonly string[] = []): Finding {
  const notes = [...advice, `${use.file}:${use.line}`];
  return { what, notes, hard: use.loading && !use.guarded, wrong: false };
}

function sentenceOf(findings: readonly Finding[]): string {
  const lacking = listOf(findings.filter(({ wrong }) => !wrong));
  const wrong = listOf(findings.filter((finding) => finding.wrong));
  const sentences = [
    ...(lacking === "" ? [] : [`It asks for ${lacking}, which the release lacks`]),
    ...(wrong === "" ? [] : [`It registers ${wrong}, which Prosody refuses`]),
  ];
  return sentences.join(". ");
}

// The first place of each is enough.
function listOf(findings: readonly Finding[]): string {
  const notes = new Map(findings.toReversed().map((finding) => [finding.what, finding.notes]));
  const all = [...notes].map(([what, note]) => `${what} (${note.join("; ")})`).toSorted();
  return `${all.slice(0, 4).join(", ")}${all.length > 4 ? ` and ${all.length - 4} more` : ""}`;
}
