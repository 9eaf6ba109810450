import type { Target } from "@prosody-foundry/images";
import { upstreamVersion } from "@prosody-foundry/images";
import type { BumpType } from "./changelog.ts";
import { sectionsOf } from "./changelog.ts";
import type { LedgerEntry } from "./ledger.ts";
import { draftNotes } from "./compose-notes.ts";
import { changesText, renderNotes } from "./notes.ts";
import { plannedContents } from "./planned-contents.ts";
import { lastPublished, type ReleaseNews } from "./release-news.ts";
import type { AppliedChangesets, FileChange, PackageRelease } from "./run-changesets.ts";
import { immutableTag, type TagPolicy } from "./tags.ts";
import { nextEntry, tagsOfTarget } from "./target-tags.ts";

/** The decision: what every image becomes, and the new text of each file. Printable as JSON. */
export interface VersionPlan {
  versionPlanVersion: 1;
  /** Those that get a new contract version; none when there is nothing to do. */
  images: VersionedImage[];
  /** Prosody releases that no changeset told of. */
  news: ReleaseNews[];
  /** Path in the repository → text before and after; null where there is no such file. */
  files: Record<string, FileChange>;
}

export interface VersionedImage {
  image: string;
  bump: BumpType;
  /** Contract versions. */
  from: string;
  to: string;
  /** What the changelog gains, Markdown. */
  changes: string;
  targets: NextPublication[];
}

/** What publishing a target next would make. */
interface NextPublication {
  target: string;
  series: string;
  /** Version of the Prosody release. */
  version: string;
  /** That of the last publication on this series; null where there was none. */
  from: string | null;
  /** 1 where this Prosody version was never published for the variant. */
  rev: number;
  /** The immutable tag. */
  tag: string;
  /** All tags it would carry, sorted. */
  tags: string[];
  /** Content that is published already gets no new revision: the tag it has; else null. */
  published: string | null;
  /** What its users would be told, Markdown; what only a build can tell is not in it. */
  notes: string;
}

export interface VersionRequest extends AppliedChangesets {
  news: readonly ReleaseNews[];
  /** Of all images. */
  targets: readonly Target[];
  policy: TagPolicy;
  ledger: readonly LedgerEntry[];
  /** Today, UTC. */
  date: string;
}

/** Pure: equal requests give equal plans. */
export function planVersion(request: VersionRequest): VersionPlan {
  const images = request.releases.map((release) => versionImage(request, release));
  return { versionPlanVersion: 1, images, news: [...request.news], files: request.files };
}

function versionImage(request: VersionRequest, { folder, bump, from, to }: PackageRelease): VersionedImage {
  const image = folder.replace(/^images\//u, "");
  const changelog = request.files[`${folder}/CHANGELOG.md`]?.after ?? "";
  const own = sectionsOf(changelog).filter(({ version }) => version === to);
  const targets = request.targets.filter((target) => target.image === image);
  return {
    image,
    bump,
    from,
    to,
    changes: changesText(own),
    targets: targets.map((target) => nextPublication(request, target, { contract: to, changelog })),
  };
}

interface Text {
  /** The new version of the image's contract. */
  contract: string;
  changelog: string;
}

function nextPublication(
  { policy, ledger, date }: VersionRequest,
  target: Target,
  { contract, changelog }: Text,
): NextPublication {
  const built = { target, digest: digestOf(target, ledger), contract, platforms: {}, date };
  const entry = nextEntry(built, ledger);
  const tag = immutableTag(entry);
  const previous = lastPublished(ledger, target.image, target.series) ?? null;
  const after = plannedContents(target, {});
  return {
    target: target.name,
    series: target.series,
    version: upstreamVersion(target.release),
    from: previous?.version ?? null,
    rev: entry.rev,
    tag,
    tags: tagsOfTarget(built, policy, ledger),
    published: ledger.some(({ id }) => id === target.id) ? tag : null,
    notes: renderNotes(draftNotes({ entry, previous, changelog, before: null, after, repository: null })),
  };
}

/** Of what is published with this content; what is not built yet has no digest, so its id stands for it. */
function digestOf({ id }: Target, ledger: readonly LedgerEntry[]): string {
  return ledger.find((entry) => entry.id === id)?.digest ?? `sha256:${id}`;
}
