import { type Exec, type Progress, UserError } from "@prosody-foundry/kit";
import { z } from "zod";

/** A container engine that can build for us, as it was found. */
export interface Engine {
  version: string;
  buildxVersion: string;
  /** Name of the builder somebody chose; undefined for the one docker uses by itself. */
  builder?: string;
  /** Kind of the builder in use: `docker`, `docker-container`, `remote`, `kubernetes`. */
  driver: string;
  /** What the builder can run by itself; building needs none but its own. */
  platforms: string[];
  containerdStore: boolean;
  /** DOCKER_HOST every command gets; undefined where docker's own context decides. */
  host: string | undefined;
}

/** What everything that builds or fetches works with. */
export interface BakeContext {
  engine: Engine;
  /** Folder for inputs, contexts, layouts and reports. */
  cacheDir: string;
  /** Folder for builder bases made here, which several caches may share; `bases` of the cache unless given. */
  basesDir?: string | undefined;
  exec: Exec;
  progress: Progress;
  fetch?: typeof globalThis.fetch;
  /** URL of an input → another URL or a local path that must give the same content. */
  mirrors?: Readonly<Record<string, string>>;
  /** Fetches nothing: what the cache does not have is INPUT_UNREACHABLE. */
  offline?: boolean;
}

/** The environment a docker command gets beside the inherited one. */
export function engineEnv(engine: Pick<Engine, "host">): Record<string, string> {
  return engine.host === undefined ? {} : { DOCKER_HOST: engine.host };
}

/**
 * The environment a buildx command gets beside the inherited one. A builder of the docker driver is a docker context by
 * another name, and buildx wants it named as such.
 */
export function builderEnv({ host, builder, driver }: Pick<Engine, "builder" | "driver" | "host">): BuilderEnv {
  if (builder === undefined || builder === "default") return engineEnv({ host });
  if (driver === "docker") return { DOCKER_CONTEXT: builder, DOCKER_HOST: undefined, BUILDX_BUILDER: undefined };
  return { ...engineEnv({ host }), BUILDX_BUILDER: builder };
}

/** As `env` of a command: undefined takes a variable away. */
type BuilderEnv = Readonly<Record<string, string | undefined>>;

/** What `docker info` says of the engine; a client without a server reports ServerErrors and no driver. */
export const EngineInfo = z.looseObject({
  ServerVersion: z.string().min(1),
  DriverStatus: z.array(z.array(z.string())).nullish(),
});
export type EngineInfo = z.infer<typeof EngineInfo>;

/** True when images are kept in containerd's store: only that can hold an image of several platforms. */
export function hasContainerdStore(info: EngineInfo): boolean {
  return (info.DriverStatus ?? []).some(([, value]) => value?.startsWith("io.containerd.snapshotter") ?? false);
}

/** Driver and platforms out of `docker buildx inspect`, which has no JSON form. */
export function parseBuilder(text: string): Pick<Engine, "driver" | "platforms"> {
  const values = (label: string): string[] =>
    text.split("\n").flatMap((line) => (line.startsWith(`${label}:`) ? [line.slice(label.length + 1).trim()] : []));
  const platforms = values("Platforms").flatMap((line) => line.split(","));
  return {
    driver: values("Driver")[0] ?? "unknown",
    platforms: [...new Set(platforms.map((platform) => platform.trim().replace(/\*$/u, "")).filter(Boolean))],
  };
}

/** The version out of `docker buildx version`: `github.com/docker/buildx v0.29.1 a32761a…`. */
export function parseBuildxVersion(text: string): string {
  return /\bv?(\d+\.\d+\.\d+)/u.exec(text)?.[1] ?? "unknown";
}

/** @param host - the DOCKER_HOST somebody chose, so that no other engine is offered */
export const engineMissing = (because: string, host?: string): UserError =>
  new UserError("ENGINE_MISSING", `No container engine answers: ${because}`, {
    hint:
      host === undefined
        ? "Install Docker (on Debian or Ubuntu as root, `foundry setup` does it), or start it, or set DOCKER_HOST."
        : `Start the engine at ${host}, or unset DOCKER_HOST to use another.`,
  });

export const builderUnknown = (name: string): UserError =>
  new UserError("BUILDER_UNKNOWN", `buildx knows no builder ${JSON.stringify(name)}`, {
    hint: "`docker buildx ls` lists them; leave --builder and BUILDX_BUILDER away for docker's own.",
  });

export const buildxMissing = (): UserError =>
  new UserError("BUILDX_MISSING", "The container engine has no buildx", {
    hint: "Install the docker-buildx-plugin (Docker) or docker-buildx (Debian, Ubuntu) package.",
  });

export const noContainerdStore = (): UserError =>
  new UserError("ENGINE_NO_CONTAINERD_STORE", "The container engine does not keep its images in containerd's store", {
    hint: 'Put {"features": {"containerd-snapshotter": true}} into /etc/docker/daemon.json and restart Docker.',
  });
