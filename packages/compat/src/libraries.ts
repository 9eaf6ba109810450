/** Lua's own, and what every Prosody brings: LuaSocket, LuaSec, LuaExpat, LuaFileSystem. */
const always = new Set(
  "string table math io os coroutine debug package utf8 socket mime ltn12 ssl lxp lfs prosody".split(" "),
);

/** A package of Debian that a Lua library comes from. */
export interface DebianLibrary {
  package: string;
  /** First suite whose package has it for Lua 5.4, the Lua of every series; null where none has. */
  since: DebianSuite | null;
}

const suites = ["bookworm", "trixie", "forky"] as const;
type DebianSuite = (typeof suites)[number];

/** Root of a Lua library's name → Debian package; what Debian has not is not here. */
export const debianLibraries: Readonly<Record<string, DebianLibrary>> = {
  DBI: { package: "lua-dbi-sqlite3", since: "bookworm" },
  basexx: { package: "lua-basexx", since: "forky" },
  bit32: { package: "lua-bit32", since: null },
  cjson: { package: "lua-cjson", since: "bookworm" },
  curses: { package: "lua-curses", since: "forky" },
  cyrussasl: { package: "lua-cyrussasl", since: "bookworm" },
  geoip: { package: "lua-geoip", since: "bookworm" },
  http: { package: "lua-http", since: null },
  inotify: { package: "lua-inotify", since: null },
  lpty: { package: "lua-lpty", since: null },
  lualdap: { package: "lua-ldap", since: "bookworm" },
  lunbound: { package: "lua-unbound", since: "bookworm" },
  openssl: { package: "lua-luaossl", since: "bookworm" },
  posix: { package: "lua-posix", since: "trixie" },
  proctitle: { package: "lua-proctitle", since: "trixie" },
  readline: { package: "lua-readline", since: "bookworm" },
  zlib: { package: "lua-zlib", since: "bookworm" },
};

const prosodyName = /^(?:prosody\.)?(?:util|net|core|plugins)\./u;

/** True for a Lua library that Prosody does not bring: not its own, not Lua's, not one it needs itself. */
export function isForeign(library: string): boolean {
  return !prosodyName.test(library) && !always.has(rootOf(library));
}

/** The name under which Prosody's libraries are listed (`util.x`), or undefined when it is none of them. */
export function prosodyLibrary(library: string): string | undefined {
  return prosodyName.test(library) ? library.replace(/^prosody\./u, "") : undefined;
}

/** `openssl.hmac` → `openssl`: what is installed together. */
export function rootOf(library: string): string {
  return library.split(".")[0] ?? library;
}

/** The package that brings a Lua library for Lua 5.4 in a suite (that of the servers unless given), null where none does. */
export function debianPackageOf(library: string, suite: DebianSuite = "trixie"): string | null {
  const found = libraryIn(library);
  if (found?.since === undefined || found.since === null) return null;
  return suites.indexOf(found.since) <= suites.indexOf(suite) ? found.package : null;
}

/** Where to get a Lua library, for people. */
export function explainLibrary(library: string): string {
  const found = libraryIn(library);
  if (found === undefined) return "Debian has no package of it";
  if (found.since === null) return `Debian's ${found.package} is not for Lua 5.4`;
  return `Debian: ${found.package}${found.since === "bookworm" ? "" : ` from ${found.since} on`}`;
}

function libraryIn(library: string): DebianLibrary | undefined {
  const root = rootOf(library);
  return Object.hasOwn(debianLibraries, root) ? debianLibraries[root] : undefined;
}
