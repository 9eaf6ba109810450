import { debianLibraries, debianPackageOf } from "@prosody-foundry/compat";
import { beforeAll, expect, it } from "vitest";
import { listDebianFiles } from "../fixtures/debian-files.ts";

const suites = ["bookworm", "trixie", "forky"] as const;
type Files = ReadonlyMap<string, readonly string[]>;

const names = Object.keys(debianLibraries);
const packages = new Set(Object.values(debianLibraries).map((library) => library.package));
let files: Record<(typeof suites)[number], Files>;

beforeAll(async () => {
  // lua-dbi-sqlite3 and the others bring the drivers, and this DBI itself.
  const wanted = [...packages, "lua-dbi-common"];
  const [bookworm, trixie, forky] = await Promise.all([
    listDebianFiles("bookworm", wanted),
    listDebianFiles("trixie", wanted),
    listDebianFiles("forky", wanted),
  ]);
  files = { bookworm, trixie, forky };
});

it.each(suites)("Debian %s has the libraries for Lua 5.4 that we say it has, and no others", (suite) => {
  const said = names.filter((name) => debianPackageOf(name, suite) !== null);
  expect(names.filter((name) => isBrought(name, files[suite]))).toEqual(said);
});

it("each package named exists", () => {
  expect([...packages].filter((name) => !files.forky.has(name))).toEqual([]);
});

// As Lua 5.4 finds it: `x.lua`, `x.so`, or a folder of parts.
function isBrought(name: string, brought: Files): boolean {
  const found = brought.get(debianLibraries[name]?.package ?? "") ?? [];
  return found.some((file) => new RegExp(`/lua/5\\.4/${name}(?:\\.lua|\\.so|/.+)$`, "u").test(file));
}
