import { isUserError, UserError } from "@prosody-foundry/kit";
import { z } from "zod";
import { branchesOf, type PullRequestsRequest, type SeenBranch, type SeenPullRequests } from "./pull-requests.ts";
import type { Github } from "./run-github.ts";

const Repository = z.looseObject({ default_branch: z.string() });
const Ref = z.looseObject({ object: z.looseObject({ sha: z.string() }) });
const Commit = z.looseObject({
  sha: z.string(),
  message: z.string(),
  tree: z.looseObject({ sha: z.string() }),
  parents: z.array(z.looseObject({ sha: z.string() })),
});
const Tree = z.looseObject({
  truncated: z.boolean().default(false),
  tree: z.array(z.looseObject({ path: z.string(), type: z.string(), sha: z.string() })),
});
const Pull = z.looseObject({
  number: z.number(),
  html_url: z.string(),
  state: z.enum(["open", "closed"]),
  merged_at: z.string().nullish(),
  title: z.string(),
  body: z.string().nullish(),
  labels: z.array(z.looseObject({ name: z.string() })).default([]),
  head: z.looseObject({ ref: z.string(), repo: z.looseObject({ full_name: z.string() }).nullish() }),
});

/** What GitHub has of the pull requests that are wanted, and of those that they take the place of. */
export async function readPullRequests(github: Github, request: PullRequestsRequest): Promise<SeenPullRequests> {
  const { default_branch: branch } = await github.ask("GET ", Repository);
  const pulls = await readPulls(github, request);
  const branches: Record<string, SeenBranch | null> = {};
  for (const name of branchesOf(request, pulls)) branches[name] = await readBranch(github, name);
  const base = await readBranch(github, branch);
  const onto = base?.commit === request.onto ? base : await readCommit(github, request.onto).catch(refuseUnpushed);
  return { base: { branch, files: base?.files ?? null }, onto: onto.files, branches, pulls };
}

/** The open ones, and of wanted branches also those that were closed. */
async function readPulls(github: Github, { wanted }: PullRequestsRequest): Promise<SeenPullRequests["pulls"]> {
  const open = await github.list("GET /pulls", Pull, { state: "open" });
  const closed: z.infer<typeof Pull>[] = [];
  for (const { branch } of wanted) {
    closed.push(...(await github.list("GET /pulls", Pull, { state: "closed", head: `${github.owner}:${branch}` })));
  }
  // A fork's branch can have any name.
  const own = `${github.owner}/${github.repo}`.toLowerCase();
  return [...open, ...closed]
    .filter(({ head }) => head.repo?.full_name.toLowerCase() === own)
    .map(({ number, html_url: url, state, merged_at: merged, title, body, labels, head }) => ({
      number,
      url,
      state: typeof merged === "string" ? ("merged" as const) : state,
      title,
      body: body ?? "",
      labels: labels.map(({ name }) => name),
      branch: head.ref,
    }));
}

async function readBranch(github: Github, branch: string): Promise<SeenBranch | null> {
  const ref = await github.find(`GET /git/ref/heads/${encodePath(branch)}`, Ref);
  return ref === null ? null : readCommit(github, ref.object.sha);
}

async function readCommit(github: Github, sha: string): Promise<SeenBranch> {
  const { message, tree, parents } = await github.ask(`GET /git/commits/${sha}`, Commit);
  const listed = await github.ask(`GET /git/trees/${tree.sha}`, Tree, { recursive: "1" });
  const files = listed.tree
    .filter(({ type }) => type !== "tree")
    .map(({ path, sha: id }): [string, string] => [path, id]);
  return {
    commit: sha,
    message,
    parents: parents.map((parent) => parent.sha),
    files: listed.truncated ? null : Object.fromEntries(files),
  };
}

function refuseUnpushed(error: unknown): never {
  if (!isUserError(error, "GITHUB_MISSING")) throw error;
  throw new UserError(
    "GITHUB_COMMIT_MISSING",
    `GitHub does not have the commit that this starts from: ${error.message}`,
    {
      hint: "Push it first: a pull request is one commit on top of it.",
      cause: error,
    },
  );
}

/** A branch or tag in a path; its slashes stay. */
export function encodePath(name: string): string {
  return name.split("/").map(encodeURIComponent).join("/");
}
