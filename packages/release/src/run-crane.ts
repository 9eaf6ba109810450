import { setTimeout as wait } from "node:timers/promises";
import {
  type CommandOptions,
  type CommandResult,
  type Exec,
  type Progress,
  isUserError,
  sha256,
} from "@prosody-foundry/kit";
import { withBlobLayout } from "./write-blob-layout.ts";
import { type FailureKind, failureOf, mayPass, registryError, type Repository } from "./registry.ts";

export interface CraneOptions {
  exec: Exec;
  /** Path of the program. */
  crane: string;
  /** `host[:port]/path` */
  repository: string;
  progress: Progress;
  /** Plain HTTP beyond this machine, and certificates nobody vouches for. */
  insecure?: boolean;
  /** Milliseconds before each further attempt; five, up to half a minute in all, unless given. */
  delays?: readonly number[];
  /** Milliseconds one request may take, and one upload. */
  patience?: { request: number; upload: number };
  env?: CommandOptions["env"];
}

const defaults = {
  delays: [1000, 2000, 4000, 8000, 16_000],
  patience: { request: 60_000, upload: 1_800_000 },
};

/**
 * A repository by way of crane, which brings docker's credential store and helpers, token authentication, and a push that
 * asks for each blob before it sends it: nothing of that is written here again. crane itself tries three times within a
 * second or two; what it gives up is tried again for half a minute, for 429 as well, which crane takes as final.
 * @throws UserError REGISTRY_DENIED, REGISTRY_UNREACHABLE, REGISTRY_REFUSED, REGISTRY_WRONG_CONTENT.
 */
export function openRepository(options: CraneOptions): Repository {
  const { repository } = options;
  const at = (reference: string): string => `${repository}${reference.includes(":") ? "@" : ":"}${reference}`;
  // Registries say of a repository that has no tag yet what they say of one that is not there.
  let tagged = false;
  return {
    name: repository,
    tags: async () => {
      const answer = await ask(options, ["ls", repository]);
      if (answer === undefined && tagged) throw forgotten(repository);
      return (answer?.stdout ?? "").split("\n").filter(Boolean);
    },
    manifest: async (reference) => {
      const answer = await ask(options, ["manifest", at(reference)]);
      tagged ||= answer !== undefined && !reference.includes(":");
      return answer && { digest: `sha256:${sha256(answer.stdout)}`, text: answer.stdout };
    },
    blob: async (digest) => {
      const answer = await ask(options, ["blob", at(digest)]);
      if (answer !== undefined && `sha256:${sha256(answer.stdout)}` === digest) return answer.stdout;
      throw registryError(
        "wrong",
        `Reading ${at(digest)}`,
        answer === undefined ? "it is not there" : "it is other text",
      );
    },
    push: (layout, digest) => order(options, ["push", layout, at(digest)]),
    // crane asks for no blob below a manifest that is there.
    pushBlobs: (layout) => withBlobLayout(layout, (folder, digest) => order(options, ["push", folder, at(digest)])),
    checkWhole: (digest) => order(options, ["validate", "--fast", "--remote", at(digest)]),
    tag: async (digest, tag) => {
      await order(options, ["tag", at(digest), tag]);
      tagged = true;
    },
    tryTag: async (digest, tag, patience) => {
      const written = await tryOrder(options, ["tag", at(digest), tag], patience);
      tagged ||= written;
      return written;
    },
  };
}

/** Taken for an empty list, it would leave every tag where it is, and say that all is done. */
function forgotten(repository: string) {
  return registryError(
    "wrong",
    `Listing the tags of ${repository}`,
    "the registry has no list, and has given out tags",
  );
}

/** A read: what is not there is an answer. */
async function ask(options: CraneOptions, args: readonly string[]): Promise<CommandResult | undefined> {
  const result = await attempt(options, args);
  if (!("kind" in result)) return result;
  if (result.kind === "missing") return undefined;
  throw failed(options, args, result);
}

async function order(options: CraneOptions, args: readonly string[]): Promise<void> {
  const result = await attempt(options, args);
  if ("kind" in result) throw failed(options, args, { ...result, kind: meant(args, result.kind) });
}

async function tryOrder(options: CraneOptions, args: readonly string[], patience: number): Promise<boolean> {
  const limits = options.patience ?? defaults.patience;
  const result = await runOnce({ ...options, patience: { ...limits, request: patience } }, args);
  if (!("kind" in result)) return true;
  const kind = meant(args, result.kind);
  if (kind === "busy" || kind === "unreachable") return false;
  throw failed(options, args, { ...result, kind });
}

/** A tag or a check that does not find what was just written, and a check that ends in other words, speak of lost content. */
function meant([command]: readonly string[], kind: FailureKind): FailureKind {
  if (kind === "missing" && command !== "push") return "wrong";
  return kind === "refused" && command === "validate" ? "wrong" : kind;
}

interface Failure {
  kind: FailureKind;
  detail: string;
}

async function attempt(options: CraneOptions, args: readonly string[]): Promise<CommandResult | Failure> {
  const delays = options.delays ?? defaults.delays;
  for (let turn = 0; ; turn += 1) {
    const result = await runOnce(options, args);
    const delay = delays[turn];
    if (!("kind" in result) || !mayPass(result.kind) || delay === undefined) return result;
    options.progress(`The registry of ${options.repository} failed (${result.detail}); trying again`);
    await wait(delay);
  }
}

async function runOnce(options: CraneOptions, args: readonly string[]): Promise<CommandResult | Failure> {
  const { request, upload } = options.patience ?? defaults.patience;
  const flags = options.insecure === true ? ["--insecure"] : [];
  const timeout = args[0] === "push" ? upload : request;
  const command = { accept: "any", timeout, env: options.env ?? {} } as const;
  const result = await options.exec(options.crane, [...args, ...flags], command).catch(whenSlow);
  if (result === undefined) return { kind: "unreachable", detail: `no answer within ${timeout / 1000} s` };
  if (result.exitCode === 0) return result;
  return { kind: failureOf(result.stderr), detail: errorLine(result.stderr) };
}

function whenSlow(error: unknown): undefined {
  if (!isUserError(error, "COMMAND_TIMED_OUT")) throw error;
}

function errorLine(stderr: string): string {
  const lines = stderr.trim().split("\n");
  return (lines.findLast((line) => line.startsWith("Error: ")) ?? lines.at(-1) ?? "").replace(/^Error: /u, "");
}

function failed({ repository }: CraneOptions, args: readonly string[], { kind, detail }: Failure) {
  return registryError(kind, `crane ${args[0]} on ${repository} failed`, detail);
}
