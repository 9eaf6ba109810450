import path from "node:path";
import { readSuitePackage, resolvePackages, type SuitePackage } from "@prosody-foundry/bake";
import { type DebianRelease, Platform, platformNames } from "@prosody-foundry/images";
import { isUserError } from "@prosody-foundry/kit";
import { z } from "zod";
import { type Context, openBake } from "./context.ts";
import { readKept, writeKept } from "./write-kept.ts";

const name = "prosody";

const Suite = z.strictObject({
  day: z.string(),
  sources: z.array(z.strictObject({ suite: z.string(), package: z.string(), version: z.string(), orig: z.string() })),
  binary: z.string().nullable(),
});

/**
 * What a suite has of the server; asked once a day, so that looking again needs neither network nor time.
 * @throws UserError INPUT_UNREACHABLE
 */
export async function readSuiteDaily(context: Context, suite: string): Promise<SuitePackage> {
  const file = path.join(context.cacheDir, "debian", suite, `${name}.suite.json`);
  const kept = Suite.safeParse(await readKept(file));
  if (kept.success && kept.data.day === context.today) return kept.data;
  const answer = await readSuitePackage(await openBake(context), suite, name);
  await writeKept(file, { day: context.today, ...answer });
  return answer;
}

const Hashes = z.partialRecord(Platform, z.string());

/**
 * SHA-256 of a version of the server's package for each platform that a suite has it for by now; kept once every platform
 * that the suite knows has it, since Debian gives a version out only once.
 * @throws UserError INPUT_UNREACHABLE
 */
export async function readBinaryHashes(
  context: Context,
  suite: string,
  version: string,
): Promise<DebianRelease["sha256"]> {
  const file = path.join(context.cacheDir, "debian", suite, `${name}_${version}.hashes.json`);
  const kept = Hashes.safeParse(await readKept(file));
  if (kept.success) return kept.data;
  const wishes = Platform.options.map((platform) => {
    const architecture = platformNames[platform].debian;
    return { suite, list: "root" as const, architecture, names: [name], closure: false };
  });
  const { resolved, unreachable } = await resolvePackages(await openBake(context), wishes).catch((error: unknown) => {
    // Not built yet, or not any more, for an architecture: nobody can tell for which others it is.
    if (!isUserError(error, "PACKAGE_UNKNOWN")) throw error;
    context.say(`Not proposed: Debian's package ${version} (${suite}): ${error.message}`);
    return { resolved: [], unreachable: [] };
  });
  for (const { wish, because } of unreachable) {
    context.say(`No hash of Debian's package ${version} (${suite}) for ${wish.architecture}: ${because}`);
  }
  const found = resolved.flatMap(({ wish, packages: [deb] }) => {
    const platform = Platform.options.find((one) => platformNames[one].debian === wish.architecture);
    return platform === undefined || deb?.version !== version ? [] : [[platform, deb.sha256] as const];
  });
  const hashes = Object.fromEntries(found);
  const isWhole = unreachable.length === 0 && found.length === resolved.length;
  if (found.length > 0 && isWhole) await writeKept(file, hashes);
  return hashes;
}
