import { setTimeout as wait } from "node:timers/promises";
import { type Element, xml } from "@xmpp/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { within } from "../fixtures/compliance/waiting.ts";
import { archiveOf, ask } from "../fixtures/data-asks.ts";
import { tryLogin } from "../fixtures/login.ts";
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

/** Each gets an answer of some kind, or the test fails. */
const asks = {
  roster: xml(
    "iq",
    { type: "set" },
    xml("query", { xmlns: "jabber:iq:roster" }, xml("item", { jid: "c@example.org" })),
  ),
  private: xml(
    "iq",
    { type: "set" },
    xml("query", { xmlns: "jabber:iq:private" }, xml("notes", { xmlns: "example:notes" }, "kept")),
  ),
  bookmarks: xml(
    "iq",
    { type: "set" },
    xml(
      "pubsub",
      { xmlns: "http://jabber.org/protocol/pubsub" },
      xml(
        "publish",
        { node: "urn:xmpp:bookmarks:1" },
        xml("item", { id: "tea@conference.example.org" }, xml("conference", { xmlns: "urn:xmpp:bookmarks:1" })),
      ),
    ),
  ),
  blocklist: xml(
    "iq",
    { type: "set" },
    xml("block", { xmlns: "urn:xmpp:blocking" }, xml("item", { jid: "m@evil.example" })),
  ),
  archive: xml("iq", { type: "set" }, xml("query", { xmlns: "urn:xmpp:mam:2" })),
  vcard: xml("iq", { type: "set" }, xml("vCard", { xmlns: "vcard-temp" }, xml("FN", {}, "Alice"))),
};

async function fates(entity: LoggedIn): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, stanza] of Object.entries(asks)) {
    const answer = entity.iqCaller.request(
      xml("iq", { type: stanza.attrs["type"] ?? "set" }, ...stanza.getChildElements()),
    );
    found[name] = await within(
      answer.then(
        () => "done",
        (error: unknown) => (error instanceof Error && "condition" in error ? `error` : String(error)),
      ),
      `hear what became of ${name}`,
    );
  }
  return found;
}

const all = (fate: string) => Object.fromEntries(Object.keys(asks).map((name) => [name, fate]));

/** Sends numbered messages to someone who is not there; answers which of them came back as errors. */
async function sendThrough(alice: LoggedIn, to: string, work: () => Promise<void>) {
  const sent: string[] = [];
  const refused = new Set<string>();
  const listen = (stanza: Element): void => {
    if (stanza.is("message") && stanza.attrs["type"] === "error") refused.add(stanza.attrs["id"] ?? "");
  };
  alice.on("stanza", listen);
  const state = { done: false };
  const working = work()
    .then(async () => wait(1000))
    .finally(() => (state.done = true));
  while (!state.done || sent.length < 20) {
    const id = `m${sent.length}`;
    sent.push(id);
    await alice.send(xml("message", { to, type: "chat", id }, xml("body", {}, id)));
    await wait(100);
  }
  await working;
  await within(ask(alice, { type: "get", to: "example.org" }, xml("ping", { xmlns: "urn:xmpp:ping" })), "hear a ping");
  alice.off("stanza", listen);
  return { sent, refused, taken: sent.filter((id) => !refused.has(id)) };
}

/** The server need not have tried again yet. */
async function recover(server: ProsodyServer, user: string): Promise<void> {
  while ((await tryLogin(server, user, password)) === "temporary-auth-failure") await wait(500);
}

/**
 * What waited for somebody, once it is there; and all in the archive, which alone has a message that came just as the
 * database went.
 */
async function collect(server: ProsodyServer, user: string) {
  await recover(server, user);
  const entity = await server.connect(user, password);
  const bodies: string[] = [];
  entity.on("stanza", (stanza: Element) => {
    if (stanza.is("message") && stanza.getChildText("body") !== null) bodies.push(stanza.getChildText("body") ?? "");
  });
  await entity.send(xml("presence"));
  await ask(entity, { type: "get", to: "example.org" }, xml("ping", { xmlns: "urn:xmpp:ping" }));
  const archived = (await archiveOf(entity)).join("\n");
  await entity.stop();
  return { bodies, archived };
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
        // This client and 0.12 do not count alike what was acknowledged.
        ...(series === "0.12" ? { PROSODY_DISABLE_MODULES: "smacks" } : {}),
      },
    });
    servers.push(server);
    for (const user of ["alice", "bob", "carol"]) await server.addAccount(user, password);
    const alice = await server.connect("alice", password);
    await alice.send(xml("presence"));
    expect(await fates(alice)).toStrictEqual(all("done"));

    await database.kill();
    expect(await fates(alice)).toStrictEqual(all("error"));
    const away = await sendThrough(alice, "bob@example.org", async () => {
      expect(await tryLogin(server, "bob", password)).toBe("temporary-auth-failure");
    });
    expect(away.taken).toStrictEqual([]);
    expect(await server.log()).toMatch(/error\s+The database cannot be reached/u);

    await database.start();
    await recover(server, "bob");
    expect(await fates(alice)).toStrictEqual(all("done"));
    expect(await server.log()).toContain("The database answers again");

    for (const [user, blow] of [
      ["bob", async () => database.restart()],
      ["carol", async () => database.kill().then(async () => database.start())],
    ] as const) {
      const { taken, refused } = await sendThrough(alice, `${user}@example.org`, async () => {
        await blow();
        await recover(server, user);
      });
      const { bodies, archived } = await collect(server, user);
      expect(taken.filter((id) => !bodies.includes(id) && !archived.includes(`"${id}"`))).toStrictEqual([]);
      expect(bodies.filter((id) => refused.has(id))).toStrictEqual([]);
      expect(taken.length).toBeGreaterThan(0);
    }
    expect((await archiveOf(alice)).length).toBeGreaterThan(0);
    await server.close();
    await database.close();
  },
);
