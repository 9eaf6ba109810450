import type { BakeDefinition, Target as BakeTarget } from "@docker/actions-toolkit/lib/types/buildx/bake.js";
import { type Platform, type Target, exporterSettings, platformWord } from "@prosody-foundry/images";
import { imageAnnotations } from "./assemble.ts";
import { type CacheStore, cacheFlags } from "./cache.ts";

/** What a part of a target is baked with, beside itself. All paths are relative to the folder bake runs in. */
interface PartFolders {
  /** Build context: Dockerfile, packages/, server/, modules/b0 to b7/, native/, rootfs/. */
  context: string;
  /** Where the OCI layout goes. */
  layout: string;
  /** Named context of the builder base. */
  base: string;
}

export interface Bakeable extends PartFolders {
  /** A target for one platform: see `narrowTarget`. */
  target: Target;
}

export interface BakeOptions {
  noCache?: boolean;
  /** Never part of an id: what is built is the same with and without. */
  cache?: CacheStore;
}

/** The bake file (JSON form) of some parts: one invocation builds them all and shares what they share. Pure. */
export function bakeDefinition(bakeables: readonly Bakeable[], options: BakeOptions = {}): BakeDefinition {
  const targets = bakeables.map((bakeable): [string, BakeTarget] => [
    partName(bakeable.target),
    bakeTarget(bakeable, options),
  ]);
  return {
    group: { default: { targets: targets.map(([name]) => name) } },
    target: Object.fromEntries(targets),
  };
}

/** What a part is called in a bake file, which allows neither dots nor slashes: `prosody-13-0-arm-v7`. */
export function partName(target: Target): string {
  return `${target.name}-${platformWord(platformOfPart(target))}`;
}

/** The one platform of a part. */
export function platformOfPart({ name, platforms: [platform, ...others] }: Target): Platform {
  if (platform === undefined || others.length > 0) throw new Error(`${name} is no part: it is not for one platform`);
  return platform;
}

/**
 * The Dockerfile's last stage, which only copies. BuildKit knows a copy again by names and contents, not by times, and keeps
 * the layer with the times an earlier epoch gave it: out of its cache, equal inputs would give other bytes.
 */
const finalStage = "image";

// The toolkit's type has no annotations; bake has, since buildx 0.12.
function bakeTarget({ target, context, layout, base }: Bakeable, options: BakeOptions): BakeTarget {
  const platform = platformOfPart(target);
  const annotations = Object.entries(imageAnnotations(target)).map(
    ([name, value]) => `manifest:${name}=${literal(value)}`,
  );
  const baked: BakeTarget & { annotations: string[] } = {
    context,
    dockerfile: "Dockerfile",
    contexts: { base },
    platforms: [platform],
    args: {
      SOURCE_DATE_EPOCH: String(target.epoch),
      SERVER: target.release.kind === "debian" ? "debian" : "compiled",
      VERSION: target.release.version,
      ROOT_SNAPSHOT: target.debs.snapshots.root,
      DEV_SNAPSHOT: target.debs.snapshots.dev,
      BUILD_SNAPSHOT: target.debs.snapshots.build,
    },
    labels: imageLabels(target),
    annotations,
    attest: ["type=provenance,mode=max"],
    output: [`${exporterSettings},dest=${layout}`],

    "no-cache-filter": [finalStage],
    ...cacheFlags(options.cache, { name: target.name, platform }),
    ...(options.noCache === true ? { "no-cache": true } : {}),
  };
  return baked;
}

function imageLabels(target: Target): Record<string, string> {
  const modules = target.modules.map((module) => module.name).join(" ");
  const labels = Object.entries({ ...imageAnnotations(target), "org.prosody-foundry.modules": modules });
  return Object.fromEntries(labels.map(([name, value]) => [name, literal(value)]));
}

/** bake takes every string for a template of HCL's: `${` and `%{` begin an expression in it unless their sign is doubled. */
function literal(text: string): string {
  return text.replaceAll(/[$%](?=\{)/gu, (sign) => sign + sign);
}
