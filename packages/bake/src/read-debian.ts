import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { UserError } from "@prosody-foundry/kit";
import type { BakeContext } from "./engine.ts";
import { type DebianWish, explainApt, fetchStage } from "./fetch-stage.ts";
import {
  type CachedFile,
  hashFile,
  inputUnreachable,
  keepFile,
  readCached,
  refuseInput,
  refuseOffline,
} from "./read-cached.ts";
import { ensureBase } from "./run-base.ts";
import { runStage } from "./run-stage.ts";

/** The Debian that fetches for all suites: newer keys know older suites. */
const fetchSuite = "trixie";

export interface DebianQuery {
  suite: string;
  package: string;
  /** Exact version; the suite's newest when left out. */
  version?: string;
  /** SHA-256 of the .deb: then an expired Release file does no harm, and other content is refused. */
  sha256?: string;
}

/** A binary package of Debian's, unpacked to its data tar. */
export interface DebianContent {
  version: string;
  /** Path of the uncompressed tar of the package's files. */
  tar: string;
}

/**
 * The files of a binary package for all architectures (as prosody-modules is), cached by suite and version.
 * @throws UserError INPUT_UNREACHABLE (no such version, no mirror, or the suite's Release file is past its
 * Valid-Until: a stale mirror hides security updates), INPUT_REFUSED, CACHE_CORRUPT.
 */
export async function fetchDebian(context: BakeContext, query: DebianQuery): Promise<DebianContent> {
  const cached = query.version === undefined ? undefined : await readCached(tarPath(context, query, query.version));
  if (cached !== undefined) return { version: query.version ?? "", tar: cached.path };
  const wish: DebianWish = {
    suite: query.suite,
    package: query.package,
    version: query.version,
    architectures: ["amd64"],
    pinned: query.sha256 !== undefined,
  };
  return withDebianFiles(context, wish, async (folder) => {
    const version = (await readFile(path.join(folder, "version"), "utf8")).trim();
    await checkHash(path.join(folder, "amd64.deb"), query.sha256, `${query.package} ${version}`);
    const file = tarPath(context, query, version);
    const kept = await keepFile(path.join(folder, "amd64.tar"), file, `Debian ${query.suite}`);
    return { version, tar: kept.path };
  });
}

function tarPath(context: BakeContext, query: DebianQuery, version: string): string {
  return path.join(context.cacheDir, "debian", query.suite, `${query.package}_${version}.tar`);
}

/** The orig tarball of a source package that has this hash. */
export async function fetchDebianSource(
  context: BakeContext,
  mirror: { suite: string; package: string; version: string },
  target: { file: string; sha256: string },
): Promise<CachedFile> {
  const wish: DebianWish = { ...mirror, architectures: "source", pinned: true };
  const what = `Debian's source package ${mirror.package} ${mirror.version} (${mirror.suite})`;
  return withDebianFiles(context, wish, async (folder) => {
    const orig = path.join(folder, origOf(await readdir(folder), what));
    await checkHash(orig, target.sha256, what);
    return keepFile(orig, target.file, `the orig tarball of ${what}, the same bytes`);
  });
}

/** The orig tarball among a source package's files. @throws UserError INPUT_UNREACHABLE, as a native package has none. */
export function origOf(names: readonly string[], what: string): string {
  const orig = names.find((name) => /\.orig\.tar\.[a-z0-9]+$/u.test(name));
  if (orig === undefined) throw inputUnreachable(what, ["it has no orig tarball"]);
  return orig;
}

/** A binary package at an exact version for some architectures: architecture → path of the .deb in `folder`. */
export async function withDebianFiles<T>(
  context: BakeContext,
  wish: DebianWish,
  use: (folder: string) => Promise<T>,
): Promise<T> {
  refuseOffline(context, `${wish.package} ${wish.version ?? ""} of Debian ${wish.suite}`);
  const base = await ensureBase(context, fetchSuite);
  await mkdir(context.cacheDir, { recursive: true });
  const folder = await mkdtemp(path.join(context.cacheDir, "fetch-"));
  try {
    context.progress(`Fetching ${wish.package} ${wish.version ?? "(newest)"} from Debian ${wish.suite}`);
    await runFetch(context, { base: base.context, folder, wish });
    return await use(path.join(folder, "result"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runFetch(
  context: BakeContext,
  { base, folder, wish }: { base: string; folder: string; wish: DebianWish },
): Promise<void> {
  const result = await runStage(context, { base, folder, dockerfile: fetchStage(wish) });
  if (result.exitCode === 0) return;
  const what = `${wish.package} ${wish.version ?? ""}`.trim();
  const because = explainApt(result.stderr);
  if (because !== undefined) throw inputUnreachable(`${what} of Debian ${wish.suite}`, [because]);
  throw new UserError("BUILD_FAILED", `Fetching ${what} from Debian ended with an error:\n${tail(result.stderr)}`, {
    hint: "Run it again; `foundry doctor` shows what this machine lacks.",
  });
}

function tail(text: string): string {
  return text.trim().split("\n").slice(-15).join("\n");
}

async function checkHash(file: string, expected: string | undefined, what: string): Promise<void> {
  if (expected === undefined) return;
  const got = await hashFile(file);
  if (got !== expected) throw refuseInput(what, `SHA-256 ${expected}`, got);
}
