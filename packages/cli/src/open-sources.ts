import { UserError } from "@prosody-foundry/kit";
import type { Lock, LockedSource } from "@prosody-foundry/lockfile";
import { openSource, type Source, type SourceContext, type SourceSpec } from "@prosody-foundry/source";
import { checkKnown, type Context } from "./context.ts";
import { fetchDebianDaily } from "./fetch-debian.ts";

/** Where modules come from when the lock names no source yet. */
export const upstreamName = "prosody-modules";
const upstream: LockedSource = {
  kind: "hg",
  url: "https://hg.prosody.im/prosody-modules/",
  folder: "",
  debian: ["trixie", "bookworm", "forky"],
  licence: "MIT",
};

/** A locked source as something to read: the tree itself, then every suite that carries part of its content. */
export interface OpenSource {
  name: string;
  locked: LockedSource;
  tree: Source;
  /** The tree first, its Debian mirrors after it. */
  all: Source[];
}

/** Opens one of the lock's sources, or upstream's for a lock that has none. */
export function openLockedSource(context: Context, lock: Lock, name: string): OpenSource {
  const known: Record<string, LockedSource> = { [upstreamName]: upstream, ...lock.sources };
  checkKnown("SOURCE_UNKNOWN", "source", { word: name, known: Object.keys(known) });
  const locked = known[name] ?? upstream;
  const tree = openTree(context, { name, ...locked });
  const mirrors = locked.debian.map((suite) =>
    openTree(context, { name: `${name} of Debian ${suite}`, kind: "debian", url: suite, folder: "" }),
  );
  return { name, locked, tree, all: [tree, ...mirrors] };
}

/** One tree, whatever the lock says. */
export function openTree(context: Context, spec: SourceSpec): Source {
  const { name, kind, url, folder } = spec;
  return openSource({ name, kind, url, folder }, sourceContext(context));
}

/** All sources of the lock by name. */
export function openSources(context: Context, lock: Lock): Map<string, OpenSource> {
  const names = new Set([upstreamName, ...Object.keys(lock.sources)]);
  return new Map([...names].map((name) => [name, openLockedSource(context, lock, name)]));
}

/** The locked source a module comes from. */
export function sourceOf(sources: ReadonlyMap<string, OpenSource>, name: string): OpenSource {
  const source = sources.get(name);
  if (source !== undefined) return source;
  throw new UserError("SOURCE_UNKNOWN", `The lock has no source ${name}`, { hint: "Restore modules.lock.json." });
}

function sourceContext(context: Context): SourceContext {
  return { ...context, fetchDebian: (request) => fetchDebianDaily(context, request) };
}
