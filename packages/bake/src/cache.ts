import { type Platform, platformWord } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";

/** Where build steps are kept between machines. */
export type CacheStore =
  /** Repository of a registry; a tag for each target and platform. */
  | { kind: "registry"; repository: string }
  /** GitHub's cache service, within a workflow run. */
  | { kind: "gha" };

/**
 * A store out of `registry`, `registry=REPOSITORY` or `gha`.
 * @param usual - the repository when none is named, if there is one
 * @throws UserError CACHE_UNKNOWN
 */
export function parseCacheStore(word: string, usual?: string): CacheStore {
  if (word === "gha") return { kind: "gha" };
  if (word === "registry" && usual !== undefined) return { kind: "registry", repository: usual };
  const repository = /^registry=(?<repository>[\w.-]+(?::\d+)?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+)$/u.exec(
    word,
  )?.groups;
  if (repository?.["repository"] !== undefined) return { kind: "registry", repository: repository["repository"] };
  throw new UserError("CACHE_UNKNOWN", `${JSON.stringify(word)} names no cache`, {
    hint: "Write --cache registry, --cache registry=HOST/REPOSITORY (no tag) or --cache gha.",
  });
}

/**
 * What bake is told of a store: each target and platform has a place of its own there, so that no two write over each
 * other; all steps are kept, not only those of the result; a store that fails is no failure of the build. Never inline:
 * that would change the image. Pure.
 */
export function cacheFlags(
  store: CacheStore | undefined,
  target: { name: string; platform: Platform },
): { "cache-from"?: string[]; "cache-to"?: string[] } {
  if (store === undefined) return {};
  const name = `${target.name}-${platformWord(target.platform)}`;
  const place = store.kind === "gha" ? `type=gha,scope=${name}` : `type=registry,ref=${store.repository}:${name}`;
  const form = store.kind === "gha" ? "" : ",image-manifest=true,oci-mediatypes=true";
  return { "cache-from": [place], "cache-to": [`${place},mode=max${form},ignore-error=true`] };
}
