import { Platform } from "@prosody-foundry/images";
import { Sha256 } from "@prosody-foundry/lockfile";
import { z } from "zod";

const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/u, "is no digest (sha256:…)");

/** One published image revision: immutable once written, but for `yanked`. */
export const LedgerEntry = z.strictObject({
  /** Name of the declared image. */
  image: z.string().min(1),
  /** Suffix it is published under; empty for the default image. */
  variant: z.string().regex(/^[a-z0-9]*$/u, "is no variant (lower-case letters and digits)"),
  series: z.string().regex(/^(\d+\.\d+|trunk)$/u, "is no series"),
  /** Prosody's own version: `13.0.7`, or `trunk-20261119-0971c99bfbc9`. */
  version: z.string().regex(/^(\d+(\.\d+)+|trunk-\d{8}-[0-9a-f]{12})$/u, "is no Prosody version"),
  /** Image revision of that version and variant, from 1. */
  rev: z.number().int().positive(),
  /** Of the index. */
  digest: Digest,
  /** Id of the target it was built from; null where only the registry told of the entry. */
  id: Sha256.nullable(),
  /** Version of the image's contract with its users: that of its package.json; null as `id`. */
  contract: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/u, "is no version")
    .nullable(),
  /** Digests of the manifests, equal for equal plans, and bytes a user pulls. */
  platforms: z.partialRecord(Platform, z.strictObject({ digest: Digest, size: z.number().int().nonnegative() })),
  /** Withdrawn: keeps its immutable tag, carries no other. */
  yanked: z.boolean(),
  /** When it was published: a day, or a moment in UTC. */
  date: z.union([z.iso.date(), z.iso.datetime()]),
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

/** `images/ledger.json`: all published releases, in any order. */
export const Ledger = z.strictObject({
  ledgerVersion: z.literal(1),
  entries: z.array(LedgerEntry),
});
export type Ledger = z.infer<typeof Ledger>;
