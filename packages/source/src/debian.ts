import { makeContent, type ModuleContent, type ModuleFile } from "./content.ts";

/** What the version of a prosody-modules package tells: the Mercurial revision it was made of, and its day. */
export interface DebianRevision {
  /** 12 hex digits. */
  node: string;
  /** ISO 8601, UTC. */
  date: string;
}

/** `0.0~hg20250402.f315edc39f3d+dfsg-2` → f315edc39f3d, 2025-04-02; undefined for a version of another form. */
export function parseDebianVersion(version: string): DebianRevision | undefined {
  const match = /hg(\d{4})(\d{2})(\d{2})\.([0-9a-f]{12})/u.exec(version);
  if (match === null) return undefined;
  const [, year, month, day, node = ""] = match;
  return { node, date: `${year}-${month}-${day}T00:00:00.000Z` };
}

const modules = "./usr/lib/prosody/modules/";
const documents = "./usr/share/doc/prosody-modules/";

/** True for the files of the package that belong to modules. */
export function isDebianModuleFile(path: string): boolean {
  return path.startsWith(modules) || path.startsWith(`${documents}README_mod_`);
}

/**
 * Modules in upstream's layout. Debian moves `mod_lib_x/x.lib.lua` to the top and `mod_x/README.md` to
 * `README_mod_x.md` among the documents (`unzip` has undone its compression).
 */
export function collectDebianModules(files: readonly ModuleFile[]): Map<string, ModuleContent> {
  const placed = files.map(placeFile).filter((item) => item !== undefined);
  const groups = Map.groupBy(placed, ({ name }) => name);
  return new Map(
    [...groups].map(([name, group]) => [
      name,
      makeContent(
        name,
        group.map(({ file }) => file),
      ),
    ]),
  );
}

// Where Debian has a file → the module it is of, and its path there.
const places: readonly [RegExp, (found: readonly string[]) => { name: string; path: string }][] = [
  [/^\.\/usr\/lib\/prosody\/modules\/(mod_[^/]+)\/(.+)$/u, ([name = "", path = ""]) => ({ name, path })],
  [
    /^\.\/usr\/lib\/prosody\/modules\/([^/]+)\.lib\.lua$/u,
    ([library = ""]) => ({ name: `mod_lib_${library}`, path: `${library}.lib.lua` }),
  ],
  [/\/README_(mod_[^/.]+)\.(md|markdown)$/u, ([name = "", ending = ""]) => ({ name, path: `README.${ending}` })],
];

function placeFile(file: ModuleFile): { name: string; file: ModuleFile } | undefined {
  for (const [pattern, place] of places) {
    const found = pattern.exec(file.path);
    if (found === null) continue;
    const { name, path } = place(found.slice(1));
    return { name, file: { ...file, path } };
  }
  return undefined;
}
