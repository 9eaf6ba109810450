import net from "node:net";
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
  it.each(["SIGTERM", "SIGINT"])("ends cleanly on %s, and clients are let go", async (signal) => {
    const image = await ensureProsodyImage(series);
    const server = await startProsody({ image, run: [`--stop-signal=${signal}`] });
    servers.push(server);
    await server.addAccount("alice", "a long secret");
    const alice = await server.connect("alice", "a long secret");
    // Who can resume its stream is let go as if the network had failed, and keeps what it has to resume.
    const gone = new Promise((resolve) => alice.on("disconnect", resolve));
    const { told } = await openStream(server);
    // One that did not end by itself would be killed, and its exit code would be 137.
    await runCommand("docker", ["stop", "--time=120", server.name]);
    const { stdout } = await runCommand("docker", ["inspect", "--format={{.State.ExitCode}}", server.name]);
    expect(stdout.trim()).toBe("0");
    expect(await server.log()).toContain("Shutdown complete");
    await gone;
    expect(await told).toMatch(/<stream:error><system-shutdown .*<\/stream:stream>$/su);
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

/** A client without stream management: once its stream is open, a promise of all that it is told until the end. */
async function openStream(server: ProsodyServer): Promise<{ told: Promise<string> }> {
  const socket = net.connect(5222, server.address);
  let got = "";
  const ended = new Promise<string>((resolve) => socket.on("close", () => resolve(got)));
  const opened = new Promise<void>((resolve) => {
    socket.on("data", (part: Buffer) => {
      got += part.toString();
      if (got.includes("</stream:features>")) resolve();
    });
  });
  socket.on("error", () => undefined);
  const attributes = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'";
  socket.write(`<stream:stream ${attributes} to='${server.domain}'>`);
  await opened;
  return { told: ended };
}
