/** Lua's own, and what every Prosody brings: LuaSocket, LuaSec, LuaExpat, LuaFileSystem. */
const always = new Set(
  "string table math io os coroutine debug package utf8 socket mime ltn12 ssl lxp lfs prosody".split(" "),
);

/** Root of a Lua library's name → Debian package that brings it for Lua 5.4; what Debian has not is not here. */
const debianPackages: Readonly<Record<string, string>> = {
  DBI: "lua-dbi-sqlite3",
  cjson: "lua-cjson",
  curses: "lua-curses",
  cyrussasl: "lua-cyrussasl",
  geoip: "lua-geoip",
  lualdap: "lua-ldap",
  openssl: "lua-luaossl",
  posix: "lua-posix",
  proctitle: "lua-proctitle",
  readline: "lua-readline",
  unbound: "lua-unbound",
  lunbound: "lua-unbound",
  zlib: "lua-zlib",
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

/** The Debian package that brings a Lua library for Lua 5.4, null where Debian has none. */
export function debianPackageOf(library: string): string | null {
  return debianPackages[rootOf(library)] ?? null;
}
