import { setTimeout as wait } from "node:timers/promises";
import { runCommand } from "@prosody-foundry/kit";
import { afterEach, describe, expect, it } from "vitest";
import { accountsExpression } from "../fixtures/load-accounts.ts";
import { type Crowd, makeCrowd } from "../fixtures/load-crowd.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody, writeCertificate } from "../fixtures/prosody-server.ts";

const clients = 160;
const pace = { perSecond: 80, roomEvery: 8 };
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function openCrowd(server: ProsodyServer): Promise<Crowd> {
  expect(await server.ask(accountsExpression(server.domain, clients))).toBe(String(clients));
  const { address, domain, authority } = server;
  const crowd = makeCrowd({ address, domain, authority: authority.certificate, clients, roomSize: 40, abreast: 16 });
  cleanups.push(async () => crowd.disperse());
  await crowd.gather();
  return crowd;
}

describe.each(imageSeries)("160 clients on Prosody %s", (series) => {
  it("lose no message when connections break, through a reload of the certificate and a restart", async () => {
    const server = await startProsody({ image: await ensureProsodyImage(series) });
    cleanups.push(async () => server.close());
    const crowd = await openCrowd(server);
    const talking = crowd.talk(12, pace);
    await wait(1000);
    crowd.cut(40);
    await wait(1000);
    await writeCertificate(server.certs, server.authority, [server.domain, `*.${server.domain}`]);
    await runCommand("docker", ["kill", "--signal=HUP", server.name]);
    await wait(2000);
    await runCommand("docker", ["restart", server.name]);
    await talking;
    const tally = await crowd.settle(40_000);
    console.log(tally, crowd.problems());
    expect(crowd.missing()).toEqual([]);
    expect(tally.lost).toBe(0);
  });
});
