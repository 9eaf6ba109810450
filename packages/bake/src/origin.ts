/** Where a build comes from: said in the index and in its provenance, never in an image itself. */
export interface Origin {
  /** URI of who builds: SLSA's builder.id. */
  builder: string;
  /** The repository that was built from; null when nobody knows. */
  source: Source | null;
  /** Name of an image → version of its contract with its users. */
  contracts: Readonly<Record<string, string>>;
}

export interface Source {
  /** Address of the repository, without credentials. */
  url: string;
  /** 40 hex digits; null when nothing is committed. */
  commit: string | null;
  /** True when files differed from the commit. */
  dirty: boolean;
}

/** SLSA's builder.id of a machine that says nothing else. */
export const localBuilder = "urn:prosody-foundry:builder:local";

/** What is known of a build nobody said anything of. */
export const unknownOrigin: Origin = { builder: localBuilder, source: null, contracts: {} };
