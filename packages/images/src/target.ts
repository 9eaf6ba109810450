import type { Series } from "@prosody-foundry/kit";
import type { Verdict } from "@prosody-foundry/lockfile";
import type { TargetPackages } from "./locked-packages.ts";
import type { Release } from "./manifest.ts";
import type { Platform } from "./platform.ts";

/** A community module that goes into an image. */
export interface ShippedModule {
  name: string;
  source: string;
  node: string;
  tree: string;
  integrity: string;
  verdict: Verdict;
  /** The release the verdict is on: the target's own, or the nearest judged one of its series. */
  judgedOn: string;
  /** `required`, `optional`, or `needed by mod_x, mod_y`. */
  reason: string;
  /** Layer 0 to 7 it lives in: stable for its name. */
  bucket: number;
}

/** A wanted module that is not shipped, and why. `core`: the release has its own. */
export interface UnshippedModule {
  name: string;
  instead: "core" | "nothing";
  because: string;
}

/** What one build makes: an image on a series, for all its platforms. */
export interface Target {
  /** `prosody-13-0`: bake allows no dot in a target's name. */
  name: string;
  image: string;
  variant: string;
  title: string;
  description: string;
  series: Series;
  release: Release;
  platforms: Platform[];
  /** Seconds since 1970, the time of every file: SOURCE_DATE_EPOCH. */
  epoch: number;
  /** Names of Debian packages the root is for; what they need comes with them. */
  packages: string[];
  /** Exactly which .debs are used. */
  debs: TargetPackages;
  modules: ShippedModule[];
  unshipped: UnshippedModule[];
  /** Everything that goes in, label → hash or value: the preimage of the id. */
  inputs: Record<string, string>;
  /** SHA-256 of the inputs' canonical JSON. */
  id: string;
}

/** The decision: what would be built, printable as JSON. */
export interface Plan {
  planVersion: 1;
  targets: Target[];
}
