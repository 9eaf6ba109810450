import { isUserError, type UserError } from "@prosody-foundry/kit";
import type { Exec } from "@prosody-foundry/kit";
import {
  type Engine,
  EngineInfo,
  buildxMissing,
  engineEnv,
  engineMissing,
  hasContainerdStore,
  noContainerdStore,
  parseBuilder,
  parseBuildxVersion,
} from "./engine.ts";

/** Where an engine that `setupEngine` started listens. */
export const ownHost = "unix:///run/prosody-foundry/docker.sock";

export interface FindOptions {
  exec: Exec;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * The engine to build with: DOCKER_HOST or docker's own context, or else one that `setupEngine` started.
 * @throws UserError ENGINE_MISSING, BUILDX_MISSING or ENGINE_NO_CONTAINERD_STORE, about the user's own engine.
 */
export async function findEngine(options: FindOptions): Promise<Engine> {
  const named = options.env["DOCKER_HOST"];
  const first = await probeEngine(options.exec, named);
  if (!(first instanceof Error)) return first;
  if (named !== undefined) throw first;
  const own = await probeEngine(options.exec, ownHost);
  if (own instanceof Error) throw first;
  return own;
}

async function probeEngine(exec: Exec, host: string | undefined): Promise<Engine | UserError> {
  try {
    return await readEngine(exec, host);
  } catch (error) {
    if (isUserError(error)) return error;
    throw error;
  }
}

async function readEngine(exec: Exec, host: string | undefined): Promise<Engine> {
  const env = engineEnv({ host });
  const info = await readInfo(exec, env);
  const buildx = await exec("docker", ["buildx", "version"], { env, accept: "any" });
  if (buildx.exitCode !== 0) throw buildxMissing();
  if (!hasContainerdStore(info)) throw noContainerdStore();
  const builder = await exec("docker", ["buildx", "inspect"], { env, timeout: 60_000 });
  return {
    version: info.ServerVersion,
    buildxVersion: parseBuildxVersion(buildx.stdout),
    ...parseBuilder(builder.stdout),
    containerdStore: true,
    host,
  };
}

async function readInfo(exec: Exec, env: Record<string, string>): Promise<EngineInfo> {
  const answer = await exec("docker", ["info", "--format", "{{json .}}"], {
    env,
    accept: "any",
    timeout: 30_000,
  }).catch(whenNoDocker);
  const info = EngineInfo.safeParse(parseJson(answer.stdout));
  if (!info.success)
    throw engineMissing(lastLine(answer.stderr) || "the docker daemon gave no answer", env["DOCKER_HOST"]);
  return info.data;
}

function whenNoDocker(error: unknown): never {
  if (isUserError(error, "COMMAND_MISSING")) throw engineMissing("the program docker is not installed");
  if (isUserError(error, "COMMAND_TIMED_OUT")) throw engineMissing("the docker daemon does not answer in time");
  throw error;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
