import { type Built, baseSuiteOf, buildTargets, ensureBase, parseCacheStore } from "@prosody-foundry/bake";
import { type Target, upstreamVersion } from "@prosody-foundry/images";
import { type Context, openBake } from "../context.ts";
import type { CommandSpec, Flags } from "../command.ts";
import { gatherMaterials } from "../gather-materials.ts";
import { planImages, type Planned } from "../plan-images.ts";
import { summarizeBuilds } from "../summary.ts";
import { readOrigin } from "../read-origin.ts";
import { renderBytes, renderTable } from "../table.ts";

export const build: CommandSpec = {
  name: "build",
  summary: "build what is not built yet, for all platforms, into OCI layouts",
  arguments: "[image...]",
  options: ["series", "release", "available", "platform", "cache", "builderId", "json"],
  example: "foundry build prosody --series 13.0 --platform linux/amd64",
  async run(context, { args, flags }) {
    const planned = await planImages(context, args, flags);
    const built = await buildPlanned(context, planned, flags);
    const summary = summarizeBuilds(
      built.map(({ target, report, fresh }) => ({ name: target.name, fresh, platforms: report.platforms })),
    );
    return { value: built.map(describeBuilt), text: built.map(renderBuilt).join("\n"), summary };
  },
};

/** Builds the targets of a plan, telling where each input came from. */
export async function buildPlanned(
  context: Context,
  planned: Planned,
  flags: Pick<Flags, "builderId" | "cache">,
): Promise<Built[]> {
  const { settings, origin } = await readOrigin(context, planned.targets, flags.builderId);
  const usual = settings && `${settings.repository}-cache`;
  const cache = typeof flags.cache === "string" ? parseCacheStore(flags.cache, usual) : undefined;
  const bake = await openBake(context);
  const materials = async (target: Target) => {
    const server = await planned.serverOf(target);
    context.say(`${target.name}: Prosody ${upstreamVersion(target.release)} from ${server.via}`);
    const base = await ensureBase(bake, baseSuiteOf(target.release));
    context.say(`${target.name}: packages of Debian ${target.release.suite}, put together in ${base.via}`);
    return gatherMaterials(context, target, { lock: planned.lock, sources: planned.sources, server: server.files });
  };
  return buildTargets(bake, planned.targets, { materials, origin, cache, noCache: flags.cache === false });
}

/** What programs get of a build. */
export function describeBuilt({ target, report, fresh }: Built) {
  return { ...report, fresh, modules: target.modules, unshipped: target.unshipped };
}

/** What people get of a build: image, id, digests, sizes, modules shipped and left out. */
export function renderBuilt({ target, report, fresh }: Built): string {
  const platforms = Object.entries(report.platforms).map(([platform, image]) => [
    `  ${platform}`,
    image.digest,
    renderBytes(image.size),
  ]);
  return [
    `${target.name}: Prosody ${upstreamVersion(target.release)}, ${fresh ? "built" : "built before"}\n`,
    `  id ${target.id}\n`,
    renderTable(platforms),
    renderShipped(target),
  ].join("");
}

function renderShipped({ modules, unshipped }: Target): string {
  const left = unshipped.map(({ name, instead, because }) => [
    `    ${name}`,
    instead === "core" ? `core instead: ${because}` : `left out: ${because}`,
  ]);
  const shipped = modules.map(({ name }) => name).join(" ");
  return `  ${modules.length} modules shipped: ${shipped}\n${
    left.length === 0 ? "" : `  ${left.length} not shipped:\n${renderTable(left)}`
  }`;
}
