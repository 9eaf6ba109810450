import { UserError } from "@prosody-foundry/kit";

/** A repository on GitHub, and how to reach it. */
export interface GithubPlace {
  owner: string;
  repo: string;
  /** Base address of the REST interface, without a final slash. */
  api: string;
  token: string;
}

export interface PlaceRequest {
  env: Readonly<Record<string, string | undefined>>;
  /** `owner/name` that the user named. */
  named: string | undefined;
  /** Address of git's remote `origin`; null where there is none. */
  remote: string | null;
}

/**
 * Which repository is meant, and the token for it: from the flag, the workflow's environment or the remote, in that order. A
 * remote elsewhere counts only where GITHUB_API_URL says that GitHub is there: a token goes to nobody else.
 * @throws UserError GITHUB_REPOSITORY_UNKNOWN, GITHUB_TOKEN_MISSING
 */
export function placeOf({ env, named, remote }: PlaceRequest): GithubPlace {
  const api = (env["GITHUB_API_URL"] || publicApi).replace(/\/+$/u, "");
  const word = named ?? (env["GITHUB_REPOSITORY"] || repositoryOf(remote, api));
  const { owner, repo } = splitName(word);
  const token = (env["GITHUB_TOKEN"] || env["GH_TOKEN"])?.trim();
  if (token === undefined || token === "") {
    throw new UserError("GITHUB_TOKEN_MISSING", `There is no token for ${owner}/${repo}`, {
      hint: "Set GITHUB_TOKEN (in a workflow: `env: GITHUB_TOKEN: ${{ github.token }}`), or GH_TOKEN.",
    });
  }
  return { owner, repo, api, token };
}

const publicApi = "https://api.github.com";

function splitName(word: string | undefined): Pick<GithubPlace, "owner" | "repo"> {
  const [, owner, repo] = /^([\w.-]+)\/([\w.-]+)$/u.exec(word ?? "") ?? [];
  if (owner === undefined || repo === undefined) throw unknownRepository(word);
  return { owner, repo };
}

function repositoryOf(remote: string | null, api: string): string | undefined {
  const url = remote?.trim() ?? "";
  const [, host, name] =
    /^(?:[a-z+]+:\/\/)?(?:[^@/]+@)?([\w.-]+)(?::\d+)?[:/]+([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/u.exec(url) ?? [];
  const known = api === publicApi ? "github.com" : new URL(api).hostname.replace(/^api\./u, "");
  return host === known ? name : undefined;
}

function unknownRepository(word: string | undefined): UserError {
  const message = word === undefined ? "No repository on GitHub is known" : `${word} is no repository (owner/name)`;
  return new UserError("GITHUB_REPOSITORY_UNKNOWN", message, {
    hint: "Name it with --github OWNER/NAME or GITHUB_REPOSITORY, or work in a clone whose `origin` is on GitHub.",
  });
}
