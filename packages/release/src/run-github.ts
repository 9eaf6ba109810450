import { type Progress, silent, UserError } from "@prosody-foundry/kit";
import { Octokit } from "octokit";
import type { z } from "zod";
import { githubError } from "./github-error.ts";
import type { GithubPlace } from "./github-place.ts";

/** One repository on GitHub. Paths begin at it: `GET /pulls`. */
export interface Github extends Pick<GithubPlace, "owner" | "repo"> {
  /** @throws UserError GITHUB_DENIED, GITHUB_MISSING, GITHUB_CONFLICT, GITHUB_REFUSED, GITHUB_RATE_LIMITED, GITHUB_UNREACHABLE */
  ask<T>(route: string, shape: z.ZodType<T>, parameters?: Parameters): Promise<T>;
  /** As `ask`; null where there is nothing of that name. */
  find<T>(route: string, shape: z.ZodType<T>, parameters?: Parameters): Promise<T | null>;
  /** All pages. */
  list<T>(route: string, shape: z.ZodType<T>, parameters?: Parameters): Promise<T[]>;
}

type Parameters = Readonly<Record<string, unknown>>;

export interface GithubOptions {
  fetch?: typeof fetch;
  /** Told when we wait for GitHub. */
  progress?: Progress;
  /**
   * Milliseconds that stand for a second of waiting, 1000 unless given. Below that, writes are not spaced out either (GitHub
   * asks for a second between them, three where people are told).
   */
  second?: number;
}

/** Retries after failures of GitHub's own and of the connection, 1, 4 and 9 seconds apart. */
const retries = 3;
/** We wait for a rate limit this often, and never longer than so many seconds. */
const waits = 2;
const longestWait = 300;
/** Milliseconds for one request. */
const patience = 120_000;

/** A client with bounded retries; its errors are coded, and the token is in none of them. */
export function openGithub(place: GithubPlace, options: GithubOptions = {}): Github {
  const octokit = openOctokit(place, options);
  const repository = `${place.owner}/${place.repo}`;
  const attempt = async <T>(route: string, make: () => Promise<T>): Promise<T> => {
    try {
      return await make();
    } catch (error) {
      throw githubError(error, { route, repository, token: place.token });
    }
  };
  const pathOf = (route: string): string => {
    const [method = "", path = ""] = route.split(" ");
    // What the answer to an earlier request named: the host that takes uploads.
    return path.startsWith("http") ? route : `${method} /repos/${repository}${path}`;
  };
  const ask: Github["ask"] = async (route, shape, parameters) => {
    const { data } = await attempt(route, () => octokit.request(pathOf(route), { ...parameters }));
    return checkAnswer(shape, data, route);
  };
  return {
    owner: place.owner,
    repo: place.repo,
    ask,
    find: async (route, shape, parameters) => ask(route, shape, parameters).catch(nullWhenMissing),
    list: async (route, shape, parameters) => {
      const rows = await attempt(route, () => octokit.paginate(pathOf(route), { per_page: 100, ...parameters }));
      return rows.map((row) => checkAnswer(shape, row, route));
    },
  };
}

function openOctokit(place: GithubPlace, options: GithubOptions): Octokit {
  const { progress = silent, second = 1000 } = options;
  const onLimit = (seconds: number, ...[, , retryCount]: [unknown, unknown, number]): boolean => {
    const again = retryCount < waits && seconds <= longestWait;
    if (again) progress(`GitHub asks us to wait ${seconds} seconds`);
    return again;
  };
  return new Octokit({
    auth: place.token,
    baseUrl: place.api,
    userAgent: "prosody-foundry",
    log: { debug: silent, info: silent, warn: silent, error: silent },
    request: { fetch: fetchWhole(options.fetch ?? fetch) },
    // 409 is an answer to act on: who asked reads again first.
    retry: { retries, retryAfterBaseValue: second, doNotRetry: [400, 401, 403, 404, 409, 410, 422, 451] },
    throttle: {
      onRateLimit: onLimit,
      onSecondaryRateLimit: onLimit,
      retryAfterBaseValue: second,
      ...(second < 1000 ? { write: unspaced, notifications: unspaced } : {}),
    },
  });
}

const unspaced = { key: () => ({ schedule: () => Promise.resolve() }) };

/**
 * Reads an answer to its end, so that a connection cut in the middle is a failed request (octokit would take what came for
 * the whole), and gives a limit that only its headers tell of the word by which octokit knows one.
 */
function fetchWhole(own: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await own(input, { ...init, signal: AbortSignal.timeout(patience) });
    const bytes = await response.arrayBuffer();
    const { status, statusText, headers } = response;
    if (!isPlainLimit(response)) {
      return new Response(bytes.byteLength === 0 ? null : bytes, { status, statusText, headers });
    }
    return Response.json({ message: "A secondary rate limit" }, { status, headers });
  };
}

function isPlainLimit({ status, headers }: Response): boolean {
  return (status === 403 || status === 429) && headers.has("retry-after");
}

function checkAnswer<T>(shape: z.ZodType<T>, data: unknown, route: string): T {
  const checked = shape.safeParse(data);
  if (checked.success) return checked.data;
  const field = checked.error.issues[0]?.path.join(".") ?? "";
  throw new UserError("GITHUB_UNREACHABLE", `${route} was answered with something else than GitHub's (${field})`, {
    hint: "A proxy may be in the way; GITHUB_API_URL says where GitHub is.",
  });
}

function nullWhenMissing(error: unknown): null {
  if (error instanceof UserError && error.code === "GITHUB_MISSING") return null;
  throw error;
}
