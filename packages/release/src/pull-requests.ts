import { createHash } from "node:crypto";
import { canonicalJson, sha256 } from "@prosody-foundry/kit";
import { isSameBody, markBody, markerOf } from "./pull-request-marker.ts";

/** A pull request there should be: one commit with these files, on a branch that is nobody else's. */
export interface WantedPullRequest {
  branch: string;
  title: string;
  /** Markdown. */
  body: string;
  labels: readonly string[];
  /** Path in the repository → its new text; null takes the file away. */
  files: Readonly<Record<string, string | null>>;
}

export interface PullRequestsRequest {
  wanted: readonly WantedPullRequest[];
  /** The commit the files were made from: parent of each branch's one commit. */
  onto: string;
  /** Branches that begin so and are not wanted any more are superseded; null leaves all others alone. */
  family: string | null;
}

/** What GitHub has, as far as it matters. */
export interface SeenPullRequests {
  /** The default branch: its name, and its files by the ids of their blobs; null where there are too many to be listed. */
  base: { branch: string; files: Files | null };
  /** Files of `onto`. */
  onto: Files | null;
  /** Of wanted and superseded branches; null for one that does not exist. */
  branches: Readonly<Record<string, SeenBranch | null>>;
  pulls: readonly SeenPullRequest[];
}

type Files = Readonly<Record<string, string>>;

export interface SeenBranch {
  commit: string;
  parents: readonly string[];
  message: string;
  files: Files | null;
}

export interface SeenPullRequest {
  number: number;
  url: string;
  state: "open" | "closed" | "merged";
  title: string;
  body: string;
  labels: readonly string[];
  branch: string;
}

/** One step; they are made in their order. */
export type PullRequestAction =
  | { kind: "leave"; branch: string; because: string }
  | {
      kind: "write branch";
      branch: string;
      message: string;
      onto: string;
      fresh: boolean;
      files: WantedPullRequest["files"];
    }
  | { kind: "open"; branch: string; base: string; title: string; body: string; labels: readonly string[] }
  | { kind: "update"; number: number; title?: string; body?: string }
  | { kind: "label"; number: number; add: readonly string[]; remove: readonly string[] }
  /** `by`: branches whose pull requests take its place. */
  | { kind: "supersede"; number: number; body: string; by: readonly string[] }
  | { kind: "delete branch"; branch: string };

/** What is left to be done; nothing when all is as wanted. Pure: equal requests and sights give equal actions. */
export function planPullRequests(request: PullRequestsRequest, seen: SeenPullRequests): PullRequestAction[] {
  return [...request.wanted.flatMap((wanted) => planWanted(wanted, request, seen)), ...planSuperseded(request, seen)];
}

/** What the text of a wanted pull request is, with its marker. */
function bodyOf(wanted: WantedPullRequest): string {
  const { branch, body, labels } = wanted;
  return markBody(body, { branch, plan: planOf(wanted), labels: [...labels] });
}

function planOf({ files }: WantedPullRequest): string {
  return sha256(canonicalJson(files));
}

/** Branches whose state has to be looked at. */
export function branchesOf({ wanted, family }: Omit<PullRequestsRequest, "onto">, pulls: readonly SeenPullRequest[]) {
  const named = wanted.map(({ branch }) => branch);
  const others = pulls.filter((pull) => isSuperseded(pull, named, family)).map(({ branch }) => branch);
  return [...new Set([...named, ...others])];
}

function planWanted(wanted: WantedPullRequest, { onto }: PullRequestsRequest, seen: SeenPullRequests) {
  const { branch } = wanted;
  const state = seen.branches[branch] ?? null;
  const pulls = seen.pulls.filter((pull) => pull.branch === branch);
  const open = pulls.find((pull) => pull.state === "open");
  const because = leaveBecause(wanted, { state, open, pulls, base: seen.base.files });
  if (because !== null) return [{ kind: "leave" as const, branch, because }];
  return [
    ...planBranch(wanted, { onto, state, files: seen.onto }),
    ...(open === undefined ? [openOf(wanted, seen.base.branch)] : planUpdate(wanted, open)),
  ];
}

interface Circumstances {
  state: SeenBranch | null;
  open: SeenPullRequest | undefined;
  pulls: readonly SeenPullRequest[];
  base: Files | null;
}

/** Others' work is not touched, and what a person closed is not opened again. */
function leaveBecause(wanted: WantedPullRequest, { state, open, pulls, base }: Circumstances): string | null {
  const { branch } = wanted;
  if (base !== null && hasFiles(base, wanted.files)) return "the default branch has it already";
  if (open !== undefined && markerOf(open.body) === null) return `#${open.number} of the same branch is not ours`;
  if (state !== null && !isOurs(state)) {
    return `${branch} has a commit that is not ours: merge it, or delete the branch`;
  }
  const refused = pulls.find((pull) => pull.state === "closed" && markerOf(pull.body)?.plan === planOf(wanted));
  if (open === undefined && refused !== undefined) return `#${refused.number} with the same content was closed`;
  return null;
}

function planBranch(
  wanted: WantedPullRequest,
  { onto, state, files }: { onto: string; state: SeenBranch | null; files: Files | null },
): PullRequestAction[] {
  const message = messageOf(wanted);
  if (state !== null && isUpToDate(state, { onto, message, files: expectedFiles(files, wanted.files) })) return [];
  const { branch } = wanted;
  return [{ kind: "write branch", branch, message, onto, fresh: state === null, files: wanted.files }];
}

function isUpToDate(state: SeenBranch, wanted: { onto: string; message: string; files: Files | null }): boolean {
  if (state.parents.length !== 1 || state.parents[0] !== wanted.onto || state.message !== wanted.message) return false;
  // Where the files cannot be listed, the hash in the message speaks for them.
  if (state.files === null || wanted.files === null) return true;
  return canonicalJson(state.files) === canonicalJson(wanted.files);
}

function expectedFiles(files: Files | null, changes: WantedPullRequest["files"]): Files | null {
  if (files === null) return null;
  const all = { ...files };
  for (const [path, text] of Object.entries(changes)) {
    if (text === null) delete all[path];
    else all[path] = blobId(text);
  }
  return all;
}

function hasFiles(files: Files, wanted: WantedPullRequest["files"]): boolean {
  return Object.entries(wanted).every(([path, text]) => files[path] === (text === null ? undefined : blobId(text)));
}

/** Git's id of a file with this text. */
function blobId(text: string): string {
  const bytes = Buffer.from(text);
  return createHash("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");
}

const trailer = "Foundry-Plan: ";

function messageOf(wanted: WantedPullRequest): string {
  return `${wanted.title}\n\n${trailer}${planOf(wanted)}`;
}

/** Our branches have one commit, and it says so. */
function isOurs({ message }: Pick<SeenBranch, "message">): boolean {
  return new RegExp(`\\n${trailer}[0-9a-f]{64}\\s*$`, "u").test(message);
}

function openOf(wanted: WantedPullRequest, base: string): PullRequestAction {
  const { branch, title, labels } = wanted;
  return { kind: "open", branch, base, title, body: bodyOf(wanted), labels };
}

function planUpdate(wanted: WantedPullRequest, open: SeenPullRequest): PullRequestAction[] {
  const { number } = open;
  const body = bodyOf(wanted);
  const title = wanted.title === open.title ? {} : { title: wanted.title };
  const text = isSameBody(body, open.body) ? {} : { body };
  const add = wanted.labels.filter((label) => !open.labels.includes(label));
  const given = markerOf(open.body)?.labels ?? [];
  const remove = given.filter((label) => open.labels.includes(label) && !wanted.labels.includes(label));
  return [
    ...(add.length + remove.length === 0 ? [] : [{ kind: "label" as const, number, add, remove }]),
    // Last, for its marker is what tells which labels are ours.
    ...(Object.keys({ ...title, ...text }).length === 0
      ? []
      : [{ kind: "update" as const, number, ...title, ...text }]),
  ];
}

function planSuperseded({ wanted, family }: PullRequestsRequest, seen: SeenPullRequests): PullRequestAction[] {
  const named = wanted.map(({ branch }) => branch);
  const others = seen.pulls.filter((pull) => isSuperseded(pull, named, family));
  return others.flatMap(({ number, branch, body, labels }): PullRequestAction[] => {
    const state = seen.branches[branch] ?? null;
    const closed = markBody(bodyWithoutMarker(body), { branch, plan: null, labels: [...labels] });
    const close = { kind: "supersede" as const, number, body: closed, by: named };
    return state !== null && isOurs(state) ? [close, { kind: "delete branch", branch }] : [close];
  });
}

function isSuperseded({ state, branch, body }: SeenPullRequest, named: readonly string[], family: string | null) {
  if (family === null || state !== "open" || named.includes(branch) || !branch.startsWith(family)) return false;
  return markerOf(body)?.branch === branch;
}

function bodyWithoutMarker(body: string): string {
  return body.replace(/\r?\n<!-- prosody-foundry \{[^\n]*\} -->\s*$/u, "");
}
