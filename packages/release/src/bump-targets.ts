import { type Target, upstreamVersion } from "@prosody-foundry/images";
import type { RebuiltTarget } from "./bump.ts";

/** A target that two plans have with different content. */
export interface ChangedTarget {
  target: Target;
  /** Its id in the older plan; null where that had none. */
  before: string | null;
  /** Modules of both plans whose content differs, and those that come or go; sorted as the inputs are. */
  modules: string[];
  /** Module layers that change, 0 to 7. */
  buckets: number[];
  /** True when the layer of the configuration changes. */
  configuration: boolean;
  /** Other inputs that differ: `packages`. */
  others: string[];
}

/** Targets of the newer plan whose id the older one does not have, with what makes the difference. */
export function changedTargets(before: readonly Target[], after: readonly Target[]): ChangedTarget[] {
  return after.flatMap((target) => {
    const old = before.find(({ name }) => name === target.name);
    return old?.id === target.id ? [] : [compareTargets(old, target)];
  });
}

/** Compressed sizes of a target's layers; null where only a build can tell. */
export interface LayerSizes {
  buckets: ReadonlyMap<number, number | null>;
  configuration: number | null;
}

/** A changed target with what its layers cost. */
export function rebuiltTarget(
  { target, before, modules, ...changed }: ChangedTarget,
  sizes: LayerSizes,
): RebuiltTarget {
  const { name, image, series, release, id } = target;
  const configuration = changed.configuration ? [{ name: "configuration", bytes: sizes.configuration }] : [];
  const buckets = changed.buckets.map((bucket) => {
    return { name: bucketLayer(bucket), bytes: sizes.buckets.get(bucket) ?? null };
  });
  const others = changed.others.map((input) => ({ name: input, bytes: null }));
  const layers = [...others, ...buckets, ...configuration];
  return { name, image, series, release: upstreamVersion(release), before, after: id, modules, layers };
}

/** What a layer of modules is called. */
export function bucketLayer(bucket: number): string {
  return `modules b${bucket}`;
}

function compareTargets(old: Target | undefined, target: Target): ChangedTarget {
  const inputs = differing(old?.inputs ?? {}, target.inputs);
  const modules = [...new Set(inputs.flatMap((input) => /^(?:module|patch) (\S+)/u.exec(input)?.[1] ?? []))];
  const both = [...(old?.modules ?? []), ...target.modules];
  const buckets = new Set(both.filter(({ name }) => modules.includes(name)).map(({ bucket }) => bucket));
  const others = inputs.filter((input) => !/^(?:(?:module|patch) |modules\.lua$|rootfs\/)/u.test(input));
  return {
    target,
    before: old?.id ?? null,
    modules,
    buckets: [...buckets].toSorted((a, b) => a - b),
    configuration: inputs.some((input) => /^(?:modules\.lua$|rootfs\/)/u.test(input)),
    others: old === undefined ? ["everything"] : others,
  };
}

function differing(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): string[] {
  const inputs = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...inputs].filter((input) => before[input] !== after[input]);
}
