import { runCommand } from "@prosody-foundry/kit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const servers: ProsodyServer[] = [];

beforeAll(useEngine);
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

describe.each(imageSeries)("%s with clients connected", (series) => {
  it.each(["SIGTERM", "SIGINT"])("ends cleanly on %s: each is told, and it takes no two seconds", async (signal) => {
    const image = await ensureProsodyImage(series);
    const server = await startProsody({ image, run: [`--stop-signal=${signal}`] });
    servers.push(server);
    await server.addAccount("alice", "a long secret");
    const told: Promise<string>[] = [];
    for (let i = 0; i < 3; i += 1) {
      const client = await server.connect("alice", "a long secret");
      told.push(new Promise((resolve) => client.on("error", (error: Error) => resolve(error.message))));
    }
    // After two seconds the engine would kill it, and the exit code would be 137.
    await runCommand("docker", ["stop", "--time=2", server.name]);
    const { stdout } = await runCommand("docker", ["inspect", "--format={{.State.ExitCode}}", server.name]);
    expect(stdout.trim()).toBe("0");
    expect(await server.log()).toContain("Shutdown complete");
    for (const words of await Promise.all(told)) expect(words).toContain("system-shutdown");
  });

  it("reads its configuration again on SIGHUP, and nobody notices", async () => {
    const image = await ensureProsodyImage(series);
    const server = await startProsody({ image });
    servers.push(server);
    await server.addAccount("alice", "a long secret");
    const alice = await server.connect("alice", "a long secret");
    let isGone = false;
    alice.on("disconnect", () => {
      isGone = true;
    });
    await runCommand("docker", ["kill", "--signal=SIGHUP", server.name]);
    while (!(await server.log()).includes("Reloading configuration file")) await server.ask("1");
    expect(await server.ask("1 + 1")).toBe("2");
    expect((await server.exec(["foundry", "healthcheck"])).exitCode).toBe(0);
    expect(isGone).toBe(false);
  });
});
