import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Exec, UserError } from "@prosody-foundry/kit";
import { findRefusals, findReport } from "./check-log.ts";
import { inspectionScript, parseFacts, type ProcessFacts } from "./check-process.ts";
import type { Account } from "./run-verify-client.ts";
import { packCertificate, type ThrowAwayCertificate } from "./verify-certificate.ts";

/** How one container is reached. */
export interface Container {
  name: string;
  image: string;
  platform: string;
  /** How many times longer everything may take than on a machine of the platform itself. */
  slowness: number;
  /** `docker` with the right engine; ends with `cancelSignal`. */
  exec: Exec;
}

const startPatience = 120_000;

export function nameContainer(): string {
  return `prosody-foundry-verify-${randomBytes(6).toString("hex")}`;
}

/**
 * Starts the server as confined as an image can be run: read-only, no capabilities, no new privileges. The certificate
 * goes in by copy, into a volume, so the engine may be on another machine.
 */
export async function startServer(
  container: Container,
  server: { domain: string; certificate: ThrowAwayCertificate },
): Promise<void> {
  await container.exec("docker", createArguments(container, server.domain));
  await container.exec("docker", ["cp", "-", `${container.name}:/etc/prosody/certs`], {
    input: await packCertificate(server.domain, server.certificate),
  });
  await container.exec("docker", ["start", container.name]);
}

// runc gives a tmpfs the mode of the folder it covers, whatever is asked for, but root for owner unless told.
const owner = "uid=999,gid=999";

type Environment = Readonly<Record<string, string>>;

/** Starts the server, as confined as before and cut off, with options of the image. */
export async function startCutOff(container: Container, domain: string, env: Environment): Promise<void> {
  const more = ["--network=none", ...Object.entries(env).map(([name, value]) => `--env=${name}=${value}`)];
  await container.exec("docker", createArguments(container, domain, more));
  await container.exec("docker", ["start", container.name]);
}

function createArguments(container: Container, domain: string, more: readonly string[] = []): string[] {
  return [
    "create",
    `--name=${container.name}`,
    "--label=prosody-foundry=verify",
    `--platform=${container.platform}`,
    "--pull=never",
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    `--tmpfs=/var/lib/prosody:${owner}`,
    `--tmpfs=/run/prosody:${owner}`,
    "--volume=/etc/prosody/certs",
    ...(more.length === 0 ? ["--publish=127.0.0.1::5222"] : more),
    `--env=PROSODY_DOMAIN=${domain}`,
    container.image,
  ];
}

/** Waits until the server says that it runs. @throws UserError VERIFY_NOT_STARTED with the last of its log. */
export async function waitForServer(container: Container): Promise<string> {
  const deadline = performance.now() + startPatience * container.slowness;
  for (;;) {
    const log = await readLog(container);
    const report = findReport(log);
    if (report !== undefined) return `Prosody ${report.version} serves ${report.hosts.join(", ")}`;
    const state = await inspect(container, "{{.State.Running}}");
    if (state !== "true") throw notStarted("it ended", await readLog(container));
    if (performance.now() > deadline) throw notStarted("it was not ready in time", log);
    await sleep(100);
  }
}

function notStarted(because: string, log: string): UserError {
  const told = findRefusals(log);
  const tail = (told.length > 0 ? told : log.trim().split("\n").slice(-5)).join(" | ");
  return new UserError("VERIFY_NOT_STARTED", `The server did not start: ${because}. ${tail}`);
}

/** Both streams: the entrypoint's complaints and the server's log. */
export async function readLog(container: Container): Promise<string> {
  const { stdout, stderr } = await container.exec("docker", ["logs", container.name]);
  return `${stderr}\n${stdout}`;
}

/** The port on this machine that leads to the server's port for clients. */
export async function readPort(container: Container): Promise<number> {
  const { stdout } = await container.exec("docker", ["port", container.name, "5222/tcp"]);
  return Number(/:(\d+)\s*$/u.exec(stdout)?.[1]);
}

export async function readFacts(container: Container): Promise<ProcessFacts> {
  return parseFacts(await runLua(container, inspectionScript));
}

/** Makes an account. The password goes in on standard input: arguments can be seen by everybody on the machine. */
export async function addAccount(container: Container, domain: string, account: Account): Promise<void> {
  const words = ["register", account.user, domain, account.password].map((word) => `[==[${word}]==]`);
  await runLua(container, `arg = { [0] = "prosodyctl", ${words.join(", ")} } dofile("/usr/bin/prosodyctl")`);
}

/** What Lua code prints that runs beside the server. */
export async function runLua(container: Container, script: string): Promise<string> {
  const args = ["exec", "-i", container.name, "/usr/bin/lua5.4", "-"];
  const { stdout } = await container.exec("docker", args, { input: script });
  return stdout;
}

/** What a command of the image's own prints beside the server, whatever its exit code. */
export async function askImage(container: Container, ...words: readonly string[]): Promise<string> {
  const entrypoint = "/usr/lib/prosody-foundry/entrypoint.lua";
  const args = ["exec", container.name, "/usr/bin/lua5.4", entrypoint, ...words];
  return (await container.exec("docker", args, { accept: "any" })).stdout;
}

/** Tries to run a shell of the image. 127: there is none. */
export async function tryShell(container: Container): Promise<{ exitCode: number; stderr: string }> {
  const args = ["run", "--rm", "--pull", "never", "--platform", container.platform, "--network", "none"];
  return container.exec("docker", [...args, "--entrypoint", "/bin/sh", container.image, "-c", "exit 0"], {
    accept: "any",
  });
}

/** Seconds a server has to end by itself. */
export const stopGrace = 2;

/** Stops the server after its grace. 137: it had to be killed. */
export async function stopServer(container: Container): Promise<{ exitCode: number; log: string }> {
  await container.exec("docker", ["stop", "-t", String(stopGrace * container.slowness), container.name]);
  const exitCode = Number(await inspect(container, "{{.State.ExitCode}}"));
  return { exitCode, log: await readLog(container) };
}

async function inspect(container: Container, format: string): Promise<string> {
  const { stdout } = await container.exec("docker", ["inspect", "--format", format, container.name]);
  return stdout.trim();
}

/** Removes the containers whose names begin with this one's, with their volumes, if they were ever made. */
export async function removeServers(name: string, exec: Exec): Promise<void> {
  const args = ["ps", "--all", "--filter", `name=${name}`, "--format", "{{.Names}}"];
  const { stdout } = await exec("docker", args, { accept: "any" });
  for (const each of stdout.split("\n").filter(Boolean)) await removeServer(each, exec);
}

/** Removes the container with its volumes, if it was ever made. */
export async function removeServer(name: string, exec: Exec): Promise<void> {
  await exec("docker", ["rm", "--force", "--volumes", name], { accept: "any" });
}
