import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { type BakeContext, engineEnv, loadTarget, type Report } from "@prosody-foundry/bake";
import { Platform, type Target } from "@prosody-foundry/images";
import { type Exec, isUserError, prettyJson, runCommand } from "@prosody-foundry/kit";
import { type Context, openBake } from "../../packages/cli/src/context.ts";
import { openContext } from "../../packages/cli/src/read-context.ts";
import { type Figure, ratioOf, renderFigures, under, underShare } from "./figures.ts";
import { measure, median } from "./measure.ts";
import { officialDomain } from "./recipe.ts";
import { lendEmulator } from "./run-emulator.ts";
import { buildEvery, buildOfficialEverywhere, type EveryMeasured, figuresOfEvery, noteEvery } from "./run-every.ts";
import { benchCrowds } from "./run-crowds.ts";
import { figuresOfLoads, type LoadsMeasured, measureLoads, noteLoads } from "./run-loads.ts";
import * as officially from "./run-official.ts";
import * as ourselves from "./run-ours.ts";
import { figuresOfPublish, measurePublish, type PublishMeasured } from "./run-publish.ts";
import { figuresOfOutdated, measureOutdated, noteOutdated, type OutdatedMeasured } from "./run-outdated.ts";
import { type Startable, type Started, startOnce } from "./run-start.ts";

const amd64: Platform = "linux/amd64";
const arm64: Platform = "linux/arm64";
const rounds = 5;
const officialReference = "prosody-foundry-bench/official:amd64";

/** Everything that was measured. */
interface Measured {
  fetchSeconds: number;
  cold: ourselves.OursBuilt;
  bumped: Awaited<ReturnType<typeof ourselves.buildBumped>>;
  plan: { seconds: number; nothingToDo: boolean };
  started: Started;
  official: OfficialMeasured;
  loads: LoadsMeasured;
  outdated: OutdatedMeasured;
  every: EveryMeasured;
  publish: PublishMeasured;
  target: Target;
}

interface OfficialMeasured {
  amd64: officially.OfficialBuilt;
  /** A string: why it could not be run. */
  arm64: officially.OfficialBuilt | string;
  unchangedSeconds: number;
  started: Started;
}

http.setGlobalProxyFromEnv();
await main().catch(reportError);

/** Compares our image with the official image's recipe on this machine's engine, and prints one table. */
async function main(): Promise<void> {
  const off = { type: "boolean", default: false } as const;
  const load = { load: off, clients: { type: "string", default: "5000" }, database: off } as const;
  // Everywhere: under QEMU the official recipe takes minutes for each platform that is not this machine's.
  const { values } = parseArgs({ options: { json: off, everywhere: off, ...load } });
  const cacheDir = await mkdtemp(path.join(os.tmpdir(), "prosody-foundry-bench-"));
  process.once("exit", () => rmSync(cacheDir, { recursive: true, force: true }));
  process.env["FOUNDRY_CACHE"] = cacheDir;
  const { context, printer } = openContext({ root: path.resolve(import.meta.dirname, "../..") });
  const stop = new AbortController();
  // For good, not once: the lock files' library ends the process when it finds itself the only listener.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => stop.abort());
  context.exec = (command, args, options) => runCommand(command, args, { ...options, cancelSignal: stop.signal });
  const loadBefore = os.loadavg();
  if (values.load) return benchCrowds(await openForOfficial(context), { ...values, signal: stop.signal });
  try {
    const { value: measured, seconds } = await measure(() => measureAll(context, values.everywhere));
    printer.end();
    const notes = describeRun(measured, { engine: await context.engine, loadBefore, seconds });
    process.stdout.write(values.json ? toJson(measured, notes) : renderFigures(figuresOf(measured), notes));
  } finally {
    printer.end();
  }
}

/** What a user can mend gets a sentence; anything else keeps its stack. */
function reportError(error: unknown): void {
  const isUsage = error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  if (!isUsage && !isUserError(error)) throw error;
  process.exitCode = isUsage ? 2 : 1;
  const hint = isUserError(error) && error.hint !== undefined ? `\n  ${error.hint}` : "";
  process.stderr.write(`${error.message}${hint}\n`);
}

async function measureAll(context: Context, everywhere: boolean): Promise<Measured> {
  const bake = await openForOfficial(context);
  await lendEmulator(bake, arm64);
  const onAmd64 = await officially.prepareOfficial(bake, amd64);
  const onArm64 = await officially.prepareOfficial(bake, arm64).catch(reasonOf);
  const ours = await ourselves.prepareOurs(context);
  context.say("Ours, both platforms, from nothing");
  const cold = await ourselves.buildCold(ours);
  const plan = await repeatPlan(ours);
  context.say(`  ${cold.seconds.toFixed(1)} s`);
  const bumped = await ourselves.buildBumped(ours);
  context.say("Official recipe, amd64, from nothing");
  const official = { amd64: await officially.buildCold(bake, onAmd64) };
  context.say(`  ${official.amd64.seconds.toFixed(1)} s`);
  const unchangedSeconds = await officially.rebuildUnchanged(bake, onAmd64);
  await officially.loadOfficial(bake, onAmd64, officialReference);
  const started = await startBoth(bake, cold.report);
  context.say("Loading modules");
  const loads = await measureLoads(context);
  context.say("Reading histories");
  const outdated = await measureOutdated(context);
  context.say("Ours, every platform, from nothing");
  const every = await buildEvery(context, bake);
  context.say(`  ${every.seconds.toFixed(1)} s`);
  const publish = await measurePublish(context, bake, { before: cold.report, after: bumped.report });
  context.say("Official recipe, arm64 under QEMU, from nothing");
  const slow = typeof onArm64 === "string" ? onArm64 : await officially.buildCold(bake, onArm64).catch(reasonOf);
  const others = Platform.options.filter((platform) => everywhere && platform !== amd64 && platform !== arm64);
  const known = { [amd64]: official.amd64, [arm64]: slow };
  every.official = { ...known, ...(await buildOfficialEverywhere(bake, others)) };
  return {
    fetchSeconds: ours.fetchSeconds,
    cold,
    bumped,
    plan,
    started: started.ours,
    official: { ...official, arm64: slow, unchangedSeconds, started: started.official },
    loads,
    outdated,
    every,
    publish,
    target: ours.target,
  };
}

/** The context whose every `docker` goes to the engine. */
async function openForOfficial(context: Context): Promise<BakeContext> {
  const bake = await openBake(context);
  const env = engineEnv(bake.engine);
  const exec: Exec = (command, args, options) =>
    context.exec(command, args, { ...options, env: { ...env, ...options?.env } });
  return { ...bake, exec };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function repeatPlan(ours: ourselves.Ours): Promise<Measured["plan"]> {
  const plans: Measured["plan"][] = [];
  for (let round = 0; round < rounds; round += 1) plans.push(await ourselves.planAgain(ours));
  return {
    seconds: median(plans.map(({ seconds }) => seconds)),
    nothingToDo: plans.every(({ nothingToDo }) => nothingToDo),
  };
}

/** Turn by turn, so that what else the machine does falls on both. */
async function startBoth(bake: BakeContext, report: Report): Promise<{ ours: Started; official: Started }> {
  const reference = await loadTarget(bake, report, amd64);
  const domain = "example.org";
  const ours: Startable = { reference, domain, options: [`--env=PROSODY_DOMAIN=${domain}`] };
  const official: Startable = { reference: officialReference, domain: officialDomain, options: [] };
  const started: { ours: Started[]; official: Started[] } = { ours: [], official: [] };
  for (let round = 0; round < rounds; round += 1) {
    bake.progress(`Starting both images, ${round + 1} of ${rounds}`);
    started.ours.push(await startOnce(bake.exec, ours));
    started.official.push(await startOnce(bake.exec, official));
  }
  await bake.exec("docker", ["rmi", officialReference]);
  return { ours: medianStart(started.ours), official: medianStart(started.official) };
}

function medianStart(started: readonly Started[]): Started {
  return {
    seconds: median(started.map(({ seconds }) => seconds)),
    memory: median(started.map(({ memory }) => memory)),
  };
}

function figuresOf(measured: Measured): Figure[] {
  const { cold, bumped, plan, started, official } = measured;
  const slow = typeof official.arm64 === "string" ? undefined : official.arm64;
  const both = slow === undefined ? undefined : official.amd64.seconds + slow.seconds;
  const size = (platform: Platform, built: officially.OfficialBuilt | undefined): Figure =>
    underShare(
      {
        what: `compressed size, ${platform}, one Prosody`,
        unit: "bytes",
        ours: cold.report.platforms[platform]?.size,
        official: built?.size,
      },
      1 / 4,
      "under a quarter",
    );
  const layer = official.amd64.size - official.amd64.baseSize;
  const bump = (what: string, bytes: number): Figure =>
    under(
      { what: `pulled after one pin changed, ${what}`, unit: "bytes", ours: bytes, official: layer },
      30_000,
      "under 30 kB",
    );
  const alone = timed("  against arm64 alone under QEMU", cold.seconds, slow?.seconds);
  return [
    timed("cold build, amd64 and arm64", cold.seconds, both),
    timed("  against amd64 alone", cold.seconds, official.amd64.seconds),
    underShare(alone, 1 / 3, "under a third"),
    timed("warm build, one pin changed", bumped.seconds, both),
    under(timed("no-op plan", plan.seconds, official.unchangedSeconds), 2, "under 2 s"),
    size(amd64, official.amd64),
    size(arm64, slow),
    bump("mean of the modules", meanBytes(measured)),
    bump("dearest module", newBytes(cold.report, bumped.report, amd64)),
    timed("time to ready, amd64", started.seconds, official.started.seconds),
    { what: "idle memory, amd64", unit: "memory", ours: started.memory, official: official.started.memory },
    ...figuresOfEvery(measured.every),
    ...figuresOfPublish(measured.publish),
    ...figuresOfLoads(measured.loads),
    ...figuresOfOutdated(measured.outdated),
  ];
}

function timed(what: string, ours: number | undefined, official: number | undefined): Figure {
  return { what, unit: "seconds", ours, official };
}

/** Bytes of the layers that somebody who has the old image lacks of the new one. */
function newBytes(before: Report, after: Report, platform: Platform): number {
  const known = new Set(before.platforms[platform]?.layers.map(({ digest }) => digest));
  let bytes = 0;
  for (const layer of after.platforms[platform]?.layers ?? []) bytes += known.has(layer.digest) ? 0 : layer.size;
  return bytes;
}

/** What a changed pin costs on average: the bucket its module lives in. */
function meanBytes({ cold, bumped, target }: Measured): number {
  const layers = cold.report.platforms[amd64]?.layers ?? [];
  const after = bumped.report.platforms[amd64]?.layers ?? [];
  // The buckets lie one upon the other, so the one that is known to have changed tells where the first is.
  const first = layers.findIndex(({ digest }, at) => digest !== after[at]?.digest) - bumped.module.bucket;
  let bytes = 0;
  for (const { bucket } of target.modules) bytes += layers[first + bucket]?.size ?? Number.NaN;
  return bytes / target.modules.length;
}

interface Run {
  engine: Awaited<Context["engine"]>;
  loadBefore: readonly number[];
  seconds: number;
}

function describeRun(measured: Measured, { engine, loadBefore, seconds }: Run): string[] {
  const { official, bumped, plan, target } = measured;
  const slow = typeof official.arm64 === "string" ? [] : [official.arm64.load];
  const loads = [measured.cold.load, bumped.load, official.amd64.load, ...slow];
  return [
    `Prosody ${target.release.version} on both sides; ours with ${target.modules.length} community modules (${target.unshipped.length} not shipped), the official recipe with none.`,
    "Cold is without the engine's build cache. Making the Debian both builds start in is in neither's time.",
    `The server's source and the modules were fetched before, in ${measured.fetchSeconds.toFixed(1)} s; apt's packages are fetched in the builds of both.`,
    `One pin: a line more in ${bumped.module.name}, in the fullest of the 8 buckets. The official recipe's like is a new version of one package: its one layer of packages anew.`,
    `The plan is the command with Node's start${plan.nothingToDo ? "" : " (AND IT FOUND SOMETHING TO BUILD)"}; beside it, the official recipe built again with nothing changed.`,
    `The official recipe's base is ${(official.amd64.baseSize / 1e6).toFixed(1)} MB of its size. It is without the configuration.`,
    `Ready: from \`docker run\` until a client's stream opens. Idle: 3 s later, by docker stats. Plan, ready and idle: median of ${rounds}.`,
    ...noteEvery(measured.every),
    `Publishing: to Debian's docker-registry on this machine; the command with nothing to do asks about ${measured.publish.tags} tags.`,
    noteLoads(measured.loads),
    noteOutdated(measured.outdated),
    ...(typeof official.arm64 === "string" ? [`arm64 was not run: ${official.arm64}`] : []),
    `Load average at the end of each build: ${renderLoad(loads)} (ours cold, ours warm, official amd64, arm64); compare times only where these are alike.`,
    `Docker ${engine?.version}, buildx ${engine?.buildxVersion}, ${os.availableParallelism()} CPUs; load average ${renderLoad(loadBefore)} before, ${renderLoad(os.loadavg())} after ${Math.round(seconds)} s.`,
  ];
}

function renderLoad(average: readonly number[]): string {
  return average.map((value) => value.toFixed(1)).join(" ");
}

function toJson(measured: Measured, notes: readonly string[]): string {
  const figures = figuresOf(measured).map((figure) => ({ ...figure, ratio: ratioOf(figure) }));
  return prettyJson({ benchVersion: 1, figures, notes, measured });
}
