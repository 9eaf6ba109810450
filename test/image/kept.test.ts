import { xml } from "@xmpp/client";
import { afterEach, beforeAll, expect, it } from "vitest";
import { within } from "../fixtures/compliance/waiting.ts";
import { settle } from "../fixtures/data-asks.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { openOutbox } from "../fixtures/outbox.ts";
import { makeNetwork } from "../fixtures/peer.ts";
import { startPostgresql } from "../fixtures/peer-postgresql.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, startProsody } from "../fixtures/prosody-server.ts";
import { makeRoom, say } from "../fixtures/rooms.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const keep = useLeftovers(afterEach);

beforeAll(useEngine);

/** A server that keeps all in PostgreSQL, and a client that is logged in. */
async function start(series: string, env: Readonly<Record<string, string>> = {}, own = "") {
  const network = await keep(makeNetwork());
  const database = await keep(startPostgresql({ network }));
  const sql = {
    PROSODY_SQL_DRIVER: "PostgreSQL",
    PROSODY_SQL_HOST: database.host,
    PROSODY_SQL_PASSWORD: database.password,
  };
  const image = await ensureProsodyImage(series);
  const server = await keep(
    startProsody({
      image,
      network: network.name,
      env: { ...sql, ...env },
      files: { "/etc/prosody/conf.d/own.cfg.lua": own },
    }),
  );
  for (const user of ["alice", "bob"]) await server.addAccount(user, "a long secret");
  const alice = await server.connect("alice", "a long secret");
  await settle(alice);
  return { database, server, alice };
}

/** What comes back of something that is said in a room: itself, or an error. */
async function fateInRoom(entity: LoggedIn, room: string): Promise<string | undefined> {
  const fate = new Promise<string | undefined>((resolve) => {
    entity.on("stanza", (stanza) => {
      if (stanza.attrs["id"] === "in-the-room") resolve(stanza.attrs["type"]);
    });
  });
  await entity.send(xml("message", { to: room, type: "groupchat", id: "in-the-room" }, xml("body", {}, "lost")));
  return within(fate, "hear what became of it");
}

it.each(imageSeries)(
  "%s: what is not kept is refused, whatever was unloaded or loaded again on this host or another",
  async (series) => {
    const { database, server, alice } = await start(series, {
      PROSODY_VIRTUAL_HOSTS: "example.org,b.example,c.example",
    });
    const room = await makeRoom(alice, "conference.example.org");
    await say(alice, room, "heard");
    // The archive has a store open whose methods are those of before.
    for (const host of ["example.org", "conference.example.org"])
      for (const name of ["storage_sql", "foundry_kept"]) await server.ctl("shell", "module", "reload", name, host);
    for (const host of ["b.example", "conference.b.example"])
      expect(await server.ctl("shell", "module", "reload", "foundry_kept", host)).not.toMatch(/error/iu);
    for (const host of ["conference.c.example", "c.example"]) await server.ctl("shell", `host:deactivate("${host}")`);
    await server.ctl("shell", "module", "unload", "foundry_kept", "b.example");

    await database.kill();
    const outbox = openOutbox(alice, "message");
    await outbox.send("bob@example.org");
    expect(await fateInRoom(alice, room)).toBe("error");
    expect(await outbox.close()).toStrictEqual({ taken: [], refused: ["message-0"] });
  },
);

it.each(imageSeries)("%s: what is not kept is refused where the archive has another name", async (series) => {
  const { database, server, alice } = await start(
    series,
    { PROSODY_STORES: "archive2:sql" },
    'archive_store = "archive2"\n',
  );
  const bob = await server.connect("bob", "a long secret");
  await bob.send(xml("presence"));
  await settle(bob);
  await database.kill();
  const outbox = openOutbox(alice, "message");
  await outbox.send("bob@example.org");
  expect(await outbox.close()).toStrictEqual({ taken: [], refused: ["message-0"] });
});
