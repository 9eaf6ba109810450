import { type Platform, platformWord, type Target } from "@prosody-foundry/images";
import type { LedgerEntry } from "./ledger.ts";

/** One job of a workflow: one target on one platform. */
export interface MatrixEntry {
  name: string;
  image: string;
  series: string;
  platform: Platform;
  /** GitHub's label of the machine. */
  runner: string;
  /** True where that machine's processor cannot run what it builds. */
  emulated: boolean;
}

interface Runner {
  runner: string;
  emulated: boolean;
}

const x86: Runner = { runner: "ubuntu-24.04", emulated: false };
const arm: Runner = { runner: "ubuntu-24.04-arm", emulated: false };
// Cross-built as everywhere; only the checks go through qemu.
const foreign: Runner = { runner: "ubuntu-24.04", emulated: true };

/** The machine of GitHub's that builds for a platform: its own where there is one. */
const runners: Readonly<Record<Platform, Runner>> = {
  "linux/386": x86,
  "linux/amd64": x86,
  "linux/arm/v7": arm,
  "linux/arm64": arm,
  "linux/ppc64le": foreign,
  "linux/riscv64": foreign,
  "linux/s390x": foreign,
};

/** A job for each platform of every target that is not published yet. */
export function buildMatrix(
  targets: readonly Pick<Target, "name" | "id" | "image" | "series" | "platforms">[],
  ledger: readonly Pick<LedgerEntry, "id">[],
): MatrixEntry[] {
  const missing = targets.filter(({ id }) => !ledger.some((entry) => entry.id === id));
  return missing.flatMap(({ name, image, series, platforms }) =>
    platforms.map((platform) => {
      return { name: `${name}-${platformWord(platform)}`, image, series, platform, ...runners[platform] };
    }),
  );
}
