import { idOf } from "./inputs.ts";
import type { TargetPackages } from "./locked-packages.ts";
import { Platform } from "./platform.ts";
import type { Target } from "./target.ts";

/**
 * The target for one of its platforms alone, as if no other had been planned: its inputs without those of other
 * platforms (an input that belongs to one has a label that ends with it, `package libc6 linux/arm64`), and its own id.
 * Pure; what a part of a target is built and kept under.
 */
export function narrowTarget(target: Target, platform: Platform): Target {
  if (!target.platforms.includes(platform)) throw new Error(`${target.name} is not planned for ${platform}`);
  if (target.platforms.length === 1) return target;
  const shared = Object.entries(target.inputs).filter(([label]) => belongsTo(label, platform));
  const inputs = { ...Object.fromEntries(shared), platforms: platform };
  return { ...target, platforms: [platform], debs: narrowPackages(target.debs, platform), inputs, id: idOf(inputs) };
}

function narrowPackages(debs: TargetPackages, platform: Platform): TargetPackages {
  const only = <T>(lists: Partial<Record<Platform, T>>): Partial<Record<Platform, T>> => {
    const list = lists[platform];
    return list === undefined ? {} : { [platform]: list };
  };
  return { ...debs, root: only(debs.root), dev: only(debs.dev) };
}

function belongsTo(label: string, platform: Platform): boolean {
  const last = Platform.safeParse(label.slice(label.lastIndexOf(" ") + 1));
  return !last.success || last.data === platform;
}
