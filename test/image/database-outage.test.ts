import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { xml } from "@xmpp/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { archiveOf, settle } from "../fixtures/data-asks.ts";
import { allAre, fatesOf } from "../fixtures/fates.ts";
import { tryLogin } from "../fixtures/login.ts";
import { deliveredTo, type Fates, openOutbox } from "../fixtures/outbox.ts";
import { type PeerNetwork, makeNetwork } from "../fixtures/peer.ts";
import { startMariadb } from "../fixtures/peer-mariadb.ts";
import { type Database, startPostgresql } from "../fixtures/peer-postgresql.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const password = "a long secret";
const servers: ProsodyServer[] = [];
const databases: Database[] = [];
const networks: PeerNetwork[] = [];

beforeAll(useEngine);
afterAll(async () => {
  for (const server of servers) await server.close();
  for (const database of databases) await database.close();
  for (const network of networks) await network.close();
});

/** Sends messages to someone who is not there while something happens, and a little longer. */
async function sendThrough(alice: LoggedIn, to: string, work: () => Promise<void>): Promise<Fates> {
  const outbox = openOutbox(alice, randomUUID());
  const state = { done: false };
  const working = work()
    .then(async () => wait(1000))
    .finally(() => (state.done = true));
  while (!state.done || outbox.sent.length < 20) {
    await outbox.send(to);
    await wait(100);
  }
  await working;
  return outbox.close();
}

/** The server need not have tried again yet. */
async function recover(server: ProsodyServer, user: string): Promise<void> {
  while ((await tryLogin(server, user, password)) === "temporary-auth-failure") await wait(500);
}

/** What waited for somebody, once it is there. */
async function collect(server: ProsodyServer, user: string): Promise<string[]> {
  await recover(server, user);
  return deliveredTo(await server.connect(user, password));
}

const makers = { postgresql: startPostgresql, mariadb: startMariadb };
const cases = imageSeries.flatMap((series) =>
  (["postgresql", "mariadb"] as const).map((host) => [series, host] as const),
);

it.each(cases)(
  "%s: clients hear of errors while %s is away, nothing taken is lost, and it recovers",
  async (series, host) => {
    const network = await makeNetwork();
    networks.push(network);
    const database = await makers[host]({ network });
    databases.push(database);
    const server = await startProsody({
      image: await ensureProsodyImage(series),
      network: network.name,
      env: {
        PROSODY_SQL_DRIVER: host === "mariadb" ? "MySQL" : "PostgreSQL",
        PROSODY_SQL_HOST: host,
        PROSODY_SQL_PASSWORD: database.password,
      },
    });
    servers.push(server);
    for (const user of ["alice", "bob", "carol"]) await server.addAccount(user, password);
    const alice = await server.connect("alice", password);
    await alice.send(xml("presence"));
    expect(await fatesOf(alice)).toStrictEqual(allAre("done"));

    await database.kill();
    expect(await fatesOf(alice)).toStrictEqual(allAre("error"));
    const away = await sendThrough(alice, "bob@example.org", async () => {
      expect(await tryLogin(server, "bob", password)).toBe("temporary-auth-failure");
    });
    expect(away.taken).toStrictEqual([]);
    expect(await server.log()).toMatch(/error\s+The database cannot be reached/u);

    await database.start();
    await recover(server, "bob");
    expect(await fatesOf(alice)).toStrictEqual(allAre("done"));
    expect(await server.log()).toContain("The database answers again");

    for (const [user, blow] of [
      ["bob", async () => database.restart()],
      ["carol", async () => database.kill().then(async () => database.start())],
    ] as const) {
      const { taken, refused } = await sendThrough(alice, `${user}@example.org`, async () => {
        await blow();
        await recover(server, user);
      });
      const bodies = await collect(server, user);
      expect(taken.filter((id) => !bodies.includes(id))).toStrictEqual([]);
      expect(bodies.filter((id) => refused.includes(id))).toStrictEqual([]);
      expect(taken.length).toBeGreaterThan(0);
    }
    expect((await archiveOf(alice)).length).toBeGreaterThan(0);
    await server.close();
    await database.close();
  },
);

it.each(imageSeries)(
  "%s: a message that the archive alone took is refused, for it would not be delivered",
  async (series) => {
    const network = await makeNetwork();
    networks.push(network);
    const database = await startPostgresql({ network });
    databases.push(database);
    const server = await startProsody({
      image: await ensureProsodyImage(series),
      network: network.name,
      env: {
        PROSODY_STORES: "offline:sql",
        PROSODY_SQL_DRIVER: "PostgreSQL",
        PROSODY_SQL_HOST: database.host,
        PROSODY_SQL_PASSWORD: database.password,
      },
    });
    servers.push(server);
    for (const user of ["alice", "bob"]) await server.addAccount(user, password);
    const alice = await server.connect("alice", password);
    await settle(alice);
    const outbox = openOutbox(alice, "message");
    await outbox.send("bob@example.org");
    await settle(alice);
    await database.kill();
    await outbox.send("bob@example.org");
    await settle(alice);
    await database.start();
    while (!(await server.log()).includes("The database answers again")) {
      await outbox.send("bob@example.org");
      await settle(alice);
    }
    const { taken, refused } = await outbox.close();
    expect(refused).toContain("message-1");
    expect(taken).toContain("message-0");
    expect(await collect(server, "bob")).toStrictEqual(taken);
  },
);
