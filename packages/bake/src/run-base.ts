import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import { Platform, type Release, platformNames } from "@prosody-foundry/images";
import { UserError, canonicalJson, isUserError, runExclusive, sha256 } from "@prosody-foundry/kit";
import { z } from "zod";
import { linesForSuite } from "./apt-sources.ts";
import { type BakeContext, builderEnv } from "./engine.ts";
import { readAptSources, readMachineOs, readReleaseRules } from "./read-apt.ts";
import { describePlatform } from "./layout.ts";
import { layoutDigest } from "./read-layout.ts";
import { writeBaseLayout } from "./write-base.ts";
import { scratchPrefix } from "./write-build.ts";
import { shareFolder } from "./write-layout.ts";

/** The Debian a build starts in. */
export interface Base {
  suite: string;
  /** Value of the named context `base`, wherever buildx runs. */
  context: string;
  /** Where it was made here: an OCI layout, which buildx hands to any builder. */
  layout?: { folder: string; digest: string };
  /** One line for people: where it is from. */
  via: string;
}

/** The suite a target is built in: a compiled server needs its own suite's headers, for Debian's any apt will do. */
export function baseSuiteOf(release: Release): string {
  return release.kind === "debian" ? "trixie" : release.suite;
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
  const lock = path.join(basesDirOf(context), suite);
  return runExclusive(lock, () => bootstrapBase(context, suite), { onWait: context.progress });
}

function basesDirOf({ basesDir, cacheDir }: BakeContext): string {
  return basesDir ?? path.join(cacheDir, "bases");
}

const Descriptor = z.looseObject({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/u) });

async function readRegistryDigest(context: BakeContext, suite: string): Promise<string | undefined> {
  const args = ["buildx", "imagetools", "inspect", `debian:${suite}-slim`, "--format", "{{json .Manifest}}"];
  try {
    const answer = await context.exec("docker", args, { env: builderEnv(context.engine), timeout: 8000 });
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
  const recipe = sha256(canonicalJson({ suite, lines, rules, basePackages, recipeVersion: 2 })).slice(0, 12);
  const folder = path.join(basesDirOf(context), `${suite}-${recipe}`);
  const platform = await readPlatform(context);
  const { builder, platforms } = context.engine;
  if (platforms.length > 0 && !platforms.includes(platform))
    throw baseUnreachable(suite, `one made here is for ${platform}, which the builder ${builder ?? ""} does not run`);
  if (!(await isFolder(folder))) await makeBase(context, { suite, lines, rules, folder, platform });
  const digest = await layoutDigest(folder);
  return {
    suite,
    context: `oci-layout://${folder}@${digest}`,
    layout: { folder, digest },
    via: `Debian ${suite} bootstrapped from its packages`,
  };
}

/** The base as the named context of a bake that runs in this folder, of which it may read nothing outside. */
export async function placeBase(base: Base, folder: string): Promise<string> {
  if (base.layout === undefined) return base.context;
  const place = `bases/${base.suite}`;
  if (!(await isFolder(path.join(folder, place)))) await shareFolder(base.layout.folder, path.join(folder, place));
  return `oci-layout://${place}@${base.layout.digest}`;
}

async function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

interface Recipe {
  suite: string;
  lines: readonly string[];
  /** apt options this machine's administrator set about the age of Release files. */
  rules: readonly string[];
  platform: Platform;
  /** Where the layout goes, whole or not at all. */
  folder: string;
}

async function makeBase(context: BakeContext, recipe: Recipe): Promise<void> {
  context.progress(`No registry can be reached: making a builder base of Debian ${recipe.suite} from its packages`);
  await mkdir(path.dirname(recipe.folder), { recursive: true });
  const scratch = await mkdtemp(path.join(path.dirname(recipe.folder), scratchPrefix));
  try {
    const tar = path.join(scratch, "base.tar");
    await packBase(context, recipe, tar);
    await writeBaseLayout(path.join(scratch, "layout"), tar, describePlatform(recipe.platform).architecture);
    await rename(path.join(scratch, "layout"), recipe.folder);
  } catch (error) {
    if (isUserError(error)) throw baseUnreachable(recipe.suite, error.message, error);
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The platform that mmdebstrap makes a base for; a builder of another cannot run it. */
async function readPlatform(context: BakeContext): Promise<Platform> {
  const { stdout } = await context.exec("dpkg", ["--print-architecture"]);
  const found = Platform.options.find((platform) => platformNames[platform].debian === stdout.trim());
  if (found !== undefined) return found;
  throw new UserError("HOST_PLATFORM", `No builder base is made on ${stdout.trim()} machines`, {
    hint: "Let this machine reach a registry with the debian image.",
  });
}

async function packBase(context: BakeContext, recipe: Recipe, tar: string): Promise<void> {
  const include = `--include=${basePackages.join(",")}`;
  const rules = recipe.rules.map((rule) => `--aptopt=${rule}`);
  const args = ["--variant=apt", include, ...rules, recipe.suite, tar, ...recipe.lines];
  // With a time of its own, equal packages make an equal base, and builders elsewhere can use its cache.
  await context.exec("mmdebstrap", args, { env: { SOURCE_DATE_EPOCH: "0" } });
}

function baseUnreachable(suite: string, because: string, cause?: unknown): UserError {
  return new UserError("BASE_UNREACHABLE", `There is no builder base of Debian ${suite}: ${because}`, {
    hint: "Let this machine reach a registry with the debian image, or install mmdebstrap and a Debian mirror's address.",
    cause,
  });
}
