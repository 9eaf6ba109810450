import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { type CommandResult, type Exec, UserError } from "@prosody-foundry/kit";
import { type ServerOutput, readServerOutput } from "./load-log.ts";
import type { ShippedFile } from "./load-request.ts";
import { renderScript } from "./read-harness.ts";
import { bars, outputLimit } from "./server-cage.ts";

export interface ServerJob {
  exec: Exec;
  /** Engine reference of an image with a server in the layout of Debian's package. */
  image: string;
  /** Name of our module in `harness/` that answers. */
  probe: string;
  /** The configuration; every line the server writes must begin with the mark. */
  config: (mark: string) => string;
  /** What goes into the plugin folder. */
  files: readonly ShippedFile[];
  /** Milliseconds until a server that has not answered is ended. */
  timeout: number;
}

export interface ServerRun extends ServerOutput {
  exitCode: number;
  /** Why we ended it; undefined when it ended by itself. */
  cut: "hangs" | "floods" | undefined;
  stderr: string;
}

const cage = [...bars, "--user=65534:65534", "--pids-limit=64"];

/**
 * Starts the server of an image in a fresh container and waits until our probe has answered or the server has ended.
 * What goes in, goes in on standard input, so it works with a remote engine too.
 * @throws UserError SERVER_NOT_STARTED when the engine did not get as far as running it.
 */
export async function runServer(job: ServerJob): Promise<ServerRun> {
  const mark = `@${randomUUID()}`;
  const name = `foundry-server-${mark.slice(1)}`;
  const script = await renderScript({ ...job, config: job.config(mark), mark });
  const { result, cut } = await runContainer(job, name, script);
  const output = readServerOutput(result.stdout, mark);
  if (!output.started && cut !== "floods") throw notStarted(job.image, result);
  return { ...output, exitCode: result.exitCode, cut, stderr: result.stderr };
}

interface Ended {
  result: CommandResult;
  cut: ServerRun["cut"];
}

// The container is removed rather than the client ended: a server that blocks answers no signal it has a handler for,
// as process 1 it is deaf to the others, and with too much output only the client ends.
async function runContainer(job: ServerJob, name: string, input: string): Promise<Ended> {
  const removal = new AbortController();
  // A container that is slow to start is no server that hangs.
  const begun = Promise.withResolvers<undefined>();
  const onLine = (line: string): void => (line.endsWith("!") ? begun.resolve(undefined) : undefined);
  const hangs = begun.promise
    .then(() => wait(job.timeout, "hangs" as const, { signal: removal.signal }))
    .catch(() => undefined);
  const remove = async (): Promise<CommandResult> => job.exec("docker", ["rm", "--force", name], { accept: "any" });
  const args = ["run", `--name=${name}`, ...cage, job.image, "-"];
  // The client's own limit is for an engine that answers nothing at all.
  const timeout = job.timeout + 60_000;
  const options = { input, onLine, accept: "any", maxOutput: outputLimit, timeout } as const;
  const running = job.exec("docker", args, options).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const first = await Promise.race([hangs, running.then(() => undefined)]).finally(() => removal.abort());
  if (first === "hangs") await remove();
  const result = await running;
  if (first === "hangs") return { result, cut: first };
  if (result.stdout.length < outputLimit && result.stderr.length < outputLimit) return { result, cut: undefined };
  await remove();
  return { result, cut: "floods" };
}

function notStarted(image: string, result: CommandResult): UserError {
  const reason = result.stderr.trim().split("\n").slice(0, 5).join("\n");
  return new UserError("SERVER_NOT_STARTED", `The server of ${image} cannot be started in a container: ${reason}`, {
    hint: "Build the release first, and see `foundry doctor` for the engine.",
  });
}
