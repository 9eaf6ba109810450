import type { Platform } from "@prosody-foundry/images";
import type { LedgerEntry } from "./ledger.ts";
import { claimTag, idTag, unionOf } from "./marks.ts";
import {
  announceRequests,
  manifestPut,
  type PublishRequest,
  signRequests,
  type Upload,
  uploadRequests,
} from "./publish-requests.ts";
import { type TagPolicy, floatingTagsFor, immutableTag } from "./tags.ts";

/** What the registry has, as far as it was asked. */
export interface RegistryFacts {
  /** Every tag. */
  names: string[];
  /** Tag → digest, of those that were read. */
  digests: Record<string, string>;
  /** Revisions whose immutable tags the ledger does not have. */
  learnt: LedgerEntry[];
  /** Immutable tags of `learnt` that no floating tag may go to: a stranger would refuse them; they may be half published. */
  unproven: string[];
  /** Blobs that manifests of published revisions name. */
  blobs: string[];
}

/** What a target is now. */
export interface TargetFacts extends Pick<LedgerEntry, "image" | "variant" | "series" | "version" | "contract"> {
  name: string;
  id: string;
  platforms: readonly Platform[];
  /** Of its build on this machine; null where there is none. */
  built: { index: string; upload: Upload } | null;
  /** Its checks passed on this machine. */
  checked: boolean;
  /** What its id stands for in the registry is signed by whom strangers are told to trust. */
  signed: boolean;
}

export interface PublishFacts {
  repository: string;
  policy: TagPolicy;
  /** As committed. */
  ledger: LedgerEntry[];
  registry: RegistryFacts;
  targets: TargetFacts[];
  /** Nothing is signed only when somebody said so. */
  signing: boolean;
  /** Address of the repository in GitHub's API, where releases are made; left out where nobody is told. */
  github?: string;
}

export type StepName = "build" | "check" | "push" | "id" | "claim" | "tag" | "sign" | "verify" | "announce" | "ledger";

interface PlannedStep {
  step: StepName;
  /** What it will ask of the registry; null where that is only known after the build. */
  requests: PublishRequest[] | null;
}

export interface TargetPlan {
  name: string;
  id: string;
  /** The immutable tag: what it has, or would get. */
  tag: string;
  /** Of the index; null where it is not built. */
  digest: string | null;
  state: "published" | "yanked" | "unfinished" | "new";
  /** What is left to do, in order. */
  steps: PlannedStep[];
}

export interface PublishPlan {
  planVersion: 1;
  repository: string;
  targets: TargetPlan[];
  /** Floating tags that have to move, last of all; `to` is null for an index that is not built yet. */
  floating: { tag: string; from: string | null; to: string | null; request: PublishRequest }[];
}

/** What publishing has left to do. Pure: equal facts give equal plans, and nothing to do gives no steps. */
export function planPublish(facts: PublishFacts): PublishPlan {
  const known = unionOf(facts.ledger, facts.registry);
  const taken = new Set<string>();
  const targets = facts.targets.map((target) => planTarget(facts, target, { known, taken }));
  const coming = targets.flatMap((plan, at) => entryOf(plan, facts.targets[at]));
  return {
    planVersion: 1,
    repository: facts.repository,
    targets,
    floating: planFloating(facts, [...reachable(known, facts.registry), ...coming]),
  };
}

interface Known {
  known: readonly LedgerEntry[];
  /** Immutable tags the targets before this one will have. */
  taken: Set<string>;
}

function planTarget(facts: PublishFacts, target: TargetFacts, { known, taken }: Known): TargetPlan {
  const digest = indexOf(facts, target);
  const own = known.find((entry) => entry.digest === digest && entry.variant === target.variant);
  const tag = own === undefined ? nextTag(facts, target, { known, taken }) : immutableTag(own);
  taken.add(tag);
  const base = { name: target.name, id: target.id, tag, digest };
  if (own?.yanked === true) return { ...base, state: "yanked", steps: [] };
  const steps = planSteps(facts, target, { tag, digest });
  const state = steps.length === 0 ? "published" : facts.registry.digests[idTag(target.id)] ? "unfinished" : "new";
  return { ...base, state, steps };
}

/** What a target's id stands for: in the registry, or by the ledger where that lost the tag; else what is built here. */
function indexOf({ registry, ledger }: PublishFacts, { id, built }: TargetFacts): string | null {
  const recorded = ledger.find((entry) => entry.id === id)?.digest;
  return registry.digests[idTag(id)] ?? recorded ?? built?.index ?? null;
}

/** The revision that is claimed for this index already, or the first that nobody has or claims. */
function nextTag(facts: PublishFacts, target: TargetFacts, { known, taken }: Known): string {
  const { version, variant } = target;
  const { names, digests } = facts.registry;
  const own = known.filter((entry) => entry.version === version && entry.variant === variant);
  const index = digests[idTag(target.id)] ?? target.built?.index;
  for (let rev = 1 + Math.max(0, ...own.map((entry) => entry.rev)); ; rev += 1) {
    const tag = immutableTag({ version, rev, variant });
    const claimed = names.includes(claimTag(tag)) && digests[claimTag(tag)] !== index;
    if (!claimed && !taken.has(tag)) return tag;
  }
}

interface Place {
  tag: string;
  digest: string | null;
}

function planSteps(facts: PublishFacts, target: TargetFacts, place: Place): PlannedStep[] {
  const names = new Set(facts.registry.names);
  const ledgered = facts.ledger.some((entry) => entry.digest === place.digest);
  const there = names.has(idTag(target.id));
  const tagged = names.has(place.tag);
  if (ledgered && there && tagged) return [];
  const proven = ledgered || (facts.signing && target.signed);
  const undone: Record<StepName, boolean> = {
    ...localSteps(target, proven),
    push: !there && !ledgered,
    id: !there,
    claim: !tagged && !names.has(claimTag(place.tag)),
    tag: !tagged,
    sign: facts.signing && !proven,
    verify: facts.signing && !ledgered,
    announce: !ledgered,
    ledger: !ledgered,
  };
  return stepNames
    .filter((step) => undone[step])
    .map((step) => ({ step, requests: requestsOf(facts, target, { step, ...place }) }));
}

// What a stranger can verify, or the ledger has, was built and checked by whoever published it.
function localSteps({ built, checked }: TargetFacts, proven: boolean): Record<"build" | "check", boolean> {
  return { build: !proven && built === null, check: !proven && !checked };
}

const stepNames = ["build", "check", "push", "id", "claim", "tag", "sign", "verify", "announce", "ledger"] as const;

function requestsOf(facts: PublishFacts, target: TargetFacts, at: Place & { step: StepName }): PublishRequest[] | null {
  const { repository, registry } = facts;
  if (at.step === "push")
    return target.built && uploadRequests(repository, target.built.upload, new Set(registry.blobs));
  if (at.step === "sign") return signRequests(`${repository}@${at.digest ?? "the index"}`);
  if (at.step === "announce") return facts.github ? announceRequests(facts.github, at.tag, target.platforms) : [];
  return tagRequests(repository, target, at);
}

function tagRequests(repository: string, target: TargetFacts, at: Place & { step: StepName }): PublishRequest[] {
  const written: Partial<Record<StepName, string>> = { id: idTag(target.id), claim: claimTag(at.tag), tag: at.tag };
  const tag = written[at.step];
  const bytes = target.built?.upload.manifests.find(({ digest }) => digest === at.digest)?.size ?? null;
  return tag === undefined ? [] : [manifestPut(`${repository}:${tag}`, bytes)];
}

/** Stands for the digest of an index that is not built, so that the rules for tags can be asked. */
function standIn(id: string): string {
  return `sha256:${id}`;
}

function entryOf(plan: TargetPlan, target: TargetFacts | undefined): LedgerEntry[] {
  if (target === undefined || plan.state === "published" || plan.state === "yanked") return [];
  const { image, variant, series, version, id } = target;
  const rev = Number(/-r(\d+)(?:-[a-z0-9]+)?$/u.exec(plan.tag)?.[1]);
  const digest = plan.digest ?? standIn(id);
  // The newest of its day: its moment comes when it is published.
  const date = "9999-12-31";
  return [{ image, variant, series, version, rev, digest, id, contract: null, platforms: {}, yanked: false, date }];
}

/** The revisions that floating tags can go to: those whose immutable tag is there to be had, and that are whole. */
export function reachable(
  known: readonly LedgerEntry[],
  { names, unproven }: Pick<RegistryFacts, "names" | "unproven">,
): LedgerEntry[] {
  const there = new Set(names);
  for (const tag of unproven) there.delete(tag);
  return known.filter((entry) => there.has(immutableTag(entry)));
}

function planFloating(facts: PublishFacts, entries: readonly LedgerEntry[]): PublishPlan["floating"] {
  const unbuilt = new Set(facts.targets.map(({ id }) => standIn(id)));
  const built = facts.targets.flatMap((target) => target.built?.upload.manifests ?? []);
  const sizes = new Map(built.map(({ digest, size }) => [digest, size]));
  return [...floatingTagsFor(facts.policy, entries)]
    .filter(([tag, digest]) => facts.registry.digests[tag] !== digest)
    .map(([tag, digest]) => ({
      tag,
      from: facts.registry.digests[tag] ?? null,
      to: unbuilt.has(digest) ? null : digest,
      request: manifestPut(`${facts.repository}:${tag}`, sizes.get(digest) ?? null),
    }));
}
