import type { Exec, Progress } from "@prosody-foundry/kit";
import type { ModuleContent } from "./content.ts";
import type { TreeLog } from "./log.ts";

/** Where a tree of modules is; the part of the lock's LockedSource that reading needs. */
export interface SourceSpec {
  name: string;
  kind: "hg" | "git" | "debian" | "directory";
  /** URL or path of the tree, Debian suite, or folder relative to the repository. */
  url: string;
  /** Folder inside the tree that holds the modules; empty for the top. */
  folder: string;
}

/** A revision and when upstream committed it. */
export interface RevisionDate {
  /** 40 hex digits; 12 from Debian, which knows no more. */
  node: string;
  /** ISO 8601, UTC. */
  date: string;
}

export interface Changeset extends RevisionDate {
  /** `Name <address>`, as upstream has it. */
  author: string;
  subject: string;
}

/** What the lock says about one module, enough to know it by. */
export interface PinnedModule {
  /** `mod_…` */
  name: string;
  node: string;
  /** git tree id of the folder. */
  tree: string;
  /** See `integrityOf`. */
  integrity: string;
}

/** What a source has for a pin, not checked yet. */
export interface Candidate {
  content: ModuleContent;
  /** True when the source says it is that very revision; false when it has only some revision of the module. */
  exact: boolean;
}

/** An upstream tree of modules, of whatever kind. Every method throws UserError; see the package's README. */
export interface Source {
  readonly spec: SourceSpec;
  /** Where it is read, for messages: its URL or the mirror that stands for it. */
  readonly location: string;
  readNewest(): Promise<RevisionDate>;
  /** Names `mod_…` that the tree has at a revision, sorted. */
  listModules(node: string): Promise<string[]>;
  readModule(node: string, name: string): Promise<ModuleContent>;
  /** Changesets that touched the module, newest first, those up to `node` when it is given. */
  readHistory(name: string, node?: string): Promise<Changeset[]>;
  /**
   * The whole history at once, asked for anew only where there is something new. Null where the kind has none, or where
   * that cannot be had here, which is said; then readHistory still answers.
   */
  readLog(): Promise<TreeLog | null>;
  /**
   * The day (YYYY-MM-DD, UTC) on which each line of one file of a module was last changed, as of a revision; a line ends
   * with LF. Null where the kind has no history.
   * @param path - inside the module's folder
   */
  readLineDates(node: string, name: string, path: string): Promise<string[] | null>;
  /** A short hash (6 digits or more) → the whole one. */
  resolveRevision(prefix: string): Promise<RevisionDate>;
  readPinned(pin: PinnedModule): Promise<Candidate>;
}

/** The global fetch, as far as it is used. */
export type Fetch = (
  url: string,
  options: { headers: Record<string, string>; signal: AbortSignal },
) => Promise<Response>;

/** What a source needs from outside. */
export interface SourceContext {
  /** The repository's folder, which relative paths of specs start from. */
  root: string;
  cacheDir: string;
  exec: Exec;
  fetch: Fetch;
  /** Environment for git: proxy, certificates and home are passed on, all of git's own variables are not. */
  env: Readonly<Record<string, string | undefined>>;
  progress: Progress;
  /** A line that stays, for what a reader should know though nothing failed; `progress` unless given. */
  say?: (message: string) => void;
  /** URL of a source → URL or path to read in its stead. Whatever comes from there is verified by hash. */
  mirrors: Readonly<Record<string, string>>;
  /** Asks nothing of the network: the cache has it, or it fails. */
  offline: boolean;
  /** The newest version, or the one named, of a suite's package: the path of its uncompressed data tar. */
  fetchDebian: (request: DebianRequest) => Promise<DebianPackage>;
}

export interface DebianRequest {
  suite: string;
  package: string;
  version?: string;
}

export interface DebianPackage {
  version: string;
  tar: string;
}
