import path from "node:path";
import {
  buildFolder,
  type Check,
  checkFiles,
  findEmulator,
  loadTarget,
  type Report,
  readReport,
  verifyTarget,
} from "@prosody-foundry/bake";
import type { Platform, Target } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";
import { type Context, engineExec, openBake } from "./context.ts";
import { interruptible } from "./interruptible.ts";

/** The checks of one platform of a built target. */
export interface Verified {
  target: string;
  platform: Platform;
  image: string;
  checks: Check[];
}

/**
 * Checks the files of every platform of a built target, then starts it and checks it from outside.
 * @param whole - the target for more platforms, whose build will do when there is none of the target itself
 * @throws UserError NOT_BUILT.
 */
export async function verifyBuilt(context: Context, target: Target, whole = target): Promise<Verified[]> {
  const own = await readReport(context.cacheDir, target.id);
  const report = own ?? (await readReport(context.cacheDir, whole.id));
  if (report === undefined) {
    throw new UserError("NOT_BUILT", `${target.name} is not built: there is no build of ${target.id.slice(0, 12)}`, {
      hint: `Run \`foundry build ${target.image} --series ${target.series}\` with the same flags first.`,
    });
  }
  const verified: Verified[] = [];
  for (const platform of target.platforms) verified.push(await verifyPlatform(context, { target, report, platform }));
  return verified;
}

async function verifyPlatform(
  context: Context,
  built: { target: Target; report: Report; platform: Platform },
): Promise<Verified> {
  const { target, report, platform } = built;
  const bake = await openBake(context);
  const image = await loadTarget(bake, report, platform);
  context.progress(`Checking ${target.name} on ${platform}`);
  const layout = path.join(buildFolder(context.cacheDir, report.id), "layout");
  const files = await checkFiles(layout, { digest: report.platforms[platform]?.digest ?? "", platform });
  const { modules, series } = target;
  const exec = await engineExec(context);
  const emulator = { fetch: (machine: string) => findEmulator(bake, machine) };
  const running = await interruptible((cancelSignal) =>
    verifyTarget({
      exec,
      image,
      target: { modules, series, platform },
      progress: context.progress,
      cancelSignal,
      emulator,
    }),
  );
  return { target: target.name, platform, image, checks: [...files, ...running] };
}
