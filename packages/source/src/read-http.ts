import { setTimeout as sleep } from "node:timers/promises";
import { isUserError, UserError } from "@prosody-foundry/kit";
import { unreachable } from "./revision.ts";
import type { Fetch, SourceContext } from "./source.ts";

export interface HttpAnswer {
  status: number;
  body: Buffer;
}

/** Gets a path below the server's address. Any status but 5xx and 429 is an answer. */
export type HttpGet = (path: string) => Promise<HttpAnswer>;

/** All of prosody-modules is 2 MB as .tar.gz. */
const maximumDownload = 128 * 1024 * 1024;
const patience = 60_000;
const pauses = [250, 1000];

/**
 * A reader for one server. Once the server cannot be reached it is not tried again: a command that needs sixty
 * modules would wait sixty times.
 * @throws UserError (from the reader) SOURCE_UNREACHABLE
 */
export function openHttp(address: string, context: Pick<SourceContext, "fetch" | "offline">): HttpGet {
  const base = address.endsWith("/") ? address : `${address}/`;
  let down: UserError | undefined;
  return async (path) => {
    if (context.offline) throw unreachable(address, "this command works offline and its cache has no answer");
    if (down !== undefined) throw down;
    try {
      return await getPatiently(`${base}${path}`, context.fetch);
    } catch (error) {
      if (isUserError(error, "SOURCE_UNREACHABLE")) down = error;
      throw error;
    }
  };
}

async function getPatiently(url: string, fetch: Fetch): Promise<HttpAnswer> {
  for (const pause of pauses) {
    const answer = await getOnce(url, fetch);
    if (!isPassing(answer.status)) return answer;
    await sleep(pause);
  }
  const answer = await getOnce(url, fetch);
  if (isPassing(answer.status)) throw unreachable(url, `it answers ${answer.status}`);
  return answer;
}

function isPassing(status: number): boolean {
  return status >= 500 || status === 429;
}

async function getOnce(url: string, fetch: Fetch): Promise<HttpAnswer> {
  try {
    const headers = { "user-agent": "prosody-foundry" };
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(patience) });
    return { status: response.status, body: await readBody(url, response) };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw unreachable(url, reasonOf(error), error);
  }
}

async function readBody(url: string, response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maximumDownload) {
      throw new UserError("ARCHIVE_MALFORMED", `${url} sends more than ${maximumDownload} bytes`, {
        hint: "This is no tree of modules. Check the address.",
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

// fetch says "fetch failed" and hides why in the cause.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no whole answer within ${patience / 1000} s`;
  const cause = error.cause;
  if (!(cause instanceof Error)) return error.message;
  return cause.message === "" && "code" in cause ? String(cause.code) : cause.message;
}
