import { afterEach, beforeAll, expect, it } from "vitest";
import { ensureProsodyImage, usualSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

let image: string;
const servers: ProsodyServer[] = [];

beforeAll(async () => {
  await useEngine();
  image = await ensureProsodyImage(usualSeries);
});
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(env: Readonly<Record<string, string>>): Promise<ProsodyServer> {
  const server = await startProsody({ image, env });
  servers.push(server);
  return server;
}

it("PROSODY_MUC_DOMAIN: rooms are there", async () => {
  const server = await start({ PROSODY_MUC_DOMAIN: "rooms.example.org" });
  await server.addAccount("alice", "a long secret");
  const alice = await server.connect("alice", "a long secret");
  expect(alice.jid?.toString()).toContain("alice@example.org");
  expect(await server.ask("prosody.hosts['rooms.example.org'] ~= nil")).toBe("true");
  expect(await server.ask("prosody.hosts['conference.example.org'] == nil")).toBe("true");
});
