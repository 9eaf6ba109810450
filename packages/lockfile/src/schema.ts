import { Series } from "@prosody-foundry/kit";
import { z } from "zod";

/** A Mercurial or git revision: 40 hex digits. */
export const Revision = z.string().regex(/^[0-9a-f]{40}$/u, "is no revision (40 hex digits)");
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/u, "is no SHA-256 (64 hex digits)");
/** `mod_` and the name Prosody knows it by. */
export const ModuleName = z.string().regex(/^mod_[A-Za-z0-9_-]+$/u, "is no module name (mod_…)");
/** What an upstream tree is called: `prosody-modules`. */
export const SourceName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]*$/u, "is no source name (lower-case letters, digits, - and .)");
/** A module in the lock or in an image: `mod_x`, or `mod_x@source` where more than one source has that name. */
export const ModuleKey = z
  .string()
  .regex(/^mod_[A-Za-z0-9_-]+(@[a-z0-9][a-z0-9.-]*)?$/u, "is no module name (mod_… or mod_…@source)");
/** A day, UTC. */
export const Day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/u, "is no date (YYYY-MM-DD)");

/** What the evidence about a module adds up to on one release; see docs of `judge` in compat. */
export const Verdict = z.enum(["works", "loads", "doubtful", "broken", "core", "tombstone", "unknown"]);
export type Verdict = z.infer<typeof Verdict>;

/** One observation about a module on a release: which kind, what it says, why, and when it was made. */
export const Evidence = z.strictObject({
  kind: z.enum(["header", "core", "declared", "static", "loaded"]),
  says: z.enum(["works", "loads", "doubtful", "broken", "core", "tombstone", "silent"]),
  because: z.string(),
  date: Day,
});
export type Evidence = z.infer<typeof Evidence>;

/** Releases on which all evidence is the same are written together. */
export const Judgement = z.strictObject({
  releases: z.array(z.string()).min(1),
  verdict: Verdict,
  evidence: z.array(Evidence),
});
export type Judgement = z.infer<typeof Judgement>;

/** Kinds of host a module was seen to load on; "global" for modules that leave their host. */
export const HostKind = z.enum(["virtual-host", "muc", "pubsub", "component", "global"]);
export type HostKind = z.infer<typeof HostKind>;

/** What the content of a module is, read from its files. */
export const ModuleFacts = z.strictObject({
  layout: z.enum(["standard", "nested", "library", "tombstone"]),
  /** SPDX expression. */
  licence: z.string(),
  /** Stage label of the README in lower case (`alpha`, `beta`, `stable`, …). */
  stage: z.string().nullable(),
  /** Modules it cannot do without, community or core. */
  depends: z.array(ModuleName),
  /** Modules it uses when they are there. */
  optional: z.array(ModuleName),
  /** Lua libraries Prosody does not bring → the Debian package that brings each, null where Debian has none. */
  libraries: z.record(z.string(), z.string().nullable()),
});
export type ModuleFacts = z.infer<typeof ModuleFacts>;

/** One revision of one module, held by its content. */
export const Pin = z.strictObject({
  ...ModuleFacts.shape,
  node: Revision,
  /** When upstream committed it. */
  date: Day,
  /** How many changesets had touched the module by then: the version upstream's own rocks carry. Null: no history. */
  revision: z.number().int().positive().nullable(),
  /** git tree id of the folder. */
  tree: Revision,
  /** SHA-256 over the files that ship; see `integrityOf` in source. */
  integrity: Sha256,
  /** Kinds of host it loads on, over all releases of the series. */
  hosts: z.array(HostKind),
  /** Newer revisions that were refused on this series, newest first. */
  refused: z.array(z.strictObject({ node: Revision, because: z.string() })),
});
export type Pin = z.infer<typeof Pin>;

/** A series on which no revision of the module works. */
export const NoPin = z.strictObject({ none: z.string() });
export type NoPin = z.infer<typeof NoPin>;

export const Patch = z.strictObject({ file: z.string(), sha256: Sha256 });

/** A locked module in memory: one pin (or the reason for none) for each series it was resolved for. */
export const LockedModule = z.strictObject({
  source: z.string(),
  patches: z.array(Patch),
  /** Kept where it is by `--hold`. */
  hold: z.boolean(),
  pins: z.partialRecord(Series, z.union([Pin, NoPin])),
  judgements: z.array(Judgement),
});
export type LockedModule = z.infer<typeof LockedModule>;

/** An upstream tree of modules. What was read from it when is in each pin: here it would conflict in every merge. */
export const LockedSource = z.strictObject({
  kind: z.enum(["hg", "git", "debian", "directory"]),
  /** URL of the tree, Debian suite, or folder relative to the repository. */
  url: z.string(),
  /** Folder inside the tree that holds the modules; empty for the top. */
  folder: z.string(),
  /** Debian suites whose prosody-modules package carries part of the same content. */
  debian: z.array(z.string()),
  /** SPDX expression that holds for modules which name none; null when the tree says nothing. */
  licence: z.string().nullable(),
});
export type LockedSource = z.infer<typeof LockedSource>;

/** What a Prosody release itself says it has, read from the built server. */
export const LockedRelease = z.strictObject({
  series: Series,
  /** Its own modules, as `mod_x`. */
  core: z.array(ModuleName),
  /** `core.features.available`, which `--%` headers are checked against. */
  features: z.array(z.string()),
});
export type LockedRelease = z.infer<typeof LockedRelease>;

/** The lock in memory. */
export interface Lock {
  lockVersion: 1;
  sources: Record<string, LockedSource>;
  releases: Record<string, LockedRelease>;
  /** By `mod_x`; by `mod_x@source` for a second source's module of the same name. */
  modules: Record<string, LockedModule>;
}

/** A lock with nothing in it. */
export function emptyLock(): Lock {
  return { lockVersion: 1, sources: {}, releases: {}, modules: {} };
}

/** True when a series has a pin, not the reason for none. */
export function isPin(pin: Pin | NoPin | undefined): pin is Pin {
  return pin !== undefined && !("none" in pin);
}

/** The verdict on one release, `unknown` when nobody has looked. */
export function verdictOn(module: Pick<LockedModule, "judgements">, release: string): Verdict {
  return module.judgements.find((judgement) => judgement.releases.includes(release))?.verdict ?? "unknown";
}
