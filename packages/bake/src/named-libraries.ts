import path from "node:path";
import type { ImageFiles } from "./image-files.ts";
import type { Libraries, SharedObject } from "./libraries.ts";

/**
 * What is loaded by name, so that no DT_NEEDED says it: C modules of Lua that some Lua file of the image names; Prosody's
 * own, which are there for modules that are not in the image, too; and plugins of libraries that are needed themselves.
 */
export function findNamed(files: ImageFiles, libraries: Libraries): SharedObject[] {
  const words = new Set([...files.values()].flatMap((file) => file.words ?? []));
  const isNamed = (at: string): boolean => namesOf(at).some((name) => words.has(name) || isDriver(name));
  const paths = [...files.keys()].filter((at) => isNamed(at) || isOwn(at) || isPlugin(at, libraries));
  return paths.map((at) => libraries.find(at)).filter((object) => object !== undefined);
}

/** Prosody's own C modules. */
function isOwn(at: string): boolean {
  return /^\/usr\/lib\/prosody\/util\/\w+\.so$/u.test(at);
}

/** Folders of package.cpath, in the image and in what Prosody adds. */
const moduleFolders =
  /^\/usr\/(?:local\/)?lib\/(?:[^/]+-linux-[^/]+\/)?(?:lua\/5\.4|prosody|prosody-foundry)\/(.+)\.so$/u;

/** What Lua code may call a C module: since 13.0 Prosody's own have a prefix, and `x.core` may be in `x.so`. */
function namesOf(at: string): string[] {
  const name = moduleFolders.exec(at)?.[1]?.replaceAll("/", ".");
  return name === undefined ? [] : [name, `prosody.${name}`, `${name}.core`];
}

/** DBI makes the name of a driver's module of what the configuration says. */
function isDriver(name: string): boolean {
  return /^dbd\.\w+$/u.test(name);
}

/** What a library opens by itself: its file → the plugins. */
const plugins: readonly { library: string; plugin: RegExp }[] = [
  { library: "libmariadb.so.3", plugin: /\/libmariadb3\/plugin\/[^/]+\.so$/u },
  // For pthread_cancel and backtrace.
  { library: "libc.so.6", plugin: /\/libgcc_s\.so\.1$/u },
];

function isPlugin(at: string, libraries: Libraries): boolean {
  const rule = plugins.find(({ plugin }) => plugin.test(at));
  return rule !== undefined && libraries.objects.some((object) => path.posix.basename(object.at) === rule.library);
}

/** Words in quotes that may be the name of a module, out of Lua code. */
export function quotedWords(code: string): string[] {
  return [...new Set([...code.matchAll(/["']([\w.]+)["']/gu)].map(([, word = ""]) => word))];
}
