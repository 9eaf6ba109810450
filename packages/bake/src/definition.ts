import type { BakeDefinition, Target as BakeTarget } from "@docker/actions-toolkit/lib/types/buildx/bake.js";
import { type Target, exporterSettings, upstreamVersion } from "@prosody-foundry/images";

/** What a target is baked with, beside the target itself. All paths are relative to the folder bake runs in. */
interface TargetFolders {
  /** Build context: Dockerfile, packages/, server/, modules/b0 to b7/, rootfs/. */
  context: string;
  /** Where the OCI layout goes. */
  layout: string;
  /** Named context of the builder base. */
  base: string;
}

export interface Bakeable extends TargetFolders {
  target: Target;
}

/** The bake file (JSON form) of some targets: one invocation builds them all and shares what they share. Pure. */
export function bakeDefinition(bakeables: readonly Bakeable[], noCache = false): BakeDefinition {
  const targets = bakeables.map((bakeable): [string, BakeTarget] => [
    bakeable.target.name,
    bakeTarget(bakeable, noCache),
  ]);
  return {
    group: { default: { targets: targets.map(([name]) => name) } },
    target: Object.fromEntries(targets),
  };
}

function bakeTarget({ target, context, layout, base }: Bakeable, noCache: boolean): BakeTarget {
  return {
    context,
    dockerfile: "Dockerfile",
    contexts: { base },
    platforms: [...target.platforms],
    args: {
      SOURCE_DATE_EPOCH: String(target.epoch),
      SERVER: target.release.kind === "debian" ? "debian" : "compiled",
      VERSION: target.release.version,
      ROOT_SNAPSHOT: target.debs.snapshots.root,
      BUILD_SNAPSHOT: target.debs.snapshots.build,
    },
    labels: targetLabels(target),
    attest: ["type=provenance,mode=max"],
    output: [`${exporterSettings},dest=${layout}`],
    ...(noCache ? { "no-cache": true } : {}),
  };
}

/** Labels by the OCI image specification. No build time: that is in the provenance. */
function targetLabels(target: Target): Record<string, string> {
  return {
    "org.opencontainers.image.title": target.title,
    "org.opencontainers.image.description": target.description,
    "org.opencontainers.image.version": upstreamVersion(target.release),
    "org.opencontainers.image.revision": target.id,
    "org.opencontainers.image.licenses": "MIT",
    "org.prosody-foundry.series": target.series,
    "org.prosody-foundry.release": target.release.version,
    "org.prosody-foundry.debian": target.release.suite,
    "org.prosody-foundry.modules": target.modules.map((module) => module.name).join(" "),
  };
}
