/** An entry of a layer that matters here. */
export type LayerEntry =
  | { kind: "file"; path: string; executable: boolean; bytes: Uint8Array }
  /** Symbolic; `target` as it is written. */
  | { kind: "link"; path: string; target: string }
  /** A device, a pipe, a hard link. */
  | { kind: "odd"; path: string };

interface LaidFile {
  executable: boolean;
  bytes: Uint8Array;
}

/** What layers come to when they lie on each other: path without leading slash → file. */
export interface LaidFiles {
  files: Map<string, LaidFile>;
  /** Paths that are no plain files, links among them. */
  odd: Set<string>;
  /**
   * Links that lead to modules or records, or there by another name: what a later layer has behind one has a path that does
   * not show where it comes to lie, and was passed by.
   */
  shortcuts: Set<string>;
}

/** A step of a path that leads to modules or records. */
const watched = /(?:^|\/)(?:mod_[^/]*|prosody-modules|status\.d)(?:\/|$)/u;

/**
 * Lays layers on each other as a runtime does, lowest first: later ones hide what is below, whiteouts take away, and a path
 * that leads through a link of an earlier entry is where that link leads. Pure.
 */
export function layFiles(layers: readonly (readonly LayerEntry[])[]): LaidFiles {
  const links = new Map<string, string>();
  const laid: LaidFiles = { files: new Map(), odd: new Set(), shortcuts: new Set() };
  for (const layer of layers) {
    for (const { path } of layer.filter((entry) => isWhiteout(entry.path))) {
      takeAway(laid, resolveFolder(path, links));
    }
    for (const entry of layer.filter(({ path }) => !isWhiteout(path))) {
      lay(laid, { ...entry, path: resolveFolder(entry.path, links) }, links);
    }
  }
  return laid;
}

const whiteout = ".wh.";
const opaque = ".wh..wh..opq";

function isWhiteout(path: string): boolean {
  return nameOf(path).startsWith(whiteout);
}

function takeAway({ files, odd }: LaidFiles, path: string): void {
  const folder = folderOf(path);
  const name = nameOf(path);
  const gone = name === opaque ? folder : joinPath(folder, name.slice(whiteout.length));
  const isGone = (each: string): boolean => each.startsWith(`${gone}/`) || (name !== opaque && each === gone);
  for (const each of files.keys()) if (isGone(each)) files.delete(each);
  for (const each of odd) if (isGone(each)) odd.delete(each);
}

function lay({ files, odd, shortcuts }: LaidFiles, entry: LayerEntry, links: Map<string, string>): void {
  const { path } = entry;
  files.delete(path);
  odd.delete(path);
  links.delete(path);
  if (entry.kind === "file") files.set(path, { executable: entry.executable, bytes: entry.bytes });
  else odd.add(path);
  if (entry.kind !== "link") return;
  links.set(path, entry.target);
  if (watched.test(entry.target)) shortcuts.add(path);
}

const mostHops = 40;

/** Where a path's folder really is; the last step stays as it is. */
function resolveFolder(path: string, links: ReadonlyMap<string, string>): string {
  const left = stepsOf(path);
  const last = left.pop() ?? "";
  let at = "";
  let hops = 0;
  for (let step = left.shift(); step !== undefined; step = left.shift()) {
    const next = step === ".." ? folderOf(at) : joinPath(at, step);
    const target = links.get(next);
    if (target === undefined || hops >= mostHops) {
      at = next;
      continue;
    }
    hops += 1;
    left.unshift(...stepsOf(target));
    if (target.startsWith("/")) at = "";
  }
  return joinPath(at, last);
}

function stepsOf(path: string): string[] {
  return path.split("/").filter((step) => step !== "" && step !== ".");
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function joinPath(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
