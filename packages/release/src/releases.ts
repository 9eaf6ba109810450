import { sha256 } from "@prosody-foundry/kit";
import { isSameBody } from "./pull-request-marker.ts";

/** A release there should be on GitHub, for one immutable tag. */
export interface WantedRelease {
  tag: string;
  /** Where the tag is made when it is not there yet. */
  commit: string;
  title: string;
  /** Markdown. */
  notes: string;
  /** Of trunk: never the latest. */
  prerelease: boolean;
  /** The immutable tag that `latest` stands for by the tag policy; null where there is none. */
  latest: string | null;
  assets: readonly ReleaseAsset[];
}

export interface ReleaseAsset {
  name: string;
  /** Media type. */
  type: string;
  text: string;
}

/** What GitHub has, as far as it matters. */
export interface SeenReleases {
  /** The tag itself. */
  tagged: boolean;
  /** Of the wanted tag and of the latest; drafts too. */
  releases: readonly SeenRelease[];
  /** Tag of the release that GitHub shows as the latest. */
  latest: string | null;
}

export interface SeenRelease {
  id: number;
  tag: string;
  draft: boolean;
  prerelease: boolean;
  title: string;
  notes: string;
  url: string;
  uploadUrl: string;
  assets: readonly SeenAsset[];
}

interface SeenAsset {
  id: number;
  name: string;
  /** `starter`: an upload that was cut off. */
  state: string;
  size: number;
  /** `sha256:…`; null where GitHub does not say. */
  digest: string | null;
}

/** One step; they are made in their order. */
export type ReleaseAction =
  | ({ kind: "create draft" } & Pick<WantedRelease, "tag" | "commit" | "title" | "notes" | "prerelease">)
  | { kind: "delete draft"; id: number }
  | { kind: "delete asset"; id: number; name: string }
  | { kind: "upload"; name: string; size: number }
  | { kind: "tag"; tag: string; commit: string }
  | { kind: "publish"; tag: string; makeLatest: "true" | "false" }
  | { kind: "edit"; id: number; title: string; notes: string; prerelease: boolean }
  | { kind: "make latest"; id: number; tag: string };

/**
 * What is left to be done; nothing when all is as wanted. A release is a draft until all its assets are there, so that none
 * is ever seen half made; one that is published is completed in place.
 */
export function planRelease(wanted: WantedRelease, seen: SeenReleases): ReleaseAction[] {
  const [own, ...doubles] = releasesOf(wanted, seen);
  const { tag, commit, title, notes, prerelease } = wanted;
  const isPublished = own !== undefined && !own.draft;
  return [
    ...(own === undefined ? [{ kind: "create draft" as const, tag, commit, title, notes, prerelease }] : []),
    // Of two runs that began at once; what is public stays.
    ...doubles.filter(({ draft }) => draft).map(({ id }) => ({ kind: "delete draft" as const, id })),
    ...planAssets(wanted, own?.assets ?? []),
    ...(own === undefined || isSameText(wanted, own)
      ? []
      : [{ kind: "edit" as const, id: own.id, title, notes, prerelease }]),
    ...(seen.tagged ? [] : [{ kind: "tag" as const, tag, commit }]),
    ...(isPublished ? [] : [{ kind: "publish" as const, tag, makeLatest: makeLatestOf(wanted) }]),
    ...planLatest(wanted, seen),
  ];
}

/** The one that counts first: what is published, then the oldest draft. */
export function releasesOf({ tag }: Pick<WantedRelease, "tag">, { releases }: SeenReleases): SeenRelease[] {
  return releases
    .filter((release) => release.tag === tag)
    .toSorted((a, b) => Number(a.draft) - Number(b.draft) || a.id - b.id);
}

function makeLatestOf({ tag, latest, prerelease }: WantedRelease): "true" | "false" {
  return tag === latest && !prerelease ? "true" : "false";
}

function isSameText(wanted: WantedRelease, own: SeenRelease): boolean {
  return wanted.title === own.title && wanted.prerelease === own.prerelease && isSameBody(wanted.notes, own.notes);
}

function planAssets({ assets }: WantedRelease, seen: readonly SeenAsset[]): ReleaseAction[] {
  return assets.flatMap((asset): ReleaseAction[] => {
    const present = seen.filter(({ name }) => name === asset.name);
    if (present.some((one) => isWhole(one, asset))) return [];
    const size = Buffer.byteLength(asset.text);
    return [
      ...present.map(({ id, name }) => ({ kind: "delete asset" as const, id, name })),
      { kind: "upload", name: asset.name, size },
    ];
  });
}

function isWhole({ state, size, digest }: SeenAsset, { text }: ReleaseAsset): boolean {
  if (state !== "uploaded" || size !== Buffer.byteLength(text)) return false;
  return digest === null || digest === `sha256:${sha256(text)}`;
}

/** The release of the tag that `latest` stands for, where GitHub shows another one. */
function planLatest(wanted: WantedRelease, seen: SeenReleases): ReleaseAction[] {
  const { latest } = wanted;
  const own = releasesOf(wanted, seen)[0];
  // Publishing says it in the same request.
  if (latest === null || latest === seen.latest || (latest === wanted.tag && own?.draft !== false)) return [];
  const release = seen.releases.find(({ tag, draft }) => tag === latest && !draft);
  return release === undefined ? [] : [{ kind: "make latest", id: release.id, tag: latest }];
}
