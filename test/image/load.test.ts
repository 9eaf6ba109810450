import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { runCommand } from "@prosody-foundry/kit";
import { afterEach, describe, expect, it } from "vitest";
import { accountsExpression } from "../fixtures/load-accounts.ts";
import { type Crowd, makeCrowd } from "../fixtures/load-crowd.ts";
import { makeNetwork } from "../fixtures/peer.ts";
import { startPostgresql } from "../fixtures/peer-postgresql.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, type ServerWishes, startProsody, writeCertificate } from "../fixtures/prosody-server.ts";
import { c2s, probe, serialOf } from "../fixtures/tls-probe.ts";
import { until } from "../fixtures/until.ts";

const clients = 60;
const roomSize = 20;
const pace = { perSecond: 40, roomEvery: 8 };
// Of 480 in 12 seconds those who are away say nothing.
const leastSent = 300;
// Only how long a broken server takes to fail: a busy machine needs much of it, another a second.
const patience = 240_000;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** With data that outlive the container, in memory where this machine has a place for that. */
async function openServer(wishes: Omit<ServerWishes, "volume">): Promise<ProsodyServer> {
  const volume = await mkdtemp(path.join(existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir(), "prosody-load-"));
  await chmod(volume, 0o777);
  cleanups.push(async () => rm(volume, { recursive: true }));
  // Who cannot remove the files of others runs the server as themselves.
  const [user, group] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const run = user === 0 ? [] : [`--user=${user}:${group}`];
  const server = await startProsody({ ...wishes, volume, run });
  cleanups.push(async () => server.close());
  return server;
}

async function gatherCrowd(server: ProsodyServer): Promise<Crowd> {
  expect(await server.ask(accountsExpression(server.domain, clients))).toBe(String(clients));
  const { address, domain, authority } = server;
  const crowd = makeCrowd({ address, domain, authority: authority.certificate, clients, roomSize, abreast: 16 });
  cleanups.push(async () => crowd.disperse());
  await crowd.gather();
  return crowd;
}

/** As renewing does it: new files, then a signal. Answers once clients that come now are shown the new one. */
async function renewCertificate(server: ProsodyServer): Promise<void> {
  const { address, domain, authority, certs } = server;
  const serial = async () => (await probe({ address, domain, authority: authority.certificate }, c2s)).serial;
  const before = await serial();
  await writeCertificate(certs, authority, [domain, `*.${domain}`]);
  const renewed = serialOf(await readFile(path.join(certs, domain, "fullchain.pem"), "utf8"));
  expect(renewed).not.toBe(before);
  await runCommand("docker", ["kill", "--signal=HUP", server.name]);
  await until(serial, (shown) => shown === renewed);
}

async function restart(server: ProsodyServer, crowd: Crowd): Promise<void> {
  await runCommand("docker", ["restart", "--time=60", server.name]);
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
  crowd.door.address = (await runCommand("docker", ["inspect", `--format=${format}`, server.name])).stdout.trim();
}

/** What became of all messages once nothing is on its way any more. */
async function settle(crowd: Crowd): Promise<unknown> {
  const { sent, acknowledged, lost } = await crowd.settle(patience);
  expect(sent).toBeGreaterThan(leastSent);
  const problems = lost > 0 || acknowledged < sent ? crowd.problems() : {};
  return { unacknowledged: sent - acknowledged, lost, missing: crowd.missing().slice(0, 5), problems };
}

const nothingLost = { unacknowledged: 0, lost: 0, missing: [], problems: {} };

function countResumed(crowd: Crowd): number {
  return crowd.clients.reduce((sum, { resumed }) => sum + resumed, 0);
}

describe.each(imageSeries)("a crowd on Prosody %s", (series) => {
  it("loses no message when connections break, the certificate is renewed and the server restarts", async () => {
    const server = await openServer({ image: await ensureProsodyImage(series) });
    const crowd = await gatherCrowd(server);
    const talking = crowd.talk(12, pace);
    await wait(500);
    crowd.cut(20);
    const away = crowd.sendAway(6, 3000);
    while (countResumed(crowd) < 20) await wait(50);
    const before = crowd.clients.map(({ begun }) => begun);
    await renewCertificate(server);
    await wait(1500);
    await away;
    const kept = crowd.clients.filter(({ begun, wanted }, index) => wanted && begun === before[index]);
    expect(kept.length).toBeGreaterThanOrEqual(clients - 6);
    await restart(server, crowd);
    await talking;
    expect(await settle(crowd)).toEqual(nothingLost);
    expect(crowd.clients.every(({ begun }) => begun >= 2)).toBe(true);
  });

  it("loses no message when its database restarts, and then the server", async () => {
    const network = await makeNetwork();
    cleanups.push(async () => network.close());
    const database = await startPostgresql({ network });
    cleanups.push(async () => database.close());
    const env = { PROSODY_SQL_DRIVER: "PostgreSQL", PROSODY_SQL_HOST: "postgresql" };
    const server = await openServer({
      image: await ensureProsodyImage(series),
      network: network.name,
      env: { ...env, PROSODY_SQL_PASSWORD: database.password },
    });
    const crowd = await gatherCrowd(server);
    const talking = crowd.talk(12, pace);
    await wait(1000);
    const away = crowd.sendAway(6, 4000);
    crowd.cut(20);
    await database.stop();
    await wait(1000);
    await database.start();
    await away;
    await restart(server, crowd);
    await talking;
    expect(await settle(crowd)).toEqual(nothingLost);
  });
});
