import { type Progress, canonicalJson, isUserError } from "@prosody-foundry/kit";
import type { LedgerEntry } from "./ledger.ts";
import { idTag, parseImmutable, unionOf } from "./marks.ts";
import { mapLimited } from "./parallel.ts";
import {
  type PublishFacts,
  type PublishPlan,
  planPublish,
  type RegistryFacts,
  type StepName,
  type TargetFacts,
  type TargetPlan,
} from "./publish-plan.ts";
import { readContents, readPlatforms } from "./read-registry.ts";
import { contended, type Repository } from "./registry.ts";
import { type AdoptionHands, adoptIndex } from "./run-adopt.ts";
import { claimRevision, settleTag } from "./run-claim.ts";
import { type SigningHands, verifies } from "./signing-hands.ts";
import { immutableTag } from "./tags.ts";

/** A build whose checks passed. */
interface CheckedBuild {
  /** OCI layout folder with one index. */
  layout: string;
  index: string;
  platforms: LedgerEntry["platforms"];
}

/** A revision that was published, for a release on GitHub and whoever else wants to know. */
interface Announcement {
  entry: LedgerEntry;
  /** Immutable tag of the revision. */
  tag: string;
  /** `host/path@sha256:…` */
  reference: string;
}

/** What publishing reaches out with. */
export interface PublishHands extends AdoptionHands {
  /** Milliseconds; see settleTag. */
  settle: number;
  say: Progress;
  /** Ledger and registry as they are now. */
  readFacts(): Promise<{ ledger: LedgerEntry[]; registry: RegistryFacts }>;
  /** Builds and checks targets, or finds that done; by name. @throws UserError CHECKS_FAILED */
  prepare(targets: readonly TargetFacts[]): Promise<Map<string, CheckedBuild>>;
  /** Left out where nothing is signed. */
  signing?: SigningHands | undefined;
  /** Tells the world; has to find itself what it did before. */
  announce?: ((published: Announcement) => Promise<void>) | undefined;
  /** Adds to the ledger. */
  record(entries: LedgerEntry[]): Promise<void>;
}

export interface PublishOutcome {
  targets: { name: string; tag: string; digest: string; state: "published" | "yanked" | "fresh" }[];
  /** Floating tags that moved. */
  moved: { tag: string; from: string | null; to: string }[];
}

/**
 * Does what a plan of publishing has left, each target on its own and the floating tags last. Every step first looks
 * whether it is done, so a run that was interrupted anywhere is finished by the next. A target that fails leaves the
 * others to go on; what is whole gets its floating tags, then the first failure is thrown.
 * @throws UserError those of the hands, REGISTRY_WRONG_CONTENT, INDEX_DIFFERS, TAGS_CONTENDED.
 */
export async function runPublish(facts: PublishFacts, hands: PublishHands): Promise<PublishOutcome> {
  const plan = planPublish(facts);
  const failures: unknown[] = [];
  // All of them before anything is pushed: a failed check then costs nobody half a publication.
  const raw = facts.targets.filter((_, at) => needs(plan.targets[at], "build", "check"));
  const builds = raw.length === 0 ? new Map<string, CheckedBuild>() : await hands.prepare(raw);
  const finished = await mapLimited(plan.targets, 4, async (target) => {
    const own = facts.targets.find(({ name }) => name === target.name);
    if (own === undefined) throw new Error(`The plan made up ${target.name}`);
    const done = finishTarget({ plan: target, facts: own, build: builds.get(target.name) }, hands);
    return done.catch((error: unknown) => void failures.push(error));
  });
  const moved = isDone(plan)
    ? []
    : await reconcileTags(facts, hands).catch((error: unknown) => void failures.push(error));
  if (moved !== undefined) await recordLearnt(facts, hands);
  if (moved === undefined || failures.length > 0) throw failures.find((error) => !isUserError(error)) ?? failures[0];
  return { targets: finished.filter((one) => one !== undefined), moved };
}

function needs(plan: TargetPlan | undefined, ...steps: readonly StepName[]): boolean {
  return plan?.steps.some(({ step }) => steps.includes(step)) ?? false;
}

function isDone({ targets, floating }: PublishPlan): boolean {
  return floating.length === 0 && targets.every(({ steps }) => steps.length === 0);
}

/** The ledger gets what others published and withdrew meanwhile, as far as a stranger would accept it. */
async function recordLearnt({ ledger, registry }: PublishFacts, hands: PublishHands): Promise<void> {
  const whole: LedgerEntry[] = [];
  for (const entry of registry.learnt) {
    const reference = `${hands.repository.name}@${entry.digest}`;
    if (!(await verifies(hands.signing, reference))) continue;
    const platforms = await readPlatforms(hands.repository, await readContents(hands.repository, entry.digest));
    whole.push({ ...entry, platforms });
  }
  const news = unionOf([...ledger, ...whole], { ...registry, learnt: [] }).filter(
    (entry) => !ledger.some((one) => canonicalJson(one) === canonicalJson(entry)),
  );
  if (news.length > 0) await hands.record(news);
}

interface Unfinished {
  plan: TargetPlan;
  facts: TargetFacts;
  build: CheckedBuild | undefined;
}

async function finishTarget(target: Unfinished, hands: PublishHands): Promise<PublishOutcome["targets"][number]> {
  const { name, tag, digest, state, steps } = target.plan;
  if (steps.length === 0)
    return { name, tag, digest: digest ?? "", state: state === "yanked" ? "yanked" : "published" };
  const index = await bringIndex(target, hands);
  const entry = await takeRevision(target, index, hands);
  if (needs(target.plan, "ledger")) await finishEntry(target, entry, hands);
  hands.say(`${name}: published as ${immutableTag(entry)}`);
  return { name, tag: immutableTag(entry), digest: index, state: "fresh" };
}

async function finishEntry({ plan }: Unfinished, entry: LedgerEntry, hands: PublishHands): Promise<void> {
  const reference = `${hands.repository.name}@${entry.digest}`;
  await prove(hands, reference, plan.name);
  await hands.announce?.({ entry, tag: immutableTag(entry), reference });
  await hands.record([entry]);
}

/** The index the target's id stands for in the registry, in the end: ours, or one somebody else pushed first. */
async function bringIndex({ plan, facts, build }: Unfinished, hands: PublishHands): Promise<string> {
  const { repository } = hands;
  const tag = idTag(facts.id);
  if (build !== undefined && (await repository.manifest(tag)) === undefined) {
    hands.say(`${plan.name}: uploading ${build.index}`);
    await pushWhole(build, repository);
  }
  const index = await settleTag(hands, tag, build?.index ?? plan.digest ?? "");
  if (index !== build?.index) await adoptIndex({ index, build, name: plan.name, tag }, hands);
  return index;
}

async function pushWhole({ layout, index }: CheckedBuild, repository: Repository): Promise<void> {
  await repository.push(layout, index);
  try {
    await repository.checkWhole(index);
  } catch (error) {
    if (!isUserError(error, "REGISTRY_WRONG_CONTENT")) throw error;
    await repository.pushBlobs(layout);
    await repository.checkWhole(index);
  }
}

async function takeRevision(
  { plan, facts, build }: Unfinished,
  index: string,
  hands: PublishHands,
): Promise<LedgerEntry> {
  const planned = parseImmutable(plan.tag);
  if (planned === undefined) throw new Error(`No immutable tag: ${plan.tag}`);
  const revision = await claimRevision(hands, planned, index);
  const contents = await readContents(hands.repository, index);
  const { image, series, id, contract } = facts;
  const platforms = build?.index === index ? build.platforms : await readPlatforms(hands.repository, contents);
  // The index's own moment where it has one: everybody who learns of it from the registry gives it the same.
  const date = contents.built ?? new Date().toISOString();
  return {
    image,
    series,
    ...revision,
    digest: index,
    id,
    contract,
    platforms,
    yanked: false,
    date,
  };
}

async function prove({ signing, say }: PublishHands, reference: string, name: string): Promise<void> {
  if (signing === undefined) return;
  if (!(await signing.isSigned(reference))) {
    say(`${name}: signing ${reference}`);
    await signing.sign(reference);
  }
  say(`${name}: verifying ${reference}`);
  await signing.verify(reference);
}

const rounds = 10;

/**
 * Puts every floating tag where policy and facts say, and looks again until nothing differs: whoever writes last has seen
 * what all others published, so several at once end in one state.
 * @throws UserError TAGS_CONTENDED when somebody else keeps moving them.
 */
export async function reconcileTags(
  { repository, policy, signing }: Pick<PublishFacts, "policy" | "repository" | "signing">,
  hands: Pick<PublishHands, "repository" | "readFacts" | "say">,
): Promise<PublishOutcome["moved"]> {
  const moved: PublishOutcome["moved"] = [];
  let doubted = false;
  for (let round = 0; round < rounds; round += 1) {
    const now = await hands.readFacts();
    const { floating } = planPublish({ repository, policy, signing, targets: [], ...now });
    if (floating.length === 0) return moved;
    // A tag on something we never heard of: somebody published while we read. Once, as it may be anything else too.
    const news: boolean = !doubted && floating.some(({ from }) => from !== null && !isKnown(now, from));
    doubted = news;
    if (!news) moved.push(...(await moveTags(floating, hands)));
  }
  throw contended(repository);
}

function isKnown({ ledger, registry }: Pick<PublishFacts, "ledger" | "registry">, digest: string): boolean {
  return unionOf(ledger, registry).some((entry) => entry.digest === digest);
}

/** Moves tags as long as each is where the plan saw it: else somebody else moves them, and the plan is old. */
async function moveTags(
  floating: PublishPlan["floating"],
  { repository, say }: Pick<PublishHands, "repository" | "say">,
): Promise<PublishOutcome["moved"]> {
  const moved: PublishOutcome["moved"] = [];
  for (const { tag, from, to } of floating) {
    if (to === null) throw new Error(`${tag} would go to an index that is not built`);
    const now = (await repository.manifest(tag))?.digest ?? null;
    if (now !== from) return moved;
    await repository.tag(to, tag);
    say(`${tag}: ${from ?? "new"} → ${to}`);
    moved.push({ tag, from, to });
  }
  return moved;
}
