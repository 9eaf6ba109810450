import { mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { UserError, canonicalJson, isUserError, runExclusive, sha256 } from "@prosody-foundry/kit";
import { z } from "zod";
import { linesForSuite } from "./apt-sources.ts";
import { type BakeContext, engineEnv } from "./engine.ts";
import { readAptSources, readMachineOs, readReleaseRules } from "./read-apt.ts";

/** The Debian a build starts in. */
export interface Base {
  suite: string;
  /** Value of the named context `base`. */
  context: string;
  /** One line for people: where it is from. */
  via: string;
}

/** What a bootstrapped base has beside apt itself. */
const basePackages = ["ca-certificates"];

/**
 * A Debian of this suite for the builder stages: `debian:<suite>-slim` by digest where a registry answers, or one made
 * here from Debian packages with mmdebstrap, once.
 * @throws UserError BASE_UNREACHABLE when neither can be had.
 */
export async function ensureBase(context: BakeContext, suite: string): Promise<Base> {
  const digest = await readRegistryDigest(context, suite);
  if (digest !== undefined) {
    return { suite, context: `docker-image://debian:${suite}-slim@${digest}`, via: `debian:${suite}-slim@${digest}` };
  }
  const lock = path.join(context.cacheDir, `base-${suite}`);
  return runExclusive(lock, () => bootstrapBase(context, suite), { onWait: context.progress });
}

const Descriptor = z.looseObject({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/u) });

async function readRegistryDigest(context: BakeContext, suite: string): Promise<string | undefined> {
  const args = ["buildx", "imagetools", "inspect", `debian:${suite}-slim`, "--format", "{{json .Manifest}}"];
  try {
    const answer = await context.exec("docker", args, { env: engineEnv(context.engine), timeout: 8000 });
    return Descriptor.parse(JSON.parse(answer.stdout)).digest;
  } catch (error) {
    // No registry, a proxy's login page, a rate limit: each leaves the bootstrap.
    if (isUserError(error) || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

async function bootstrapBase(context: BakeContext, suite: string): Promise<Base> {
  const machine = await readMachineOs();
  const lines = linesForSuite(await readAptSources(), machine.codename, suite);
  if (lines.length === 0)
    throw baseUnreachable(suite, "no registry answers, and this machine's apt names no Debian mirror");
  const rules = await readReleaseRules(context.exec);
  const recipe = sha256(canonicalJson({ suite, lines, rules, basePackages, recipeVersion: 1 })).slice(0, 12);
  const reference = `prosody-foundry/base:${suite}-${recipe}`;
  const base = { suite, context: `docker-image://${reference}`, via: `Debian ${suite} bootstrapped from its packages` };
  const env = engineEnv(context.engine);
  const present = await context.exec("docker", ["image", "inspect", reference], { env, accept: "any" });
  if (present.exitCode !== 0) await makeBase(context, { suite, lines, rules, reference });
  return base;
}

interface Recipe {
  suite: string;
  lines: readonly string[];
  /** apt options this machine's administrator set about the age of Release files. */
  rules: readonly string[];
  reference: string;
}

async function makeBase(context: BakeContext, recipe: Recipe): Promise<void> {
  if (context.engine.driver !== "docker") throw baseUnreachable(recipe.suite, "this builder cannot see local images");
  context.progress(`No registry can be reached: making a builder base of Debian ${recipe.suite} from its packages`);
  await mkdir(context.cacheDir, { recursive: true });
  const folder = await mkdtemp(path.join(context.cacheDir, "base-"));
  try {
    await packBase(context, recipe, path.join(folder, "base.tar"));
  } catch (error) {
    if (isUserError(error)) throw baseUnreachable(recipe.suite, error.message, error);
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function packBase(context: BakeContext, recipe: Recipe, tar: string): Promise<void> {
  const include = `--include=${basePackages.join(",")}`;
  const rules = recipe.rules.map((rule) => `--aptopt=${rule}`);
  await context.exec("mmdebstrap", ["--variant=apt", include, ...rules, recipe.suite, tar, ...recipe.lines]);
  await context.exec("docker", ["import", tar, recipe.reference], { env: engineEnv(context.engine) });
}

function baseUnreachable(suite: string, because: string, cause?: unknown): UserError {
  return new UserError("BASE_UNREACHABLE", `There is no builder base of Debian ${suite}: ${because}`, {
    hint: "Let this machine reach a registry with the debian image, or install mmdebstrap and a Debian mirror's address.",
    cause,
  });
}
