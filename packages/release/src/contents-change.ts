import { Platform } from "@prosody-foundry/images";
import { compareText } from "@prosody-foundry/kit";
import { sumOf } from "./bump-text.ts";
import type { ImageContents, PlatformContents } from "./image-contents.ts";

/** What differs between two images. */
export interface ContentsChange {
  release: { from: string | null; to: string };
  modules: ModuleMove[];
  packages: PackageMove[];
  platforms: PlatformChange[];
}

/** A module that came, went, or is of another revision. */
export interface ModuleMove {
  name: string;
  /** Revisions of 40 digits; null where there was none, or is none any more. */
  from: string | null;
  to: string | null;
  source: string;
}

export interface PackageMove {
  name: string;
  from: string | null;
  to: string | null;
}

export interface PlatformChange {
  platform: Platform;
  /** Compressed bytes of the whole image now, and before; null for a platform that is new. */
  size: number;
  before: number | null;
  /** Bytes who has the image before still has to pull: its layers that were not there. */
  pull: number;
}

/** Pure; sorted by name. Everything is new where there was no image before. */
export function compareContents(before: ImageContents | null, after: ImageContents): ContentsChange {
  return {
    release: { from: before?.release ?? null, to: after.release },
    modules: compareModules(before?.modules ?? {}, after.modules),
    packages: comparePackages(before?.packages ?? {}, after.packages),
    platforms: Platform.options.flatMap((platform) => {
      const now = after.platforms[platform];
      return now === undefined ? [] : [comparePlatform(platform, before?.platforms[platform], now)];
    }),
  };
}

function compareModules(before: ImageContents["modules"], after: ImageContents["modules"]): ModuleMove[] {
  return namesIn(before, after).flatMap((name) => {
    const [old, now] = [before[name], after[name]];
    const move = { name, from: old?.node ?? null, to: now?.node ?? null, source: (now ?? old)?.source ?? "" };
    return move.from === move.to ? [] : [move];
  });
}

function comparePackages(before: ImageContents["packages"], after: ImageContents["packages"]): PackageMove[] {
  const moves = namesIn(before, after).map((name) => ({ name, from: before[name] ?? null, to: after[name] ?? null }));
  return moves.filter(({ from, to }) => from !== to);
}

function comparePlatform(platform: Platform, old: PlatformContents | undefined, now: PlatformContents): PlatformChange {
  const known = new Set(old?.layers.map(({ digest }) => digest));
  const fresh = now.layers.filter(({ digest }) => !known.has(digest));
  return { platform, size: now.size, before: old?.size ?? null, pull: sumOf(fresh.map(({ size }) => size)) };
}

function namesIn(before: object, after: object): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted(compareText);
}
