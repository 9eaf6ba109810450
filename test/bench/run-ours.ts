import path from "node:path";
import { type BakeContext, buildTargets, type Materials, type Report } from "@prosody-foundry/bake";
import type { Target } from "@prosody-foundry/images";
import { canonicalJson, runCommand, sha256 } from "@prosody-foundry/kit";
import { integrityOf } from "@prosody-foundry/source";
import { z } from "zod";
import { type Context, openBake } from "../../packages/cli/src/context.ts";
import { gatherMaterials } from "../../packages/cli/src/gather-materials.ts";
import { planImages, type Planned, type PlanFlags } from "../../packages/cli/src/plan-images.ts";
import { type Duration, measure } from "./measure.ts";

/** The release that Debian trixie has too, so both sides run one Prosody. */
const release = "13.0.1";

export interface Ours {
  context: Context;
  bake: BakeContext;
  planned: Planned;
  target: Target;
  /** Of bringing the server's source and the modules here, which later builds find in the cache. */
  fetchSeconds: number;
}

export interface OursBuilt extends Duration {
  report: Report;
}

/** What of `foundry plan --json` we look at. */
const PlanOutput = z.looseObject({ targets: z.array(z.looseObject({ id: z.string(), built: z.boolean() })) });

/** Plans the default image, which fetches its inputs. */
export async function prepareOurs(context: Context): Promise<Ours> {
  const bake = await openBake(context);
  const flags: PlanFlags = { available: true, release, platform: ["linux/amd64", "linux/arm64"] };
  const { value: planned, seconds } = await measure(() => planImages(context, ["prosody"], flags));
  const [target] = planned.targets;
  if (target === undefined) throw new Error(`There is no target of Prosody ${release}`);
  return { context, bake, planned, target, fetchSeconds: seconds };
}

/** Builds both platforms in one bake from nothing. */
export async function buildCold({ context, bake, planned, target }: Ours): Promise<OursBuilt> {
  const materials = (wanted: Target): Promise<Materials> => readMaterials(context, planned, wanted);
  const { value, seconds, load } = await measure(() => buildTargets(bake, [target], { materials, noCache: true }));
  return { seconds, load, report: reportOf(value) };
}

/** Builds both platforms after the pin of one module changed; which one, */
export async function buildBumped(ours: Ours): Promise<OursBuilt & { module: Target["modules"][number] }> {
  const { context, bake, planned, target } = ours;
  const before = await readMaterials(context, planned, target);
  const module = chooseModule(target, before);
  const changed = {
    ...before,
    modules: before.modules.map((each) => (each.name === module.name ? touch(each) : each)),
  };
  const bumped = bumpTarget(target, changed, module.name);
  const materials = async (): Promise<Materials> => changed;
  const { value, seconds, load } = await measure(() => buildTargets(bake, [bumped], { materials }));
  return { seconds, load, report: reportOf(value), module };
}

/** Seconds of `foundry plan` as a user runs it, and whether it found that nothing has to be built. */
export async function planAgain({ context }: Ours): Promise<{ seconds: number; nothingToDo: boolean }> {
  const program = path.join(context.root, "packages/cli/src/bin.ts");
  const platforms = ["--platform", "linux/amd64", "linux/arm64"];
  const args = [program, "plan", "prosody", "--available", `--release=${release}`, "--json", ...platforms];
  const env = { FOUNDRY_CACHE: context.cacheDir };
  const run = (): ReturnType<typeof runCommand> => runCommand(process.execPath, args, { env, cwd: context.root });
  const { value, seconds } = await measure(run);
  const { targets } = PlanOutput.parse(JSON.parse(value.stdout));
  return { seconds, nothingToDo: targets.every(({ built }) => built) };
}

async function readMaterials(context: Context, planned: Planned, target: Target): Promise<Materials> {
  const server = await planned.serverOf(target);
  return gatherMaterials(context, target, { lock: planned.lock, sources: planned.sources, server: server.files });
}

function reportOf(built: Awaited<ReturnType<typeof buildTargets>>): Report {
  const [first] = built;
  if (first === undefined || !first.fresh) throw new Error("Nothing was built");
  return first.report;
}

/** A module of the bucket with the most bytes: the dearest pin to change. */
function chooseModule(target: Target, materials: Materials): Target["modules"][number] {
  const weights = new Map<number, number>();
  for (const { name, bucket } of target.modules) {
    const files = materials.modules.find((module) => module.name === name)?.files ?? [];
    for (const { bytes } of files) weights.set(bucket, (weights.get(bucket) ?? 0) + bytes.length);
  }
  const weigh = (bucket: number): number => weights.get(bucket) ?? 0;
  const [chosen] = target.modules.toSorted((a, b) => weigh(b.bucket) - weigh(a.bucket));
  if (chosen === undefined) throw new Error("The image ships no module whose pin could change");
  return chosen;
}

function touch(module: Materials["modules"][number]): Materials["modules"][number] {
  const at = module.files.findIndex(({ path: name }) => name.endsWith(".lua"));
  const files = module.files.map((file, index) =>
    index === at ? { ...file, bytes: Buffer.concat([file.bytes, Buffer.from("-- One more line.\n")]) } : file,
  );
  return { ...module, files };
}

function bumpTarget(target: Target, { modules }: Materials, name: string): Target {
  const content = modules.find((module) => module.name === name);
  const integrity = integrityOf({ name, files: [...(content?.files ?? [])] });
  const inputs = { ...target.inputs, [`module ${name}`]: integrity };
  const shipped = target.modules.map((module) => (module.name === name ? { ...module, integrity } : module));
  return { ...target, modules: shipped, inputs, id: sha256(canonicalJson(inputs)) };
}
