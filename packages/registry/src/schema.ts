import {
  Day,
  FileJudgements,
  HostKind,
  type Judgement,
  LockedRelease,
  ModuleFacts,
  ModuleName,
  Sha256,
  SourceName,
} from "@prosody-foundry/lockfile";
import { z } from "zod";

/** 40 hex digits; 12 from Debian, which knows no more. */
const Revision = z.string().regex(/^[0-9a-f]{12,40}$/u, "is no revision (12 to 40 hex digits)");
const TreeId = z.string().regex(/^[0-9a-f]{40}$/u, "is no tree id (40 hex digits)");

/** What a module says of itself. */
const Description = z.strictObject({
  summary: z.string().nullable(),
  /** As the README has them: `Stage-Beta`, `Type-Auth`. */
  labels: z.array(z.string()),
  /** Four digits each. */
  xeps: z.array(z.string().regex(/^\d{4}$/u, "is no XEP (four digits)")),
  supersededBy: ModuleName.nullable(),
  /** Whether its README has a Compatibility section, and whether that could be read. */
  compatibility: z.enum(["parsed", "unread", "none"]),
  /** Lines about compatibility that were not understood. */
  unread: z.array(z.string()),
  /** Other words of the README to find it by, each once. */
  words: z.string(),
});

/** What loading showed on releases where it showed the same. */
export const Load = z.strictObject({
  releases: z.array(z.string()).min(1),
  /** Kinds of host it loaded on. */
  hosts: z.array(HostKind),
  /** Warnings and errors about it, shortened. */
  log: z.array(z.string()),
});
export type Load = z.infer<typeof Load>;

const moduleShape = {
  /** The changeset that touched it last. */
  node: Revision,
  date: Day,
  /** How many changesets had touched it by then; null where the source has no history. */
  revision: z.number().int().positive().nullable(),
  /** git tree id of the folder. */
  tree: TreeId,
  /** SHA-256 over the files that ship. */
  integrity: Sha256,
  description: Description,
  facts: ModuleFacts,
  /** Names of the configuration options its code reads. */
  options: z.array(z.string()),
  loads: z.array(Load),
};

/** What is known of one module. */
export type SurveyedModule = z.infer<z.ZodObject<typeof moduleShape>> & { judgements: Judgement[] };

const surveyShape = {
  surveyVersion: z.literal(1),
  source: SourceName,
  url: z.string(),
  /** The revision of the source that was surveyed, and its day. */
  node: Revision,
  date: Day,
  /** The Prosody releases that modules were judged on. */
  releases: z.record(z.string(), LockedRelease),
  /** Modules that could not be read → why. */
  unreadable: z.record(ModuleName, z.string()),
};

/** A survey as it is written: each observation once, with its releases. */
export const SurveyFile = z.strictObject({
  ...surveyShape,
  modules: z.record(ModuleName, z.strictObject({ ...moduleShape, ...FileJudgements.shape })),
});
export type SurveyFile = z.infer<typeof SurveyFile>;

/** What is known of every module of a source at one revision. */
export type Survey = z.infer<z.ZodObject<typeof surveyShape>> & { modules: Record<string, SurveyedModule> };
