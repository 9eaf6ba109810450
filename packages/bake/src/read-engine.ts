import { isUserError, type UserError } from "@prosody-foundry/kit";
import type { Exec } from "@prosody-foundry/kit";
import {
  type Engine,
  EngineInfo,
  builderUnknown,
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
 * The engine to build with: DOCKER_HOST or docker's own context, or else one that `setupEngine` started; with the builder
 * that BUILDX_BUILDER names, whatever its driver.
 * @throws UserError ENGINE_MISSING, BUILDX_MISSING, BUILDER_UNKNOWN or ENGINE_NO_CONTAINERD_STORE, about the user's own
 * engine.
 */
export async function findEngine(options: FindOptions): Promise<Engine> {
  const named = options.env["DOCKER_HOST"];
  const first = await probeEngine(options, named);
  if (!(first instanceof Error)) return first;
  if (named !== undefined) throw first;
  const own = await probeEngine(options, ownHost);
  if (own instanceof Error) throw first;
  return own;
}

async function probeEngine(options: FindOptions, host: string | undefined): Promise<Engine | UserError> {
  try {
    return await readEngine(options, host);
  } catch (error) {
    if (isUserError(error)) return error;
    throw error;
  }
}

async function readEngine({ exec, env: { BUILDX_BUILDER } }: FindOptions, host: string | undefined): Promise<Engine> {
  const builder = BUILDX_BUILDER === undefined || BUILDX_BUILDER === "" ? {} : { builder: BUILDX_BUILDER };
  const env = engineEnv({ host });
  const info = await readInfo(exec, env);
  const buildx = await exec("docker", ["buildx", "version"], { env, accept: "any" });
  if (buildx.exitCode !== 0) throw buildxMissing();
  const inspect = { env: { ...env, BUILDX_BUILDER }, accept: "any" as const, timeout: 60_000 };
  const inspected = await exec("docker", ["buildx", "inspect"], inspect);
  if (inspected.exitCode !== 0 && BUILDX_BUILDER) throw builderUnknown(BUILDX_BUILDER);
  const { driver, platforms } = parseBuilder(inspected.stdout);
  const containerdStore = hasContainerdStore(info);
  // Another driver exports by itself; the engine has only to load what is to be run.
  if (driver === "docker" && !containerdStore) throw noContainerdStore();
  const buildxVersion = parseBuildxVersion(buildx.stdout);
  return { version: info.ServerVersion, buildxVersion, ...builder, driver, platforms, containerdStore, host };
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
