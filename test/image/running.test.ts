import { runCommand } from "@prosody-foundry/kit";
import { beforeAll, describe, expect, it } from "vitest";
import { type BareServer, startBare } from "../fixtures/bare-server.ts";
import { armor } from "../fixtures/confinement.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const keep = useLeftovers();

beforeAll(useEngine);

/** Runs in the background, until it says that it serves. */
async function start(options: readonly string[], series: string): Promise<BareServer> {
  return keep(startBare([...armor, "--network=none", ...options, await ensureProsodyImage(series)]));
}

async function stop(server: BareServer): Promise<{ exitCode: number; log: string }> {
  await runCommand("docker", ["stop", "-t", "2", server.name]);
  return { exitCode: await server.end(), log: await server.log() };
}

describe.each(imageSeries)("the image of %s", (series) => {
  it.each([
    ["as itself", []],
    ["as any user of group 0", ["--user=12345:0"]],
    ["as any user", ["--user=12345:12345"]],
    ["with SQLite", ["--env=PROSODY_STORAGE=sqlite"]],
    ["with memory only", ["--env=PROSODY_STORAGE=memory"]],
    ["without modules that were left out", ["--env=PROSODY_DISABLE_MODULES=mod_mam,muc_mam"]],
  ])("starts without a network and stops by itself, %s", async (_, options) => {
    const server = await start([...options, "--env=PROSODY_DOMAIN=Example.org"], series);
    const { exitCode, log } = await stop(server);
    expect(log).toMatch(/Prosody \S+ serves conference\.example\.org example\.org upload\.example\.org[;\n]/u);
    expect(log).toContain("Shutdown complete");
    expect(log).not.toMatch(/\serror\t/u);
    expect(exitCode).toBe(0);
  });

  it("stops when it has only just been started", async () => {
    const server = await keep(startBare([...armor, "--network=none", await ensureProsodyImage(series)], "runs"));
    expect((await stop(server)).exitCode).toBe(0);
  });

  it("uses no option that Prosody warns of", async () => {
    const server = await start(["--env=PROSODY_ADMINS=me@example.org", "--env=PROSODY_DOMAIN=example.org"], series);
    expect((await stop(server)).log).not.toMatch(/Configuration warning|deprecated/u);
  });
});
