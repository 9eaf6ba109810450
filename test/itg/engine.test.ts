import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { doctor, findEngine, setupEngine } from "@prosody-foundry/bake";
import { type Exec, runCommand, silent } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "foundry-engine-"));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

describe("the engine of this machine", () => {
  it("is found with its version, its buildx and containerd's store", async () => {
    const engine = await findEngine({ exec: runCommand, env: process.env });
    expect(engine.version).toMatch(/^\d+\./u);
    expect(engine.buildxVersion).toMatch(/^\d+\.\d+\.\d+$/u);
    expect(engine).toMatchObject({ containerdStore: true, driver: expect.any(String) as unknown });
  });

  it("is not set up a second time", async () => {
    const commands: string[] = [];
    const exec: Exec = (command, args, options) => {
      commands.push(command);
      return runCommand(command, args, options);
    };
    await setupEngine({ exec, env: process.env, cacheDir: scratch, progress: silent, uid: 0 });
    expect(new Set(commands)).toEqual(new Set(["docker"]));
  });

  it("is well by the doctor's examination", async () => {
    const rows = await doctor({ exec: runCommand, env: process.env, cacheDir: scratch, nodeVersion: process.version });
    expect(rows.filter((row) => !row.ok && !row.optional)).toEqual([]);
    expect(rows.map((row) => row.name)).toEqual(
      expect.arrayContaining(["container engine", "builder base", "git", "node"]),
    );
  });
});

describe("a machine without an engine", () => {
  // A docker that cannot reach its daemon is the real program with another address.
  const env = { DOCKER_HOST: `unix:///nowhere/docker.sock` };

  it("is told so by the doctor, with what to do", async () => {
    const rows = await doctor({ exec: runCommand, env, cacheDir: scratch, nodeVersion: process.version });
    expect(rows[0]).toMatchObject({
      name: "container engine",
      ok: false,
      hint: expect.stringContaining("unset DOCKER_HOST") as unknown,
    });
  });

  it("gets none installed when it named one of its own, or by who is not root", async () => {
    const options = { exec: runCommand, cacheDir: scratch, progress: silent };
    await expect(setupEngine({ ...options, env, uid: 0 })).rejects.toMatchObject({ code: "ENGINE_MISSING" });
    await expect(setupEngine({ ...options, env, uid: 1000 })).rejects.toMatchObject({ code: "ENGINE_MISSING" });
  });
});
