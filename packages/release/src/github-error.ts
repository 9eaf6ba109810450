import { UserError } from "@prosody-foundry/kit";
import { z } from "zod";

/** What octokit throws, as far as we read it: a connection that failed counts as status 500 and has no response. */
const Failure = z.looseObject({
  status: z.number(),
  message: z.string(),
  response: z
    .looseObject({ headers: z.record(z.string(), z.union([z.string(), z.number()]).optional()).default({}) })
    .optional(),
});

export interface FailedRequest {
  /** `POST /repos/…/pulls` */
  route: string;
  /** `owner/name` */
  repository: string;
  /** Never shown, whoever repeats it. */
  token: string;
}

/**
 * The coded error for what GitHub (or the way to it) answered; what is no answer of GitHub's comes back as it is.
 * GITHUB_CONFLICT is for those who read again and go on; the others end the command.
 */
export function githubError(error: unknown, request: FailedRequest): unknown {
  const failure = Failure.safeParse(error);
  if (!failure.success) return error;
  const { status, message, response } = failure.data;
  const said = message.replaceAll(request.token, "***").split("\n").slice(0, 3).join(" ").slice(0, 500);
  const headers = response?.headers ?? {};
  const text = `${request.route} of ${request.repository}: ${response === undefined ? "" : `${status}, `}${said}`;
  const { code, hint } = isProtected(said) ? protectedBranch : kindOf(status, headers, request);
  return new UserError(code, text, { hint });
}

/** GitHub says this with 403, 409 or 422: no second try will change it. */
function isProtected(said: string): boolean {
  return /protected branch|rule violations/iu.test(said);
}

const protectedBranch = {
  code: "GITHUB_DENIED",
  hint: "The branch is protected: let what the token stands for (in a workflow: GitHub Actions) bypass its rules.",
};

function kindOf(status: number, headers: Headers, request: FailedRequest): { code: string; hint: string } {
  if (isRateLimit(status, headers)) return { code: "GITHUB_RATE_LIMITED", hint: waitingHint(headers) };
  if (status >= 500) return { code: "GITHUB_UNREACHABLE", hint: `${later} GITHUB_API_URL says where GitHub is.` };
  if (status === 401 || status === 403) return { code: "GITHUB_DENIED", hint: permissionHint(request) };
  if (status === 404) return { code: "GITHUB_MISSING", hint: `It is not there, or hidden. ${permissionHint(request)}` };
  if (status === 409 || status === 422) return { code: "GITHUB_CONFLICT", hint: later };
  return { code: "GITHUB_REFUSED", hint: "GitHub did not take the request as it was made." };
}

type Headers = Readonly<Record<string, string | number | undefined>>;

const later = "Run it again: what was done is found done, and the rest is made.";

function isRateLimit(status: number, headers: Headers): boolean {
  if (status === 429) return true;
  return status === 403 && (headers["retry-after"] !== undefined || headers["x-ratelimit-remaining"] === "0");
}

function waitingHint(headers: Headers): string {
  const reset = Number(headers["x-ratelimit-reset"]);
  if (headers["retry-after"] !== undefined) return `Wait ${headers["retry-after"]} seconds. ${later}`;
  return Number.isFinite(reset) ? `Wait until ${new Date(reset * 1000).toISOString()}. ${later}` : later;
}

function permissionHint({ route, repository }: FailedRequest): string {
  const write = route.startsWith("GET ") ? "read" : "write";
  const pulls = /\/(pulls|issues)\b/u.test(route);
  const needed = pulls ? `pull-requests: ${write}` : `contents: ${write}`;
  const setting = "and Settings → Actions → General has to let workflows create pull requests";
  return `The token needs \`${needed}\` on ${repository}${pulls ? `, ${setting}` : ""}.`;
}
