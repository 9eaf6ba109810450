import { z } from "zod";
import { encodePath } from "./read-pull-requests.ts";
import type { SeenRelease, SeenReleases, WantedRelease } from "./releases.ts";
import type { Github } from "./run-github.ts";

export const GithubRelease = z.looseObject({
  id: z.number(),
  tag_name: z.string(),
  draft: z.boolean(),
  prerelease: z.boolean(),
  name: z.string().nullish(),
  body: z.string().nullish(),
  html_url: z.string(),
  upload_url: z.string(),
  assets: z
    .array(
      z.looseObject({
        id: z.number(),
        name: z.string(),
        state: z.string(),
        size: z.number(),
        digest: z.string().nullish(),
      }),
    )
    .default([]),
});

/** What GitHub has of the wanted release and of the latest. */
export async function readReleases(github: Github, { tag, latest }: WantedRelease): Promise<SeenReleases> {
  const ref = await github.find(`GET /git/ref/tags/${encodePath(tag)}`, z.unknown());
  const newest = await github.find("GET /releases/latest", GithubRelease);
  // Only the list has drafts.
  const all = await github.list("GET /releases", GithubRelease);
  return {
    tagged: ref !== null,
    releases: all.filter(({ tag_name: name }) => name === tag || name === latest).map(seenRelease),
    latest: newest?.tag_name ?? null,
  };
}

/** GitHub's words into ours. */
export function seenRelease(release: z.infer<typeof GithubRelease>): SeenRelease {
  const { id, tag_name: tag, draft, prerelease, name, body, html_url: url, upload_url: uploadUrl, assets } = release;
  return {
    id,
    tag,
    draft,
    prerelease,
    title: name ?? "",
    notes: body ?? "",
    url,
    uploadUrl,
    assets: assets.map((asset) => ({ ...asset, digest: asset.digest ?? null })),
  };
}
