import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { type CommandResult, type Exec, UserError } from "@prosody-foundry/kit";
import { jobFolder } from "./load-config.ts";
import { type ServerOutput, readServerOutput } from "./load-log.ts";
import { renderLua } from "./load-lua.ts";
import type { ShippedFile } from "./load-request.ts";

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

// A server says a few kilobytes; what a module prints without end must not fill the memory of the host.
const outputLimit = 4 * 1024 * 1024;

// Nothing of the host is visible inside, nothing can be reached from it, and a runaway is ended by the kernel even
// when we are gone.
const cage = [
  "--interactive",
  "--rm",
  "--log-driver=none",
  "--pull=never",
  "--network=none",
  "--read-only",
  "--tmpfs=/tmp:mode=1777,size=64m",
  "--cap-drop=ALL",
  "--security-opt=no-new-privileges",
  "--user=65534:65534",
  "--memory=512m",
  "--pids-limit=64",
  "--ulimit=cpu=60:60",
  "--entrypoint=/usr/bin/lua5.4",
] as const;

/**
 * Starts the server of an image in a fresh container and waits until our probe has answered or the server has ended.
 * What goes in, goes in on standard input, so it works with a remote engine too.
 * @throws UserError SERVER_NOT_STARTED when the engine did not get as far as running it.
 */
export async function runServer(job: ServerJob): Promise<ServerRun> {
  const mark = `@${randomUUID()}`;
  const name = `foundry-server-${mark.slice(1)}`;
  const { result, cut } = await runContainer(job, name, await renderScript(job, mark));
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
  const hangs = wait(job.timeout, "hangs" as const, { signal: removal.signal }).catch(() => undefined);
  const remove = async (): Promise<CommandResult> => job.exec("docker", ["rm", "--force", name], { accept: "any" });
  const args = ["run", `--name=${name}`, ...cage, job.image, "-"];
  // The client's own limit is for an engine that answers nothing at all.
  const timeout = job.timeout + 60_000;
  const running = job.exec("docker", args, { input, accept: "any", maxOutput: outputLimit, timeout });
  const first = await Promise.race([hangs, running.then(() => undefined)]).finally(() => removal.abort());
  if (first === "hangs") await remove();
  const result = await running;
  if (first === "hangs") return { result, cut: first };
  if (result.stdout.length < outputLimit && result.stderr.length < outputLimit) return { result, cut: undefined };
  await remove();
  return { result, cut: "floods" };
}

async function renderScript(job: ServerJob, mark: string): Promise<string> {
  const [start, probe] = await Promise.all([readHarness("start.lua"), readHarness(`mod_${job.probe}.lua`)]);
  const files = [
    { path: "prosody.cfg.lua", bytes: Buffer.from(job.config(mark)) },
    { path: `probe/mod_${job.probe}.lua`, bytes: Buffer.from(probe) },
    ...job.files.map(({ path, bytes }) => ({ path: `modules/${path}`, bytes })),
  ];
  return `(function (...)\n${start}\nend)(${renderLua({ mark, folder: jobFolder, files })});\n`;
}

async function readHarness(file: string): Promise<string> {
  return await readFile(new URL(`../harness/${file}`, import.meta.url), "utf8");
}

function notStarted(image: string, result: CommandResult): UserError {
  const reason = result.stderr.trim().split("\n").slice(0, 5).join("\n");
  return new UserError("SERVER_NOT_STARTED", `The server of ${image} cannot be started in a container: ${reason}`, {
    hint: "Build the release first, and see `foundry doctor` for the engine.",
  });
}
