import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { type BakeContext, ensureBase, layoutManifests, linesForSuite } from "@prosody-foundry/bake";
import { type Platform, platformNames } from "@prosody-foundry/images";
import { canonicalJson, sha256 } from "@prosody-foundry/kit";
import { readAptSources, readMachineOs } from "../../packages/bake/src/read-apt.ts";
import { officialDockerfile, probeDockerfile, slimDpkgOptions, suite } from "./recipe.ts";
import { type Duration, measure } from "./measure.ts";

/** The official recipe on one platform. */
export interface Official {
  platform: Platform;
  /** Value of the named context `base`. */
  base: string;
}

export interface OfficialBuilt extends Duration {
  /** Compressed bytes of all layers, and of the base's alone. */
  size: number;
  baseSize: number;
}

/**
 * The recipe with its base at hand: debian:trixie-slim where a registry answers, or else one made here, once, of the same
 * packages and with the same things left out.
 */
export async function prepareOfficial(context: BakeContext, platform: Platform): Promise<Official> {
  const { context: known, layout } = await ensureBase(context, suite);
  const base = layout === undefined ? known : `docker-image://${await ensureSlimBase(context, platform)}`;
  await runBuild(context, { platform, base }, { dockerfile: probeDockerfile, args: ["--output=type=cacheonly"] });
  return { platform, base };
}

/** Builds it from nothing, into an OCI layout as ours. */
export async function buildCold(context: BakeContext, official: Official): Promise<OfficialBuilt> {
  const folder = await mkdtemp(path.join(context.cacheDir, "official-"));
  const output = `--output=type=oci,tar=false,dest=${path.join(folder, "layout")}`;
  const args = ["--no-cache", "--attest=type=provenance,mode=max", output];
  try {
    const { seconds, load } = await measure(() =>
      runBuild(context, official, { dockerfile: officialDockerfile, args }),
    );
    const { platforms } = await layoutManifests(path.join(folder, "layout"));
    const image = platforms[official.platform];
    if (image === undefined) throw new Error(`The official recipe gave no image for ${official.platform}`);
    return { seconds, load, size: image.size, baseSize: image.layers[0]?.size ?? 0 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Seconds of a build in which nothing changed. */
export async function rebuildUnchanged(context: BakeContext, official: Official): Promise<number> {
  const request = { dockerfile: officialDockerfile, args: ["--output=type=cacheonly"] };
  const { seconds } = await measure(() => runBuild(context, official, request));
  return seconds;
}

/** Puts what was built into the engine's store. */
export async function loadOfficial(context: BakeContext, official: Official, reference: string): Promise<void> {
  await runBuild(context, official, { dockerfile: officialDockerfile, args: ["--load", `--tag=${reference}`] });
}

interface BuildRequest {
  dockerfile: string;
  args: readonly string[];
}

async function runBuild(context: BakeContext, { platform, base }: Official, request: BuildRequest): Promise<void> {
  const fixed = ["buildx", "build", "--progress=plain", `--platform=${platform}`, `--build-context=base=${base}`];
  const lines: string[] = [];
  const onLine = (line: string): void => {
    lines.push(line);
    context.progress(`Official recipe, ${platform}: ${line.slice(0, 100)}`);
  };
  const options = { input: request.dockerfile, onLine, accept: "any" as const };
  const { exitCode } = await context.exec("docker", [...fixed, ...request.args, "-"], options);
  if (exitCode !== 0) throw new Error(`The official recipe failed on ${platform}:\n${lines.slice(-25).join("\n")}`);
}

async function ensureSlimBase(context: BakeContext, platform: Platform): Promise<string> {
  const { debian: architecture } = platformNames[platform];
  const lines = linesForSuite(await readAptSources(), (await readMachineOs()).codename, suite);
  const options = ["--variant=minbase", "--include=ca-certificates"].concat(
    slimDpkgOptions.map((option) => `--dpkgopt=${option}`),
  );
  const recipe = sha256(canonicalJson({ lines, options })).slice(0, 12);
  const reference = `prosody-foundry-bench/base:${suite}-${architecture}-${recipe}`;
  const present = await context.exec("docker", ["image", "inspect", reference], { accept: "any" });
  if (present.exitCode !== 0) await makeSlimBase(context, { platform, architecture, lines, options, reference });
  return reference;
}

interface SlimBase {
  platform: Platform;
  architecture: string;
  lines: readonly string[];
  options: readonly string[];
  reference: string;
}

async function makeSlimBase(context: BakeContext, slim: SlimBase): Promise<void> {
  const { platform, architecture, lines, options, reference } = slim;
  context.progress(`Making a Debian ${suite} for ${architecture}, once`);
  const folder = await mkdtemp(path.join(context.cacheDir, "slim-"));
  const tar = path.join(folder, "base.tar");
  // The probe tells whether the platform runs; mmdebstrap would want a program more to find out.
  const foreign = ["--skip=check/qemu", `--architectures=${architecture}`];
  try {
    await context.exec("mmdebstrap", [...options, ...foreign, suite, tar, ...lines]);
    await context.exec("docker", ["import", `--platform=${platform}`, tar, reference]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
