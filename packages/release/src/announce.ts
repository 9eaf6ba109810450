import type { Platform } from "@prosody-foundry/images";
import { compareText, prettyJson } from "@prosody-foundry/kit";
import type { LedgerEntry } from "./ledger.ts";
import { sbomName } from "./publish-requests.ts";
import type { ReleaseAsset, WantedRelease } from "./releases.ts";
import { immutableTag, type TagPolicy, tagsFor } from "./tags.ts";

/** A published image, and what its release on GitHub tells. */
export interface ReleaseFacts {
  entry: LedgerEntry;
  /** Commit it was built from. */
  commit: string;
  /** Markdown. */
  notes: string;
  policy: TagPolicy;
  /** All published releases; the entry need not be among them. */
  ledger: readonly LedgerEntry[];
  /** Texts of modules.lock.json and of the image's package lock. */
  lock: string;
  packages: string | null;
  /** SPDX documents. */
  sboms: Partial<Record<Platform, string>>;
}

/** GitHub takes no longer text of a release. */
const longestNotes = 125_000;

/** The release on GitHub that a published image is to have. */
export function releaseOf(facts: ReleaseFacts): WantedRelease {
  const { entry, commit, notes } = facts;
  const tag = immutableTag(entry);
  const cut = "\n\nCut: GitHub takes no longer text.\n";
  return {
    tag,
    commit,
    title: entry.yanked ? `${tag} (withdrawn)` : tag,
    notes: notes.length <= longestNotes ? notes : notes.slice(0, longestNotes - cut.length).toWellFormed() + cut,
    prerelease: entry.series === "trunk",
    latest: latestOf(facts),
    assets: assetsOf(facts),
  };
}

/** The immutable tag of what `latest` stands for, whatever was just published. */
function latestOf({ entry, policy, ledger }: ReleaseFacts): string | null {
  const all = [...ledger, entry];
  const digest = tagsFor(policy, all).get("latest");
  const own = all.filter((one) => one.digest === digest && one.variant === "").map(immutableTag);
  return own.toSorted(compareText).at(-1) ?? null;
}

function assetsOf({ entry, lock, packages, sboms }: ReleaseFacts): ReleaseAsset[] {
  const json = "application/json";
  const boms = Object.entries(sboms).map(([platform, text]) => {
    return { name: sbomName(platform), type: "application/spdx+json", text };
  });
  return [
    { name: "ledger-entry.json", type: json, text: prettyJson(entry) },
    { name: "modules.lock.json", type: json, text: lock },
    ...(packages === null ? [] : [{ name: "packages.lock.json", type: json, text: packages }]),
    ...boms.toSorted((a, b) => compareText(a.name, b.name)),
  ];
}
