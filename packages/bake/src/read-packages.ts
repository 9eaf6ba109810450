import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { type PackageWish, type ResolvedWish, buildSuite } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";
import { type ChangelogWish, changelogStage } from "./changelog-stage.ts";
import { parsePackages } from "./control.ts";
import type { BakeContext } from "./engine.ts";
import { explainApt } from "./fetch-stage.ts";
import { inputUnreachable, refuseOffline } from "./read-cached.ts";
import { newestDate, resolveStage } from "./resolve-stage.ts";
import { ensureBase } from "./run-base.ts";
import { runStage } from "./run-stage.ts";

/** A wish that the mirror has no whole lists for, and why. */
export interface UnreachableWish {
  wish: PackageWish;
  because: string;
}

/** What became of some wishes; those for architectures a suite lacks are in neither list. */
export interface ResolvedPackages {
  resolved: ResolvedWish[];
  unreachable: UnreachableWish[];
}

/**
 * What Debian has now for these wishes: asked inside the builder base, of the machine's own mirrors, with the machine's own rules
 * about the age of Release files (a stale mirror hides security updates).
 * @throws UserError INPUT_UNREACHABLE (no wish could be answered), PACKAGE_UNKNOWN.
 */
export async function resolvePackages(context: BakeContext, wishes: readonly PackageWish[]): Promise<ResolvedPackages> {
  const suites = [...new Set(wishes.map(({ suite }) => suite))].toSorted();
  const what = `The list of packages of Debian ${suites.join(", ")}`;
  return withStage(context, { what, dockerfile: resolveStage(wishes) }, async (folder) => {
    const read = await Promise.all(wishes.map((wish, at) => readWish(path.join(folder, wish.suite), wish, at)));
    const resolved = read.flatMap((one) => (one !== undefined && "packages" in one ? [one] : []));
    const unreachable = read.flatMap((one) => (one !== undefined && "because" in one ? [one] : []));
    if (resolved.length === 0) throw inputUnreachable(what, [...new Set(unreachable.map(({ because }) => because))]);
    return { resolved, unreachable };
  });
}

type Answer = ResolvedWish | UnreachableWish | undefined;

async function readWish(folder: string, wish: PackageWish, at: number): Promise<Answer> {
  const { suite, architecture } = wish;
  const because = (await readReasons(folder, "unreachable")).get(architecture);
  if (because !== undefined) return { wish, because };
  const text = await readFile(path.join(folder, String(at)), "utf8").catch(undefinedWhenMissing);
  if (text === undefined) return undefined;
  const packages = parsePackages(text);
  const absent = wish.names.find((name) => !packages.some((deb) => deb.name === name));
  if (absent !== undefined) throw packageUnknown(absent, `${suite} for ${architecture}`);
  const snapshot = newestDate(await readFile(path.join(folder, "dates"), "utf8"));
  if (snapshot === undefined) return { wish, because: `no Release file of ${suite} says when it was made` };
  return { wish, snapshot, packages, security: await readSecurity(folder, architecture) };
}

/** What a stage's files say of the security archive: what could not be read comes before what Debian does not make. */
export async function readSecurity(folder: string, architecture: string): Promise<ResolvedWish["security"]> {
  const because = (await readReasons(folder, "no-lists")).get(architecture);
  if (because !== undefined) return { state: "missed", because };
  const isBare = (await readReasons(folder, "no-support")).has(architecture);
  return { state: isBare ? "none" : "had" };
}

/** Architecture → why, of one of the stage's files. */
async function readReasons(folder: string, name: string): Promise<Map<string, string>> {
  const lines = (await readFile(path.join(folder, name), "utf8")).split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const [architecture = "", ...words] = line.split(" ");
      return [architecture, explainApt(words.join(" ")) ?? words.join(" ")];
    }),
  );
}

/**
 * The changelogs of these packages, by the key of each wish; none for one of which no .deb could be had that has it. Each .deb
 * is checked by its hash before it is opened.
 */
export async function readChangelogs(
  context: BakeContext,
  wishes: readonly ChangelogWish[],
): Promise<Map<string, string>> {
  if (wishes.length === 0) return new Map();
  const what = `The changelogs of ${wishes.length} packages`;
  return withStage(context, { what, dockerfile: changelogStage(wishes) }, async (folder) => {
    const read = await Promise.all(
      wishes.map(async ({ key }, at): Promise<[string, string | undefined]> => {
        const text = await readFile(path.join(folder, String(at)), "utf8").catch(undefinedWhenMissing);
        return [key, text];
      }),
    );
    return new Map(read.filter((entry): entry is [string, string] => entry[1] !== undefined));
  });
}

export interface Stage {
  what: string;
  dockerfile: string;
}

export async function withStage<T>(
  context: BakeContext,
  stage: Stage,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  refuseOffline(context, stage.what);
  const base = await ensureBase(context, buildSuite);
  await mkdir(context.cacheDir, { recursive: true });
  const folder = await mkdtemp(path.join(context.cacheDir, "packages-"));
  try {
    context.progress(`${stage.what}: asking Debian's mirror`);
    const result = await runStage(context, { base: base.context, folder, dockerfile: stage.dockerfile });
    if (result.exitCode !== 0) throw stageFailed(stage.what, result.stderr);
    return await use(path.join(folder, "result"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function stageFailed(what: string, output: string): UserError {
  const unknown = /\bE: Unable to locate package (\S+)/u.exec(output)?.[1];
  const where = /\bresolve: (\S+) (\S+)/u.exec(output);
  if (unknown !== undefined) return packageUnknown(unknown, `${where?.[1]} for ${where?.[2]}`);
  const because = explainApt(output);
  if (because !== undefined) return inputUnreachable(what, [because]);
  const tail = output.trim().split("\n").slice(-15).join("\n");
  return new UserError("BUILD_FAILED", `${what} cannot be had:\n${tail}`, {
    hint: "Run it again; `foundry doctor` shows what this machine lacks.",
  });
}

function packageUnknown(name: string, where: string): UserError {
  return new UserError("PACKAGE_UNKNOWN", `Debian ${where} has no package ${name}`, {
    hint: "Mend `packages` in the image's image.json, or leave the platform out of its `platforms`.",
  });
}

function undefinedWhenMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
