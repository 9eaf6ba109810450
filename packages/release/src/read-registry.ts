import { seriesOfVersion } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";
import type { LedgerEntry } from "./ledger.ts";
import { idTag, parseImmutable, unionOf } from "./marks.ts";
import { mapLimited } from "./parallel.ts";
import { type RegistryFacts, reachable } from "./publish-plan.ts";
import { registryError, type Repository } from "./registry.ts";
import { type Contents, parseContents } from "./remote-index.ts";
import { type SigningHands, verifies } from "./signing-hands.ts";
import { type TagPolicy, floatingTagsFor, immutableTag } from "./tags.ts";

export interface RegistryQuery {
  repository: Repository;
  policy: TagPolicy;
  ledger: readonly LedgerEntry[];
  /** Name of the declared image of each variant. */
  images: Readonly<Record<string, string>>;
  /** Ids of the targets that are asked about. */
  ids: readonly string[];
  /** Left out where nothing is signed. */
  signing?: Pick<SigningHands, "verify"> | undefined;
  /** Reads what blobs the registry has too, to foresee an upload. */
  withBlobs?: boolean;
}

/** Requests at a time: a registry's rate limit counts them all. */
const lanes = 8;

/**
 * What the registry says: all tags in one request, then the digests behind the ids asked about, behind unfinished claims,
 * behind the floating tags there should be and the revisions they should have; each taken from the bytes that came.
 * @throws UserError TAG_IMMUTABLE when it has another digest for an immutable tag than the ledger; those of Repository.
 */
export async function readRegistryFacts(query: RegistryQuery): Promise<RegistryFacts> {
  const { repository, ledger, policy } = query;
  const names = await repository.tags();
  const learnt = await learnEntries(query, names);
  const entries = reachable(unionOf(ledger, { names, learnt }), { names, unproven: [] });
  const floating = floatingTagsFor(policy, entries);
  const newest = newestOf(floating, entries);
  const there = new Set(names);
  const wanted = [
    ...query.ids.map(idTag),
    ...names.filter((name) => name.startsWith("claim-") && !there.has(name.slice("claim-".length))),
    ...floating.keys(),
    ...newest.map(immutableTag),
  ];
  const digests = await readDigests(
    repository,
    [...new Set(wanted)].filter((name) => there.has(name)),
  );
  refuseChanged(ledger, digests);
  const facts = { names, digests, learnt, unproven: [], blobs: [] };
  const unproven = query.signing === undefined ? [] : await findUnproven(query, facts);
  return { ...facts, unproven, blobs: query.withBlobs === true ? await readBlobs(repository, newest) : [] };
}

function newestOf(floating: ReadonlyMap<string, string>, entries: readonly LedgerEntry[]): LedgerEntry[] {
  const carried = new Set(floating.values());
  return entries.filter(({ digest }) => carried.has(digest));
}

/** Entries of the immutable tags the ledger lacks. Their platforms are left for who writes them down. */
async function learnEntries(query: RegistryQuery, names: readonly string[]): Promise<LedgerEntry[]> {
  const ledgered = new Set(query.ledger.map(immutableTag));
  const unknown = names.filter((name) => parseImmutable(name) !== undefined && !ledgered.has(name));
  const learnt = await mapLimited(unknown, lanes, (tag) => learnEntry(query, tag));
  return learnt.flat();
}

async function learnEntry({ repository, images }: RegistryQuery, tag: string): Promise<LedgerEntry[]> {
  const revision = parseImmutable(tag);
  const manifest = await repository.manifest(tag);
  if (revision === undefined || manifest === undefined) return [];
  const image = images[revision.variant] ?? (revision.variant || "prosody");
  const date = parseContents(manifest.text)?.built ?? "1970-01-01";
  const series = seriesOfVersion(revision.version);
  const rest = { digest: manifest.digest, id: null, contract: null, platforms: {}, yanked: false, date };
  return [{ image, ...revision, series, ...rest }];
}

async function readDigests(repository: Repository, tags: readonly string[]): Promise<Record<string, string>> {
  const found = await mapLimited(tags, lanes, async (tag) => [tag, (await repository.manifest(tag))?.digest] as const);
  return Object.fromEntries(found.flatMap(([tag, digest]) => (digest === undefined ? [] : [[tag, digest]])));
}

function refuseChanged(ledger: readonly LedgerEntry[], digests: Readonly<Record<string, string>>): void {
  for (const entry of ledger) {
    const tag = immutableTag(entry);
    const found = digests[tag];
    if (found === undefined || found === entry.digest) continue;
    throw new UserError("TAG_IMMUTABLE", `${tag} is ${entry.digest} by the ledger, and ${found} in the registry`, {
      hint: "Somebody moved a tag that never moves. `foundry doctor --published` looks at all of them.",
    });
  }
}

/**
 * Of the revisions only the registry knows and a floating tag would go to, those a stranger would refuse: another command may
 * be between its immutable tag and its signature. That one carries a floating tag says nothing: anybody may have put it there.
 */
async function findUnproven(query: RegistryQuery, facts: RegistryFacts): Promise<string[]> {
  const proven = new Set<string>();
  const unproven: string[] = [];
  for (;;) {
    const entries = reachable(unionOf(query.ledger, facts), { names: facts.names, unproven });
    const newest = newestOf(floatingTagsFor(query.policy, entries), entries);
    const suspects = newest.filter(({ digest }) => facts.learnt.some((entry) => entry.digest === digest));
    const open = suspects.find(({ digest }) => !proven.has(digest));
    if (open === undefined) return unproven;
    if (await verifies(query.signing, `${query.repository.name}@${open.digest}`)) proven.add(open.digest);
    else unproven.push(immutableTag(open));
  }
}

async function readBlobs(repository: Repository, entries: readonly LedgerEntry[]): Promise<string[]> {
  const indexes = await mapLimited(entries, lanes, ({ digest }) => readContents(repository, digest));
  const children = [...new Set(indexes.flatMap(({ manifests }) => manifests.map(({ digest }) => digest)))];
  const manifests = await mapLimited(children, lanes, (digest) => readContents(repository, digest));
  return [...new Set(manifests.flatMap(({ blobs }) => blobs.map(({ digest }) => digest)))];
}

/** @throws UserError REGISTRY_WRONG_CONTENT when it is not there, or no manifest. */
export async function readContents(repository: Repository, reference: string): Promise<Contents> {
  const manifest = await repository.manifest(reference);
  const contents = manifest && parseContents(manifest.text);
  if (contents !== undefined) return contents;
  const detail = manifest === undefined ? "it is not there" : "it is no manifest";
  throw registryError("wrong", `Reading ${reference} of ${repository.name}`, detail);
}

/** Digest and bytes of each platform's image under an index. */
export async function readPlatforms(repository: Repository, index: Contents): Promise<LedgerEntry["platforms"]> {
  const found = await mapLimited(Object.entries(index.platforms), lanes, async ([platform, digest]) => {
    return [platform, { digest, size: (await readContents(repository, digest)).size }] as const;
  });
  return Object.fromEntries(found);
}
