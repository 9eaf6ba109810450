import path from "node:path";
import type { Target } from "@prosody-foundry/images";
import { z } from "zod";
import type { Context } from "./context.ts";
import { type Verified, verifyBuilt } from "./verify-built.ts";
import { readKept, writeKept } from "./write-kept.ts";

const Kept = z.array(
  z.strictObject({
    target: z.string(),
    platform: z.enum(["linux/amd64", "linux/arm64"]),
    image: z.string(),
    checks: z.array(
      z.strictObject({ name: z.string(), status: z.enum(["passed", "failed", "notRun"]), detail: z.string() }),
    ),
  }),
);

/** The checks of a target: those made before, when all passed then; equal ids are equal images. */
export async function verifyOnce(context: Context, target: Target): Promise<Verified[]> {
  const file = path.join(context.cacheDir, "verified", `${target.id}.json`);
  const kept = Kept.safeParse(await readKept(file));
  if (kept.success && kept.data.every(({ checks }) => checks.every(({ status }) => status === "passed"))) {
    return kept.data;
  }
  const verified = await verifyBuilt(context, target);
  await writeKept(file, verified);
  return verified;
}
