import { z } from "zod";
import { GithubRelease, readReleases, seenRelease } from "./read-releases.ts";
import { planRelease, type ReleaseAction, releasesOf, type SeenReleases, type WantedRelease } from "./releases.ts";
import type { Github } from "./run-github.ts";
import { runPlanned } from "./run-planned.ts";

export interface WrittenRelease {
  /** What was done, or with `dryRun` would be. */
  actions: ReleaseAction[];
  /** Address of the release; null in a dry run before there is one. */
  url: string | null;
}

/** The release that steps are about: the one that was seen, or the draft that was made. */
interface Current {
  id: number;
  uploadUrl: string;
  url: string;
}

type Action<Kind> = Extract<ReleaseAction, { kind: Kind }>;

const Anything = z.unknown();

/** For octokit, which would ask again when an answer is lost. */
const once = { request: { retries: 0 } };

/**
 * Makes the release of one tag as it is wanted: complete before it is public, never twice, and GitHub's latest the one that
 * `latest` stands for. No write request is made where all is as wanted.
 * @throws UserError of Github.ask
 */
export async function writeRelease(
  github: Github,
  wanted: WantedRelease,
  options: { dryRun: boolean },
): Promise<WrittenRelease> {
  let current: Current | null = null;
  const read = async (): Promise<SeenReleases> => {
    const seen = await readReleases(github, wanted);
    current = releasesOf(wanted, seen)[0] ?? null;
    return seen;
  };
  const plan = (seen: SeenReleases): ReleaseAction[] => planRelease(wanted, seen);
  const run = async (action: ReleaseAction): Promise<void> => {
    current = await runAction(github, action, { wanted, current });
  };
  const actions = options.dryRun ? plan(await read()) : await runPlanned({ read, plan, run, isRepeated });
  // Its address is another once it is no draft any more.
  const last = actions.some(({ kind }) => kind === "publish") && !options.dryRun ? await read() : null;
  const url = last === null ? (current as Current | null)?.url : releasesOf(wanted, last)[0]?.url;
  return { actions, url: url ?? null };
}

/** GitHub has as many drafts of one tag as it was asked for. */
function isRepeated({ kind }: ReleaseAction): boolean {
  return kind === "create draft";
}

interface State {
  wanted: WantedRelease;
  current: Current | null;
}

async function runAction(github: Github, action: ReleaseAction, state: State): Promise<Current | null> {
  const { current } = state;
  switch (action.kind) {
    case "create draft":
      return createDraft(github, action);
    case "delete draft":
      await github.find(`DELETE /releases/${action.id}`, Anything);
      break;
    case "delete asset":
      await github.find(`DELETE /releases/assets/${action.id}`, Anything);
      break;
    case "upload":
      await uploadAsset(github, action, state);
      break;
    case "tag":
      await github.ask("POST /git/refs", Anything, { ref: `refs/tags/${action.tag}`, sha: action.commit });
      break;
    default:
      await editRelease(github, action, current);
  }
  return current;
}

async function createDraft(github: Github, action: Action<"create draft">): Promise<Current> {
  const { tag, commit, title, notes, prerelease } = action;
  const made = await github.ask("POST /releases", GithubRelease, {
    tag_name: tag,
    target_commitish: commit,
    name: title,
    body: notes,
    prerelease,
    draft: true,
    ...once,
  });
  return seenRelease(made);
}

async function uploadAsset(github: Github, { name }: Action<"upload">, { wanted, current }: State): Promise<void> {
  const asset = wanted.assets.find((one) => one.name === name);
  if (asset === undefined || current === null) throw new Error(`${name} is no asset of a release that is there`);
  const url = current.uploadUrl.replace(/\{.*$/u, "");
  await github.ask(`POST ${url}?name=${encodeURIComponent(name)}`, Anything, {
    data: asset.text,
    headers: { "content-type": asset.type },
  });
}

async function editRelease(
  github: Github,
  action: Action<"publish" | "edit" | "make latest">,
  current: Current | null,
): Promise<void> {
  if (action.kind === "publish") {
    const changes = { draft: false, make_latest: action.makeLatest };
    await github.ask(`PATCH /releases/${current?.id ?? 0}`, Anything, changes);
    return;
  }
  const { id } = action;
  const { title, notes, prerelease } = action.kind === "edit" ? action : {};
  const changes = action.kind === "edit" ? { name: title, body: notes, prerelease } : { make_latest: "true" };
  await github.ask(`PATCH /releases/${id}`, Anything, changes);
}
