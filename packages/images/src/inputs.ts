import { canonicalJson, sha256 } from "@prosody-foundry/kit";
import { type Lock, keyFor } from "@prosody-foundry/lockfile";
import type { TargetPackages } from "./locked-packages.ts";
import type { Image, Release } from "./manifest.ts";
import { modulesLua } from "./modules-lua.ts";
import type { LockedPackage } from "./package-lock.ts";
import type { Target } from "./target.ts";

/** Part of every id: raise it when what is built from equal inputs changes. */
const planSchema = 2;

/** How every image is exported; the same inputs and settings give the same bytes. */
export const exporterSettings = "type=oci,tar=false,rewrite-timestamp=true,oci-mediatypes=true,compression=gzip";

/** A target before its inputs are counted. */
export type Draft = Omit<Target, "inputs" | "id">;

/**
 * Everything that goes into a target, label → hash or value. Where a thing came from (mirror, URL, upstream node) is not in
 * it: equal bytes are equal inputs.
 */
export function inputsOf(draft: Draft, image: Image, lock: Lock): Record<string, string> {
  return {
    "plan schema": String(planSchema),
    exporter: exporterSettings,
    Dockerfile: image.dockerfile,
    ...prefix("native/", image.native),
    ...prefix("rootfs/", image.rootfs),
    "manifest title": image.title,
    "manifest description": image.description,
    "manifest variant": image.variant,
    series: draft.series,
    ...prefix("release ", releaseInputs(draft)),
    platforms: draft.platforms.join(" "),
    epoch: String(draft.epoch),
    "package suite": draft.release.suite,
    packages: draft.packages.join(" "),
    ...packageInputs(draft.debs),
    ...moduleInputs(draft, lock),
    "modules.lua": sha256(modulesLua(draft, lock)),
  };
}

/** A target's id. */
export function idOf(inputs: Readonly<Record<string, string>>): string {
  return sha256(canonicalJson(inputs));
}

function releaseInputs({ release, platforms }: Draft): Record<string, string> {
  return { kind: release.kind, version: release.version, ...contentOf(release, platforms) };
}

function contentOf(release: Release, platforms: readonly string[]): Record<string, string> {
  if (release.kind === "tarball") return { sha256: release.sha256 };
  if (release.kind !== "debian") return { node: release.node, tree: release.tree };
  const hashes = Object.entries(release.sha256).filter(([platform]) => platforms.includes(platform));
  return prefix("sha256 ", Object.fromEntries(hashes));
}

// What ends with a platform belongs to that one alone; the tools, named after the build machine, to all.
function packageInputs({ root, dev, build }: TargetPackages): Record<string, string> {
  return { ...debInputs("package", root), ...debInputs("header package", dev), ...debInputs("tool", build) };
}

function debInputs(label: string, lists: Readonly<Record<string, readonly LockedPackage[]>>): Record<string, string> {
  const entries = Object.entries(lists).flatMap(([where, packages]) =>
    packages.map((deb) => [`${label} ${deb.name} ${where}`, `${deb.version} ${deb.sha256}`]),
  );
  return Object.fromEntries(entries);
}

function moduleInputs({ modules }: Draft, lock: Lock): Record<string, string> {
  const entries = modules.flatMap(({ name, source, integrity }) => [
    [`module ${name}`, integrity],
    ...(lock.modules[keyFor(lock, { name, source })]?.patches ?? []).map((patch, at) => [
      `patch ${name} ${at} ${patch.file}`,
      patch.sha256,
    ]),
  ]);
  return Object.fromEntries(entries);
}

function prefix(label: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${label}${key}`, value]));
}
