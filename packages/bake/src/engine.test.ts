import { runCommand, type Exec, UserError } from "@prosody-foundry/kit";
import { describe, expect, it } from "vitest";
import { builderEnv, hasContainerdStore, parseBuilder, parseBuildxVersion } from "./engine.ts";
import { findEngine } from "./read-engine.ts";

const inspected = `Name:          farm
Driver:        kubernetes
Last Activity: 2026-11-20 16:40:30 +0000 UTC

Nodes:
Name:             farm0
Platforms:        linux/amd64*, linux/386
Name:             farm1
Platforms:        linux/arm64, linux/amd64
`;

describe("what the engine says of itself", () => {
  it("names the driver and the platforms of all nodes, once each", () => {
    expect(parseBuilder(inspected)).toEqual({
      driver: "kubernetes",
      platforms: ["linux/amd64", "linux/386", "linux/arm64"],
    });
  });

  it.each([
    ["github.com/docker/buildx v0.29.1 a32761aeb3debd39be1eca514af3693af0db334b", "0.29.1"],
    ["github.com/docker/buildx 0.13.1+ds1 0.13.1+ds1-3", "0.13.1"],
    ["something else", "unknown"],
  ])("gives %s the version %s", (text, version) => {
    expect(parseBuildxVersion(text)).toBe(version);
  });

  it.each([
    [[["driver-type", "io.containerd.snapshotter.v1"]], true],
    [[["Backing Filesystem", "extfs"]], false],
    [null, false],
  ])("keeps its images in containerd's store or not: %j", (DriverStatus, expected) => {
    expect(hasContainerdStore({ ServerVersion: "28.5.2", DriverStatus })).toBe(expected);
  });
});

it.each([
  ["docker's own", { host: "unix:///a" }, { DOCKER_HOST: "unix:///a" }],
  ["docker's own by its name", { host: "unix:///a", builder: "default" }, { DOCKER_HOST: "unix:///a" }],
  [
    "a pod",
    { host: "unix:///a", builder: "farm", driver: "kubernetes" },
    { DOCKER_HOST: "unix:///a", BUILDX_BUILDER: "farm" },
  ],
  ["a BuildKit elsewhere", { host: undefined, builder: "far", driver: "remote" }, { BUILDX_BUILDER: "far" }],
  ["a container", { host: undefined, builder: "box", driver: "docker-container" }, { BUILDX_BUILDER: "box" }],
  [
    "another engine",
    { host: "unix:///a", builder: "second", driver: "docker" },
    { DOCKER_CONTEXT: "second", DOCKER_HOST: undefined, BUILDX_BUILDER: undefined },
  ],
])("buildx is told to build with %s", (_, engine, env) => {
  expect(builderEnv({ driver: "docker", ...engine })).toEqual(env);
});

describe("findEngine", () => {
  it("says what to do when nothing listens where DOCKER_HOST points", async () => {
    const found = findEngine({ exec: runCommand, env: { DOCKER_HOST: "unix:///nowhere/docker.sock" } });
    await expect(found).rejects.toMatchObject({ code: "ENGINE_MISSING" });
  });

  it("says so when docker is not installed", async () => {
    await expect(findEngine({ exec: withoutDocker, env: {} })).rejects.toMatchObject({
      code: "ENGINE_MISSING",
      hint: expect.stringContaining("foundry setup") as unknown,
    });
  });

  it.each([
    ["BUILDX_MISSING", answers({ buildx: 1 })],
    ["ENGINE_NO_CONTAINERD_STORE", answers({ status: [["Backing Filesystem", "extfs"]], driver: "docker" })],
  ])("refuses an engine with %s, with a hint", async (code, exec) => {
    const found = findEngine({ exec, env: { DOCKER_HOST: "unix:///some.sock" } });
    await expect(found).rejects.toMatchObject({ code, hint: expect.any(String) as unknown });
  });

  it("lets a builder of another driver do without containerd's store in the engine", async () => {
    const exec = answers({ status: [["Backing Filesystem", "extfs"]] });
    const env = { DOCKER_HOST: "unix:///some.sock", BUILDX_BUILDER: "farm" };
    expect(await findEngine({ exec, env })).toMatchObject({
      builder: "farm",
      driver: "kubernetes",
      containerdStore: false,
    });
  });

  it("refuses a builder that buildx does not know", async () => {
    const exec = answers({ inspect: 1 });
    const found = findEngine({ exec, env: { DOCKER_HOST: "unix:///some.sock", BUILDX_BUILDER: "farm" } });
    await expect(found).rejects.toMatchObject({ code: "BUILDER_UNKNOWN" });
  });

  it("takes the engine setup started when the machine has none of its own", async () => {
    const ours = answers({});
    const exec: Exec = (command, args, options) => {
      if (options?.env?.["DOCKER_HOST"] !== undefined) return ours(command, args, options);
      return Promise.reject(new UserError("COMMAND_TIMED_OUT", "docker did not end in time"));
    };
    expect(await findEngine({ exec, env: {} })).toMatchObject({ host: "unix:///run/prosody-foundry/docker.sock" });
  });
});

const withoutDocker: Exec = (_command, args, options) => runCommand("no-such-docker", args, options);

/** A docker that answers as one does; what a real one without buildx or the store says is in test/itg. */
function answers({
  buildx = 0,
  inspect = 0,
  driver = "kubernetes",
  status = [["driver-type", "io.containerd.snapshotter.v1"]],
}): Exec {
  const outputs: Record<string, string> = {
    info: JSON.stringify({ ServerVersion: "28.5.2", DriverStatus: status }),
    "buildx version": "github.com/docker/buildx v0.29.1 a32761a",
    "buildx inspect": inspected.replace("kubernetes", driver),
  };
  return (_command, args) => {
    const name = args[0] === "info" ? "info" : args.join(" ");
    const exitCode = { "buildx version": buildx, "buildx inspect": inspect }[name] ?? 0;
    return Promise.resolve({ stdout: outputs[name] ?? "", stderr: "", exitCode });
  };
}
