import { z } from "zod";
import {
  planPullRequests,
  type PullRequestAction,
  type PullRequestsRequest,
  type SeenPullRequests,
} from "./pull-requests.ts";
import { encodePath, readPullRequests } from "./read-pull-requests.ts";
import type { Github } from "./run-github.ts";
import { runPlanned } from "./run-planned.ts";

export interface WrittenPullRequests {
  /** What was done, or with `dryRun` would be. */
  actions: PullRequestAction[];
  /** Branch → its open pull request. */
  pulls: Record<string, OpenPull>;
  /** Branch → its commit, of wanted ones that are there and are ours. */
  commits: Record<string, string>;
}

interface OpenPull {
  number: number;
  url: string;
}

type State = Omit<WrittenPullRequests, "actions">;

type Action<Kind> = Extract<PullRequestAction, { kind: Kind }>;

const Sha = z.looseObject({ sha: z.string() });
const Commit = Sha.extend({ tree: Sha });
const Pull = z.looseObject({ number: z.number(), html_url: z.string() });
const Comment = z.looseObject({ body: z.string().nullish() });
const Anything = z.unknown();

/**
 * Makes pull requests as they are wanted: opens, updates in place, closes what is superseded. No write request is made where
 * all is as wanted.
 * @throws UserError of Github.ask
 */
export async function writePullRequests(
  github: Github,
  request: PullRequestsRequest & { dryRun: boolean },
): Promise<WrittenPullRequests> {
  const state: State = { pulls: {}, commits: {} };
  const read = async (): Promise<SeenPullRequests> => {
    const seen = await readPullRequests(github, request);
    const open = seen.pulls.filter((pull) => pull.state === "open" && isWanted(request, pull.branch));
    for (const { branch, number, url } of open) state.pulls[branch] = { number, url };
    for (const { branch } of request.wanted) {
      const commit = seen.branches[branch]?.commit;
      if (commit !== undefined) state.commits[branch] = commit;
    }
    return seen;
  };
  const plan = (seen: SeenPullRequests): PullRequestAction[] => {
    const actions = planPullRequests(request, seen);
    // What is not ours, or was refused by a person, is nothing to go on from.
    for (const action of actions) if (action.kind === "leave") delete state.commits[action.branch];
    return actions;
  };
  if (request.dryRun) return { actions: plan(await read()), ...state };
  const actions = await runPlanned({ read, plan, run: (action) => runAction(github, action, state) });
  return { actions, ...state };
}

function isWanted({ wanted }: PullRequestsRequest, branch: string): boolean {
  return wanted.some((one) => one.branch === branch);
}

async function runAction(github: Github, action: PullRequestAction, { pulls, commits }: State): Promise<void> {
  switch (action.kind) {
    case "leave":
      return;
    case "write branch":
      commits[action.branch] = await writeBranch(github, action);
      return;
    case "open":
      pulls[action.branch] = await openPull(github, action);
      return;
    case "update":
      return updatePull(github, action);
    case "label":
      return labelPull(github, action);
    case "supersede":
      return supersedePull(github, action, pulls);
    case "delete branch":
      await github.find(`DELETE /git/refs/heads/${encodePath(action.branch)}`, Anything);
  }
}

/** One commit on top of the given one. A branch that is there is moved by force: the plan says it is ours. */
async function writeBranch(github: Github, action: Action<"write branch">): Promise<string> {
  const { branch, message, onto, fresh, files } = action;
  const parent = await github.ask(`GET /git/commits/${onto}`, Commit);
  const entries = Object.entries(files).map(([path, content]) => {
    const entry = { path, mode: "100644", type: "blob" };
    return content === null ? { ...entry, sha: null } : { ...entry, content };
  });
  const tree = await github.ask("POST /git/trees", Sha, { base_tree: parent.tree.sha, tree: entries });
  const commit = await github.ask("POST /git/commits", Sha, { message, tree: tree.sha, parents: [onto] });
  if (fresh) await github.ask("POST /git/refs", Anything, { ref: `refs/heads/${branch}`, sha: commit.sha });
  else await github.ask(`PATCH /git/refs/heads/${encodePath(branch)}`, Anything, { sha: commit.sha, force: true });
  return commit.sha;
}

async function openPull(github: Github, action: Action<"open">): Promise<OpenPull> {
  const { branch, base, title, body, labels } = action;
  const pull = await github.ask("POST /pulls", Pull, { head: branch, base, title, body });
  if (labels.length > 0) await github.ask(`POST /issues/${pull.number}/labels`, Anything, { labels });
  return { number: pull.number, url: pull.html_url };
}

async function updatePull(github: Github, { kind: _kind, number, ...changes }: Action<"update">): Promise<void> {
  await github.ask(`PATCH /pulls/${number}`, Anything, changes);
}

async function labelPull(github: Github, { number, add, remove }: Action<"label">): Promise<void> {
  if (add.length > 0) await github.ask(`POST /issues/${number}/labels`, Anything, { labels: add });
  // One that somebody else took away meanwhile is away.
  for (const label of remove) {
    await github.find(`DELETE /issues/${number}/labels/${encodeURIComponent(label)}`, Anything);
  }
}

async function supersedePull(
  github: Github,
  { number, body, by }: Action<"supersede">,
  pulls: Record<string, OpenPull>,
): Promise<void> {
  const numbers = by.flatMap((branch) => pulls[branch]?.number ?? []).map((one) => `#${one}`);
  const text = numbers.length === 0 ? "Nothing of this is left to be done." : `Superseded by ${numbers.join(", ")}.`;
  // Whoever was stopped between the comment and the closing comes here again.
  const comments = await github.list(`GET /issues/${number}/comments`, Comment);
  if (!comments.some((comment) => comment.body === text)) {
    await github.ask(`POST /issues/${number}/comments`, Anything, { body: text });
  }
  await github.ask(`PATCH /pulls/${number}`, Anything, { state: "closed", body });
}
