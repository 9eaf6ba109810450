import { UserError } from "@prosody-foundry/kit";
import {
  openGithub,
  placeOf,
  type Github,
  type PullRequestAction,
  type WantedPullRequest,
  writePullRequests,
  type WrittenPullRequests,
} from "@prosody-foundry/release";
import type { Context } from "./context.ts";
import { runGit } from "./run-git.ts";

export interface Proposal {
  wanted: readonly WantedPullRequest[];
  /** Branches that begin so and are not wanted any more are superseded; null leaves all others alone. */
  family: string | null;
  dryRun: boolean;
}

/**
 * The repository on GitHub that this one is a clone of, or the one named.
 * @throws UserError GITHUB_REPOSITORY_UNKNOWN, GITHUB_TOKEN_MISSING
 */
export async function findGithub(context: Context, named: string | undefined): Promise<Github> {
  const remote = await runGit(context, ["remote", "get-url", "origin"]);
  return openGithub(placeOf({ env: context.env, named, remote }), context);
}

/**
 * Pull requests on top of the commit that is checked out.
 * @throws UserError COMMIT_MISSING, those of writePullRequests
 */
export async function proposePullRequests(
  context: Context,
  github: Github,
  { wanted, family, dryRun }: Proposal,
): Promise<WrittenPullRequests> {
  const onto = (await runGit(context, ["rev-parse", "--verify", "HEAD"]))?.trim();
  if (onto === undefined) {
    throw new UserError(
      "COMMIT_MISSING",
      `There is no commit in ${context.root} that a pull request could start from`,
      {
        hint: "Work in a clone of the repository, and commit first.",
      },
    );
  }
  // Paths on GitHub begin at the top of the work tree.
  const prefix = (await runGit(context, ["rev-parse", "--show-prefix"]))?.trim() ?? "";
  const moved = wanted.map((one) => ({ ...one, files: prefixFiles(prefix, one.files) }));
  return writePullRequests(github, { wanted: moved, onto, family, dryRun });
}

function prefixFiles(prefix: string, files: WantedPullRequest["files"]): WantedPullRequest["files"] {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [prefix + path, text]));
}

/** What was done, one line for each step, and where the pull requests are. */
export function renderPullRequests({ actions, pulls }: WrittenPullRequests, dryRun: boolean): string {
  const steps = actions.map((action) => `${dryRun ? "Would " : ""}${renderAction(action)}\n`);
  const open = Object.entries(pulls).map(([branch, { url }]) => `${branch}: ${url}\n`);
  if (steps.length + open.length === 0) return "No pull request is needed.\n";
  return [...steps, ...open].join("");
}

function renderAction(action: PullRequestAction): string {
  switch (action.kind) {
    case "leave":
      return `leave ${action.branch}: ${action.because}`;
    case "write branch":
      return `write ${action.branch} on ${action.onto.slice(0, 12)}: ${Object.keys(action.files).join(", ")}`;
    case "open":
      return `open "${action.title}" for ${action.branch}`;
    case "delete branch":
      return `delete branch ${action.branch}`;
    case "label":
      return `label #${action.number}:${[...action.add.map((one) => ` +${one}`), ...action.remove.map((one) => ` -${one}`)].join("")}`;
    default:
      return `${action.kind} #${action.number}`;
  }
}
