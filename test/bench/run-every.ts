import { type BakeContext, buildTargets } from "@prosody-foundry/bake";
import { Platform, upstreamVersion } from "@prosody-foundry/images";
import { isUserError } from "@prosody-foundry/kit";
import type { Context } from "../../packages/cli/src/context.ts";
import { gatherMaterials } from "../../packages/cli/src/gather-materials.ts";
import { planImages } from "../../packages/cli/src/plan-images.ts";
import { type Figure, underShare } from "./figures.ts";
import { measure } from "./measure.ts";
import { lendEmulator } from "./run-emulator.ts";
import * as officially from "./run-official.ts";
import type { OursBuilt } from "./run-ours.ts";

/** The default image of its newest release that can be had, for every platform. */
export interface EveryMeasured extends OursBuilt {
  version: string;
  suite: string;
  /** Of the official recipe, by platform; a string: why it could not be run. */
  official: Partial<Record<Platform, officially.OfficialBuilt | string>>;
}

/** Builds the image for all its platforms in one bake from nothing, the tools it is built with included. */
export async function buildEvery(context: Context, bake: BakeContext): Promise<EveryMeasured> {
  const planned = await planImages(context, ["prosody"], { available: true, series: ["13.0"] });
  const [target] = planned.targets;
  if (target === undefined) throw new Error("There is no target of 13.0");
  const { files } = await planned.serverOf(target);
  const materials: Parameters<typeof buildTargets>[2]["materials"] = (part) =>
    gatherMaterials(context, part, { lock: planned.lock, sources: planned.sources, server: files });
  const { value, seconds, load } = await measure(() => buildTargets(bake, [target], { materials, noCache: true }));
  const [built] = value;
  if (built === undefined) throw new Error("Nothing was built");
  const { release } = target;
  return { seconds, load, report: built.report, version: upstreamVersion(release), suite: release.suite, official: {} };
}

/** The official recipe on every platform that is not the machine's, one after the other under QEMU. */
export async function buildOfficialEverywhere(
  bake: BakeContext,
  platforms: readonly Platform[],
): Promise<EveryMeasured["official"]> {
  const official: EveryMeasured["official"] = {};
  for (const platform of platforms) {
    bake.progress(`Official recipe, ${platform} under QEMU`);
    official[platform] = await buildOfficialOn(bake, platform).catch(whenRefused);
  }
  return official;
}

async function buildOfficialOn(bake: BakeContext, platform: Platform): Promise<officially.OfficialBuilt> {
  await lendEmulator(bake, platform);
  return officially.buildCold(bake, await officially.prepareOfficial(bake, platform));
}

function whenRefused(error: unknown): string {
  if (!(error instanceof Error)) throw error;
  return isUserError(error) ? `${error.code}: ${error.message}` : error.message;
}

export function figuresOfEvery({ seconds, report, official }: EveryMeasured): Figure[] {
  const rows = Platform.options.flatMap((platform) => {
    const size = report.platforms[platform]?.size;
    return size === undefined ? [] : [{ platform, size, beside: official[platform] }];
  });
  return [
    { what: `cold build, ${rows.length} platforms`, unit: "seconds", ours: seconds, official: sumOf(rows) },
    ...rows.map(({ platform, size, beside }) => {
      const bytes = typeof beside === "object" ? beside.size : undefined;
      const figure = { what: `compressed size, ${platform}`, unit: "bytes", ours: size, official: bytes } as const;
      return underShare(figure, 1 / 4, "under a quarter");
    }),
  ];
}

/** Seconds of the official recipe on all platforms, one after the other; undefined where one is lacking. */
function sumOf(rows: readonly { beside: officially.OfficialBuilt | string | undefined }[]): number | undefined {
  let sum = 0;
  for (const { beside } of rows) {
    if (typeof beside !== "object") return undefined;
    sum += beside.seconds;
  }
  return sum;
}

export function noteEvery({ version, suite, official }: EveryMeasured): string[] {
  const lacking = Object.entries(official).flatMap(([platform, one]) =>
    typeof one === "string" ? [`${platform} of the official recipe was not run: ${one.split("\n")[0]}`] : [],
  );
  return [`Every platform: Prosody ${version} on Debian ${suite}'s packages, in one bake, tools included.`, ...lacking];
}
