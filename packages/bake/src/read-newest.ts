import { mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import type { RevisionRelease } from "@prosody-foundry/images";
import { isUserError } from "@prosody-foundry/kit";
import { z } from "zod";
import type { BakeContext } from "./engine.ts";
import { inputUnreachable, refuseOffline } from "./read-cached.ts";
import { git, openGit, openHg, placeOf, type Work } from "./read-revision.ts";
import { fetchBytes } from "./read-url.ts";

/** hgweb's `json-log`, as far as it is read: seconds since 1970 stand first in a date. */
const HgLog = z.looseObject({
  entries: z
    .array(z.looseObject({ node: z.string().regex(/^[0-9a-f]{40}$/u), date: z.tuple([z.number(), z.number()]) }))
    .min(1),
});

/**
 * The newest revision of the repository that a declared one is from, with its git tree id; the declared one where that is the
 * newest. Its day is that of the commit, in UTC.
 * @throws UserError INPUT_UNREACHABLE
 */
export async function readNewestRevision(context: BakeContext, declared: RevisionRelease): Promise<RevisionRelease> {
  refuseOffline(context, "The newest revision of Prosody's trunk");
  await mkdir(context.cacheDir, { recursive: true });
  const work = { context, release: declared, folder: await mkdtemp(path.join(context.cacheDir, "fetch-")) };
  try {
    return await (declared.kind === "git" ? newestGit(work) : newestHg(work));
  } finally {
    await rm(work.folder, { recursive: true, force: true });
  }
}

async function newestGit(work: Work): Promise<RevisionRelease> {
  const { release } = work;
  const heads = await git(work, ["ls-remote", placeOf(work), "HEAD"]).catch((error: unknown) => {
    throw unreachable(work, error);
  });
  const node = heads.split(/\s/u)[0] ?? "";
  if (node === release.node) return release;
  if (!/^[0-9a-f]{40}$/u.test(node)) throw inputUnreachable("Prosody's trunk", [`${placeOf(work)} has no HEAD`]);
  const newer = { ...work, release: { ...release, node } };
  const repository = await openGit(newer);
  const tree = await git(newer, ["-C", repository, "rev-parse", `${node}^{tree}`]);
  const seconds = await git(newer, ["-C", repository, "show", "--no-patch", "--format=%ct", node]);
  return named({ ...release, node, tree }, Number(seconds));
}

async function newestHg(work: Work): Promise<RevisionRelease> {
  const { release } = work;
  const { node, seconds } = await readTip(work);
  if (node === release.node) return release;
  const { tree } = await openHg({ ...work, release: { ...release, node } });
  return named({ ...release, node, tree }, seconds);
}

async function readTip(work: Work): Promise<{ node: string; seconds: number }> {
  const place = placeOf(work);
  if (/^https?:/u.test(place)) {
    const url = `${place.replace(/\/+$/u, "")}/json-log?rev=tip&revcount=1`;
    const [tip] = parseLog(url, (await fetchBytes(work.context, url)).toString("utf8")).entries;
    return { node: tip?.node ?? "", seconds: tip?.date[0] ?? 0 };
  }
  const args = ["log", "--repository", place, "--rev", "tip", "--template", "{node} {date|hgdate}"];
  const { stdout } = await work.context.exec("hg", args, { env: { HGPLAIN: "1" } }).catch((error: unknown) => {
    throw unreachable(work, error);
  });
  const [node = "", seconds = ""] = stdout.split(" ");
  return { node, seconds: Number(seconds) };
}

function parseLog(url: string, text: string): z.infer<typeof HgLog> {
  try {
    return HgLog.parse(JSON.parse(text));
  } catch (cause) {
    throw inputUnreachable("Prosody's trunk", [`${url} gives no log of changesets`], cause);
  }
}

function named(release: RevisionRelease, seconds: number): RevisionRelease {
  const day = new Date(seconds * 1000).toISOString().slice(0, 10).replaceAll("-", "");
  return { ...release, version: `trunk-${day}-${release.node.slice(0, 12)}` };
}

function unreachable(work: Work, error: unknown): unknown {
  if (!isUserError(error, "COMMAND_FAILED", "COMMAND_MISSING")) return error;
  return inputUnreachable(
    "Prosody's trunk",
    [`${placeOf(work)}: ${error.message.split("\n").slice(1).join(" ")}`],
    error,
  );
}
