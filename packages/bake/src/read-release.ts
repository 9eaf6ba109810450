import { mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import {
  type DebianRelease,
  Platform,
  platformNames,
  type Release,
  type TarballRelease,
} from "@prosody-foundry/images";
import { isUserError, runExclusive } from "@prosody-foundry/kit";
import type { BakeContext } from "./engine.ts";
import { type CachedFile, hashFile, inputUnreachable, keepFile, readCached, refuseInput } from "./read-cached.ts";
import { fetchDebianSource, withDebianFiles } from "./read-debian.ts";
import { readRevision } from "./read-revision.ts";
import { download } from "./read-url.ts";

/** What a server is made from, at hand and checked. */
export interface ReleaseFiles {
  version: string;
  /** Which mirror gave it, one line for people. */
  via: string;
  /** Name in the build context's `server/` folder → path. */
  files: Record<string, string>;
}

/**
 * Brings the input of a server into the cache and checks it, for all its platforms.
 * @throws UserError INPUT_REFUSED when somebody delivers other content than declared, INPUT_UNREACHABLE when nobody
 * delivers it, CACHE_CORRUPT when the cache changed.
 */
export async function fetchRelease(context: BakeContext, release: Release): Promise<ReleaseFiles> {
  const lock = path.join(context.cacheDir, "inputs", release.version);
  return runExclusive(lock, () => fetchKind(context, release), { onWait: context.progress });
}

async function fetchKind(context: BakeContext, release: Release): Promise<ReleaseFiles> {
  if (release.kind === "debian") return fetchPackages(context, release);
  const source =
    release.kind === "tarball" ? await fetchTarball(context, release) : await readRevision(context, release);
  return { version: release.version, via: source.via, files: { "source.tar.gz": source.path } };
}

async function fetchTarball(context: BakeContext, release: TarballRelease): Promise<CachedFile> {
  const file = path.join(context.cacheDir, "inputs", `${release.sha256}.tar.gz`);
  const cached = await readCached(file, release.sha256);
  if (cached !== undefined) return cached;
  const refusals: string[] = [];
  for (const attempt of tarballAttempts(context, release, file)) {
    const got = await attempt().catch((error: unknown) => {
      if (!isUserError(error, "INPUT_UNREACHABLE", "BASE_UNREACHABLE")) throw error;
      refusals.push(error.message);
    });
    if (got !== undefined) return got;
  }
  throw inputUnreachable(`Prosody ${release.version}`, refusals);
}

function tarballAttempts(context: BakeContext, release: TarballRelease, file: string): (() => Promise<CachedFile>)[] {
  const target = { file, sha256: release.sha256 };
  const mirror = context.mirrors?.[release.url];
  const places = mirror === undefined ? [release.url] : [mirror, release.url];
  return [
    ...places.map((place) => () => fetchPlace(context, place, target)),
    ...release.mirrors.map((source) => () => fetchDebianSource(context, source, target)),
  ];
}

async function fetchPlace(
  context: BakeContext,
  place: string,
  target: { file: string; sha256: string },
): Promise<CachedFile> {
  const folder = await mkdtempIn(context.cacheDir);
  const partial = path.join(folder, "input");
  try {
    await download(context, place, partial);
    const got = await hashFile(partial);
    if (got !== target.sha256) throw refuseInput(place, `SHA-256 ${target.sha256}`, got);
    return await keepFile(partial, target.file, place);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function mkdtempIn(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return mkdtemp(path.join(folder, "fetch-"));
}

async function fetchPackages(context: BakeContext, release: DebianRelease): Promise<ReleaseFiles> {
  const wanted = Platform.options.flatMap((platform): Deb[] => {
    const hash = release.sha256[platform];
    if (hash === undefined) return [];
    const architecture = platformNames[platform].debian;
    return [{ architecture, hash, file: path.join(context.cacheDir, "inputs", `${hash}.deb`) }];
  });
  const missing: Deb[] = [];
  for (const deb of wanted) {
    if ((await readCached(deb.file, deb.hash)) === undefined) missing.push(deb);
  }
  if (missing.length > 0) await fetchMissing(context, release, missing);
  const files: Record<string, string> = {};
  for (const deb of wanted) files[`${deb.architecture}.deb`] = deb.file;
  const via = `Debian's package ${release.package} ${release.version} (${release.suite})`;
  return { version: release.version, via, files };
}

/** A binary package for one architecture, and where the cache keeps it. */
interface Deb {
  architecture: string;
  hash: string;
  file: string;
}

async function fetchMissing(context: BakeContext, release: DebianRelease, missing: readonly Deb[]): Promise<void> {
  const { suite, version, package: name } = release;
  const architectures = missing.map((deb) => deb.architecture);
  const hashes = Object.fromEntries(missing.map((deb) => [deb.architecture, deb.hash]));
  const wish = { suite, package: name, version, architectures, pinned: true, hashes };
  const what = `Debian's package ${name} ${version} (${suite})`;
  await withDebianFiles(context, wish, async (folder) => {
    for (const deb of missing) {
      const got = await hashFile(path.join(folder, `${deb.architecture}.deb`));
      if (got !== deb.hash) throw refuseInput(what, `SHA-256 ${deb.hash}`, got);
    }
    for (const deb of missing) await keepFile(path.join(folder, `${deb.architecture}.deb`), deb.file, what);
  });
}
