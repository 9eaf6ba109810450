import path from "node:path";
import { buildFolder } from "@prosody-foundry/bake";
import type { Target } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";
import {
  addToLedger,
  type Github,
  planPublish,
  type PublishFacts,
  type PublishHands,
  type PublishOutcome,
  type PublishPlan,
  readSboms,
  readSettings,
  runPublish,
} from "@prosody-foundry/release";
import type { CommandSpec, Flags, Outcome } from "../command.ts";
import type { Context } from "../context.ts";
import { describePublished } from "../describe-published.ts";
import { describeWaiting, findWaiting } from "../find-waiting.ts";
import { gatherPublishFacts } from "../gather-publish.ts";
import { openPublishing, type Publishing, signerOf } from "../open-publishing.ts";
import { openTool } from "../open-tool.ts";
import { planImages, type Planned } from "../plan-images.ts";
import { type AnnouncerRequest, findAnnounced, openAnnouncer } from "../read-announcer.ts";
import { findNewerBranch, joinRemoteLedger } from "../read-remote-ledger.ts";
import { refuseForeign } from "../refuse-foreign.ts";
import { renderPublishOutcome, renderPublishPlan } from "../render-publish.ts";
import { knowsCommit } from "../run-git.ts";
import { summarizePublished } from "../summary.ts";
import { verifyOnce } from "../verify-once.ts";
import { buildPlanned } from "./build.ts";

export const publish: CommandSpec = {
  name: "publish",
  summary: "build and check what is not published yet, push it, sign it, and move the tags",
  arguments: "[image...]",
  options: [
    ...(["series", "release", "available", "repository", "signKey", "sign", "insecure", "github"] as const),
    ...(["cache", "builderId", "dryRun", "json"] as const),
  ],
  example: "foundry publish prosody --dry-run",
  async run(context, { args, flags }) {
    const github = await findAnnounced(context, flags.github);
    if (github !== null) {
      const branch = await findNewerBranch(context, github);
      if (branch !== null) return superseded(branch);
      await joinRemoteLedger(context, github);
    }
    const all = await planImages(context, args, flags);
    const { ready, waiting } = await findWaiting(context, all.targets);
    for (const target of waiting) context.say(describeWaiting(target));
    const planned: Planned = { ...all, targets: ready };
    const publishing = await openPublishing(context, flags);
    const withBlobs = flags.dryRun === true;
    const gathered = await gatherPublishFacts(context, publishing, { targets: planned.targets, withBlobs });
    const facts: PublishFacts = github === null ? gathered : { ...gathered, github: apiOf(github) };
    const plan = planPublish(facts);
    if (flags.dryRun === true) return { value: plan, text: renderPublishPlan(plan) };
    await refuseUnsignable(context, plan, { targets: ready, flags });
    const { outcome, notRun } = await publishAll(context, { planned, publishing, facts, github, flags });
    const text = renderPublishOutcome(outcome, notRun);
    const value = { ...outcome, notRun, waiting: waiting.map(({ name }) => name) };
    return { value, text, summary: summarizePublished(outcome) };
  },
};

function apiOf({ owner, repo }: Github): string {
  return `github:${owner}/${repo}`;
}

function superseded(branch: string): Outcome {
  const text = `Nothing is published: ${branch} has gone on from this commit, and its own run publishes.\n`;
  return { value: { targets: [], moved: [], notRun: [], waiting: [], superseded: branch }, text, summary: text };
}

/** @throws UserError SIGNER_MISSING, ORIGIN_FOREIGN: once the revision is taken, there would be no way on. */
async function refuseUnsignable(
  context: Context,
  plan: PublishPlan,
  { targets, flags }: { targets: readonly Target[]; flags: Flags },
): Promise<void> {
  if (!plan.targets.some(({ steps }) => steps.some(({ step }) => step === "sign"))) return;
  const settings = await readSettings(context.root);
  signerOf(context, settings.signing.kind, flags);
  await refuseForeign(context, { targets, settings, builderId: flags.builderId });
}

/** A platform on which not all could be looked at. */
interface NotRun {
  target: string;
  platform: string;
  checks: string[];
}

interface Work {
  planned: Planned;
  publishing: Publishing;
  facts: PublishFacts;
  /** Where releases are made; null where nobody is told. */
  github: Github | null;
  flags: Flags;
}

async function publishAll(context: Context, work: Work): Promise<{ outcome: PublishOutcome; notRun: NotRun[] }> {
  const { planned, publishing, facts, github } = work;
  const notRun: NotRun[] = [];
  const ids = planned.targets.map(({ id }) => id);
  const hands: PublishHands = {
    repository: publishing.repository,
    settle: Number(context.env["FOUNDRY_SETTLE"] ?? 5000),
    say: (message) => context.say(message),
    readFacts: () => publishing.readFacts(ids),
    knowsCommit: (commit) => knowsCommit(context, commit),
    prepare: (targets) => prepareTargets(context, work, { names: targets.map(({ name }) => name), notRun }),
    signing: publishing.signing,
    announce: github === null ? undefined : openAnnouncer(context, announcerOf(context, work, github)),
    record: async (entries) => void (await addToLedger(context.root, entries, (message) => context.say(message))),
  };
  return { outcome: await runPublish(facts, hands), notRun };
}

function announcerOf(context: Context, { planned, publishing, flags }: Work, github: Github): AnnouncerRequest {
  const { exec } = context;
  const read: AnnouncerRequest["readSboms"] = async (reference) =>
    readSboms({ exec, crane: await openTool(context, "crane") }, reference);
  return {
    github,
    policy: publishing.policy,
    readSboms: read,
    notesOf: (entry) => describePublished(context, { entry, planned, flags }),
  };
}

async function prepareTargets(
  context: Context,
  { planned, flags }: Pick<Work, "planned" | "flags">,
  { names, notRun }: { names: readonly string[]; notRun: NotRun[] },
): ReturnType<PublishHands["prepare"]> {
  const targets = planned.targets.filter(({ name }) => names.includes(name));
  const builds: Awaited<ReturnType<PublishHands["prepare"]>> = new Map();
  for (const built of await buildPlanned(context, { ...planned, targets }, flags)) {
    const { target, report } = built;
    notRun.push(...(await checkBuilt(context, built)));
    const layout = path.join(buildFolder(context.cacheDir, target.id), "layout");
    const platforms = Object.entries(report.platforms).map(([name, { digest, size }]) => [name, { digest, size }]);
    builds.set(target.name, { layout, index: report.index, platforms: Object.fromEntries(platforms) });
  }
  return builds;
}

/** @throws UserError CHECKS_FAILED, naming each check. */
async function checkBuilt(context: Context, built: Parameters<typeof verifyOnce>[1]): Promise<NotRun[]> {
  const verified = await verifyOnce(context, built);
  const of = (status: string): NotRun[] =>
    verified
      .map(({ target, platform, checks }) => {
        return { target, platform, checks: checks.filter((one) => one.status === status).map(({ name }) => name) };
      })
      .filter(({ checks }) => checks.length > 0);
  const failed = of("failed").map(({ platform, checks }) => `${platform}: ${checks.join(", ")}`);
  if (failed.length === 0) return of("notRun");
  throw new UserError("CHECKS_FAILED", `${built.target.name} is not published: ${failed.join("; ")}`, {
    hint: `\`foundry verify ${built.target.image} --series ${built.target.series}\` shows what was found.`,
  });
}
