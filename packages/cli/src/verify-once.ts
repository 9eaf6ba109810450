import path from "node:path";
import { type Built, checkNames, loadTarget, type Report } from "@prosody-foundry/bake";
import { Platform } from "@prosody-foundry/images";
import { canonicalJson } from "@prosody-foundry/kit";
import { z } from "zod";
import { type Context, openBake } from "./context.ts";
import { type Verified, verifyBuilt } from "./verify-built.ts";
import { readKept, writeKept } from "./write-kept.ts";

const KeptChecks = z.strictObject({
  target: z.string(),
  platform: Platform,
  image: z.string(),
  checks: z.array(
    z.strictObject({ name: z.string(), status: z.enum(["passed", "failed", "notRun"]), detail: z.string() }),
  ),
});

const Kept = z.strictObject({
  /** Of the manifests that were checked. */
  digests: z.partialRecord(Platform, z.string()),
  verified: z.array(KeptChecks),
});

/**
 * The checks of a built target: those made before of the very images, when all passed then. Either way the
 * engine has the image in the end, under the name it is to be run by.
 */
export async function verifyOnce(
  context: Context,
  { target, report }: Pick<Built, "target" | "report">,
): Promise<Verified[]> {
  const file = path.join(context.cacheDir, "verified", `${target.id}.json`);
  const kept = findPassed(await readKept(file), report);
  if (kept !== undefined) {
    const bake = await openBake(context);
    // It may have been removed since, or another build of that release may have taken its name.
    for (const { platform } of kept) await loadTarget(bake, report, platform);
    return kept;
  }
  const verified = await verifyBuilt(context, target);
  await writeKept(file, { digests: digestsOf(report), verified });
  return verified;
}

/** What was kept of a verification, when it was of these images and all passed. */
export function findPassed(value: unknown, report: Pick<Report, "platforms">): Verified[] | undefined {
  const kept = Kept.safeParse(value);
  if (!kept.success || canonicalJson(kept.data.digests) !== canonicalJson(digestsOf(report))) return undefined;
  return kept.data.verified.every(hasPassed) ? kept.data.verified : undefined;
}

function digestsOf({ platforms }: Pick<Report, "platforms">): Record<string, string> {
  return Object.fromEntries(Object.entries(platforms).map(([platform, { digest }]) => [platform, digest]));
}

/** Every check there is today: a check that came later was not made then. */
function hasPassed({ checks }: Verified): boolean {
  return checkNames.every((name) => checks.some((check) => check.name === name && check.status === "passed"));
}
