import { isUserError } from "@prosody-foundry/kit";
import type { LedgerEntry } from "./ledger.ts";
import { claimTag, idTag, parseImmutable, unionOf, yankTag } from "./marks.ts";
import { mapLimited } from "./parallel.ts";
import { planPublish, type RegistryFacts } from "./publish-plan.ts";
import { readContents } from "./read-registry.ts";
import type { Repository } from "./registry.ts";
import type { SigningHands } from "./signing-hands.ts";
import { immutableTag, type TagPolicy } from "./tags.ts";

/** One thing that was looked at in the registry. */
export interface PublishedRow {
  /** The tag or the revision. */
  name: string;
  ok: boolean;
  /** What was found, one line. */
  found: string;
}

export interface PublishedCheck {
  repository: Repository;
  policy: TagPolicy;
  ledger: LedgerEntry[];
  registry: RegistryFacts;
  /** Left out: signatures are not looked at. */
  signing?: Pick<SigningHands, "isSigned"> | undefined;
}

/**
 * The ledger against the registry: each revision's tag is on its digest, with every manifest and blob below it, the
 * platforms the ledger says and a signature; marks agree; floating tags are where they should be. Changes nothing.
 */
export async function checkPublished(check: PublishedCheck): Promise<PublishedRow[]> {
  const { repository, policy, ledger, registry } = check;
  const entries = unionOf(ledger, registry);
  const revisions = await mapLimited(entries, 4, (entry) => checkRevision(check, entry));
  const plan = planPublish({ repository: repository.name, policy, ledger, registry, signing: false, targets: [] });
  const floating = plan.floating.map(({ tag, from, to }) => bad(tag, `is ${from ?? "missing"}, should be ${to}`));
  return [...revisions, ...floating, ...(await checkMarks(check, entries))];
}

async function checkRevision(check: PublishedCheck, entry: LedgerEntry): Promise<PublishedRow> {
  const name = immutableTag(entry);
  const faults = await findFaults(check, entry).catch(faultOfError);
  if (faults.length > 0) return bad(name, faults.join("; "));
  return { name, ok: true, found: `${entry.digest}, whole${entry.yanked ? ", withdrawn" : ""}` };
}

function faultOfError(error: unknown): string[] {
  if (!isUserError(error)) throw error;
  return [error.message];
}

async function findFaults(check: PublishedCheck, entry: LedgerEntry): Promise<string[]> {
  const { repository, signing } = check;
  const found = await repository.manifest(immutableTag(entry));
  if (found === undefined) return ["the registry has no such tag"];
  if (found.digest !== entry.digest) return [`the ledger says ${entry.digest}, the tag is on ${found.digest}`];
  await repository.checkWhole(entry.digest);
  const signed = (await signing?.isSigned(`${repository.name}@${entry.digest}`)) ?? true;
  const { platforms } = await readContents(repository, entry.digest);
  return [
    ...platformFaults(entry, new Map(Object.entries(platforms))),
    ...(signed ? [] : ["it is not signed"]),
    ...ledgerFaults(check, immutableTag(entry)),
  ];
}

function platformFaults({ platforms }: LedgerEntry, theirs: ReadonlyMap<string, string>): string[] {
  const wrong = Object.entries(platforms).filter(([name, { digest }]) => theirs.get(name) !== digest);
  return wrong.map(([name, { digest }]) => `${name} is ${theirs.get(name) ?? "missing"}, the ledger says ${digest}`);
}

function ledgerFaults({ ledger, registry }: PublishedCheck, tag: string): string[] {
  const own = ledger.find((entry) => immutableTag(entry) === tag);
  const marked = registry.names.includes(yankTag(tag));
  if (own === undefined) return ["the ledger does not have it"];
  if (own.yanked === marked) return [];
  return [
    own.yanked
      ? "the ledger withdrew it, and no mark says so"
      : "it is marked as withdrawn, and the ledger does not say so",
  ];
}

/** Ids and claims: each has to be on the revision it is about. */
async function checkMarks(
  { repository, registry }: PublishedCheck,
  entries: readonly LedgerEntry[],
): Promise<PublishedRow[]> {
  const digests = new Map(
    entries.flatMap((entry) => (entry.id === null ? [] : [[idTag(entry.id), entry.digest] as const])),
  );
  const ids = await mapLimited([...digests], 8, async ([tag, digest]) => {
    const found = (await repository.manifest(tag))?.digest;
    return found === digest ? [] : [bad(tag, `is ${found ?? "missing"}, should be ${digest}`)];
  });
  const tags = new Set(registry.names);
  const open = registry.names.filter((name) => {
    const tag = name.slice("claim-".length);
    return name === claimTag(tag) && parseImmutable(tag) !== undefined && !tags.has(tag);
  });
  return [
    ...ids.flat(),
    ...open.map((name) => bad(name, "was claimed and not published: `foundry publish` finishes it")),
  ];
}

function bad(name: string, found: string): PublishedRow {
  return { name, ok: false, found };
}
