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

/**
 * What Debian has now for these wishes, by suite: asked inside the builder base, of the machine's own mirrors. Wishes for an
 * architecture that a suite lacks are left out.
 * @throws UserError INPUT_UNREACHABLE (no mirror, or one whose Release file is past its Valid-Until: a stale mirror hides
 * security updates), PACKAGE_UNKNOWN.
 */
export async function resolvePackages(context: BakeContext, wishes: readonly PackageWish[]): Promise<ResolvedWish[]> {
  const suites = [...new Set(wishes.map(({ suite }) => suite))].toSorted();
  const what = `The list of packages of Debian ${suites.join(", ")}`;
  return withStage(context, { what, dockerfile: resolveStage(wishes) }, async (folder) => {
    const resolved = await Promise.all(wishes.map((wish, at) => readWish(path.join(folder, wish.suite), wish, at)));
    return resolved.filter((one) => one !== undefined);
  });
}

async function readWish(folder: string, wish: PackageWish, at: number): Promise<ResolvedWish | undefined> {
  const text = await readFile(path.join(folder, String(at)), "utf8").catch(undefinedWhenMissing);
  if (text === undefined) return undefined;
  const packages = parsePackages(text);
  const absent = wish.names.find((name) => !packages.some((deb) => deb.name === name));
  if (absent !== undefined) throw packageUnknown(absent, `${wish.suite} for ${wish.architecture}`);
  return { wish, snapshot: newestDate(await readFile(path.join(folder, "dates"), "utf8")), packages };
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
