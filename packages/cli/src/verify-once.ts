import path from "node:path";
import { type Built, checkNames, loadTarget } from "@prosody-foundry/bake";
import { Platform } from "@prosody-foundry/images";
import { z } from "zod";
import { type Context, openBake } from "./context.ts";
import { type Verified, verifyBuilt } from "./verify-built.ts";
import { readKept, writeKept } from "./write-kept.ts";

const Kept = z.array(
  z.strictObject({
    target: z.string(),
    platform: Platform,
    image: z.string(),
    checks: z.array(
      z.strictObject({ name: z.string(), status: z.enum(["passed", "failed", "notRun"]), detail: z.string() }),
    ),
  }),
);

/**
 * The checks of a built target: those made before, when all passed then; equal ids are equal images. Either way the
 * engine has the image in the end, under the name it is to be run by.
 */
export async function verifyOnce(
  context: Context,
  { target, report }: Pick<Built, "target" | "report">,
): Promise<Verified[]> {
  const file = path.join(context.cacheDir, "verified", `${target.id}.json`);
  const kept = Kept.safeParse(await readKept(file));
  if (kept.success && kept.data.every(hasPassed)) {
    const bake = await openBake(context);
    // It may have been removed since, or another build of that release may have taken its name.
    for (const { platform } of kept.data) await loadTarget(bake, report, platform);
    return kept.data;
  }
  const verified = await verifyBuilt(context, target);
  await writeKept(file, verified);
  return verified;
}

/** Every check there is today: a check that came later was not made then. */
function hasPassed({ checks }: Verified): boolean {
  return checkNames.every((name) => checks.some((check) => check.name === name && check.status === "passed"));
}
