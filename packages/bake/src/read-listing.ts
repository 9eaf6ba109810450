import { writeFile } from "node:fs/promises";
import path from "node:path";
import { type ListedRelease, parseListing } from "@prosody-foundry/images";
import { sha256 } from "@prosody-foundry/kit";
import type { BakeContext } from "./engine.ts";
import { mirrorOf } from "./mirror.ts";
import { inputUnreachable, keepFile } from "./read-cached.ts";
import { fetchBytes, withTempFile } from "./read-url.ts";

/** Where Prosody publishes its releases. */
export const downloadSite = "https://prosody.im/downloads/source/";

/**
 * The releases on Prosody's download site, newest first.
 * @throws UserError INPUT_UNREACHABLE, also where the page has no release on it: a captive portal is no news
 */
export async function readListing(context: BakeContext): Promise<ListedRelease[]> {
  const place = mirrorOf(context, downloadSite) ?? downloadSite;
  const listed = parseListing((await fetchBytes(context, place)).toString("utf8"));
  if (listed.length === 0) throw inputUnreachable("The list of Prosody's releases", [`${place} names none`]);
  return listed;
}

/** A tarball of the download site. */
export interface SiteTarball {
  url: string;
  sha256: string;
  bytes: Buffer;
  /** Its detached signature; null where there is none. */
  signature: Buffer | null;
}

/**
 * A listed tarball with its signature, as the site has them: nothing of it is checked yet.
 * @throws UserError INPUT_UNREACHABLE
 */
export async function readTarball(context: BakeContext, listed: ListedRelease): Promise<SiteTarball> {
  const url = `${downloadSite}${listed.file}`;
  const bytes = await readSite(context, listed.file);
  const signature = listed.signature === null ? null : await readSite(context, listed.signature);
  return { url, sha256: sha256(bytes), bytes, signature };
}

/** Takes a tarball that was checked into the cache, where `fetchRelease` looks for it. */
export async function keepTarball(context: BakeContext, tarball: SiteTarball): Promise<void> {
  await withTempFile(context, async (file) => {
    await writeFile(file, tarball.bytes);
    await keepFile(file, path.join(context.cacheDir, "inputs", `${tarball.sha256}.tar.gz`), tarball.url);
  });
}

async function readSite(context: BakeContext, name: string): Promise<Buffer> {
  const url = `${downloadSite}${name}`;
  return fetchBytes(context, mirrorOf(context, url) ?? url);
}
