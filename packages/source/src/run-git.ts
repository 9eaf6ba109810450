import { mkdir } from "node:fs/promises";
import { UserError } from "@prosody-foundry/kit";
import { GitError, GitPluginError, type SimpleGit, simpleGit } from "simple-git";
import { unsafe } from "./check.ts";
import type { SourceContext } from "./source.ts";

/** A bare repository in the cache. */
export interface GitFolder {
  git: SimpleGit;
  folder: string;
  /** The same, for one question; ends git when the signal says so. */
  open: (abort: AbortSignal) => SimpleGit;
}

/** A listing of the whole of prosody-modules has 200 kB. */
const maximumListing = 32 * 1024 * 1024;

const passed =
  /^(?:PATH|HOME|LANG|TMPDIR|TEMP|TMP|USER|USERPROFILE|SYSTEMROOT|APPDATA|XDG_CONFIG_HOME|SSH_AUTH_SOCK|SSL_CERT_FILE|SSL_CERT_DIR|(?:https?|all|no)_proxy)$/iu;

/**
 * Git in one folder, which is made if missing. Only what git needs of the environment is passed on: an inherited GIT_DIR
 * would lead it astray, and simple-git refuses some GIT_ variables outright.
 */
export async function openGitFolder(folder: string, context: Pick<SourceContext, "env">): Promise<GitFolder> {
  await mkdir(folder, { recursive: true });
  const env = Object.entries(context.env).filter(([name, value]) => passed.test(name) && value !== undefined);
  const open = (abort?: AbortSignal): SimpleGit =>
    simpleGit({
      baseDir: folder,
      maxConcurrentProcesses: 4,
      timeout: { block: 120_000 },
      config: ["gc.autoDetach=false", "core.quotePath=false"],
      allowEnvironment: ["GIT_TERMINAL_PROMPT"],
      ...(abort === undefined ? {} : { abort }),
    }).env({ ...Object.fromEntries(env), LC_ALL: "C", GIT_TERMINAL_PROMPT: "0" });
  return { git: open(), folder, open };
}

/**
 * The files below a tree, as `ls-tree -z -r --long` has them. A few trees that hold each other many times make a listing
 * without end, so it is cut off.
 * @throws UserError CONTENT_UNSAFE; those of askGit
 */
export async function listGitFiles(clone: GitFolder, args: readonly string[], where: string): Promise<string> {
  const abort = new AbortController();
  let bytes = 0;
  const git = clone.open(abort.signal).outputHandler((_command, stdout) => {
    stdout.on("data", (chunk: Uint8Array) => {
      bytes += chunk.byteLength;
      if (bytes > maximumListing) abort.abort();
    });
  });
  return askGit({ ...clone, git }, ["ls-tree", "-z", "-r", "--long", ...args]).catch((error: unknown) => {
    if (bytes > maximumListing) throw unsafe(where, `its listing has more than ${maximumListing} bytes`);
    throw error;
  });
}

/**
 * What git prints when asked about its own repository.
 * @throws UserError GIT_MISSING; CACHE_CORRUPT, since such a question fails for no other reason
 */
export async function askGit({ git, folder }: GitFolder, args: readonly string[]): Promise<string> {
  return git.raw([...args]).catch((error: Error) => {
    checkGitFailure(error);
    throw new UserError("CACHE_CORRUPT", `The clone ${folder} in the cache is damaged: ${error.message.trim()}`, {
      hint: `Delete it and run the command again: rm -r ${folder}`,
      cause: error,
    });
  });
}

/**
 * Lets pass only what git itself had to say.
 * @throws UserError GIT_MISSING, or the error where simple-git is used in the wrong way
 */
export function checkGitFailure(error: Error): void {
  if (error.message.includes("ENOENT")) {
    throw new UserError("GIT_MISSING", "git is needed for this and is not installed", {
      hint: "Install it (Debian: apt-get install git).",
      cause: error,
    });
  }
  const isTimeout = error instanceof GitPluginError && error.plugin === "timeout";
  if (!(error instanceof GitError) || (error instanceof GitPluginError && !isTimeout)) throw error;
}
