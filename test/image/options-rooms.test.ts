import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logIn } from "../../packages/bake/src/run-verify-client.ts";
import { query } from "../fixtures/messages.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { countArchived, disco, enter, leave, listItems, makeRoom, newRoom, say } from "../fixtures/rooms.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const password = "a long secret";
const rooms = "rooms.elsewhere.org";

beforeAll(useEngine);

// One server with everything other than usual, and one with nothing set.
describe.each(imageSeries)("rooms of %s", (series) => {
  let other: ProsodyServer;
  let usual: ProsodyServer;
  let admin: LoggedIn;
  let otherUser: LoggedIn;
  let alice: LoggedIn;
  let bob: LoggedIn;

  beforeAll(async () => {
    const image = await ensureProsodyImage(series);
    const env = {
      PROSODY_ADMINS: "admin@example.org",
      PROSODY_MUC_DOMAIN: rooms,
      PROSODY_MUC_NAME: "Salon",
      PROSODY_MUC_CREATION: "admin",
      PROSODY_MUC_DEFAULT_PUBLIC: "true",
      PROSODY_MUC_DEFAULT_MEMBERS_ONLY: "true",
      PROSODY_MUC_DEFAULT_PERSISTENT: "true",
      PROSODY_MUC_HISTORY: "2",
      PROSODY_MUC_ARCHIVE: "false",
    };
    const names = ["*.example.org", "example.net"];
    const second = { image, names, env: { PROSODY_VIRTUAL_HOSTS: "example.net" } };
    [other, usual] = await Promise.all([startProsody({ image, env }), startProsody(second)]);
    admin = await join(other, "admin");
    otherUser = await join(other, "user");
    alice = await join(usual, "alice");
    bob = await join(usual, "bob");
  });
  afterAll(async () => {
    await Promise.all([other, usual].map((server) => server.close()));
  });

  const usualRooms = "conference.example.org";
  it("PROSODY_MUC_DOMAIN: clients find the rooms there, whatever the domain", async () => {
    expect(await listItems(otherUser, "example.org")).toContain(rooms);
    expect(await enter(admin, newRoom(rooms))).toEqual({ history: [] });
    expect(await enter(admin, newRoom("conference.example.org"))).toMatch(/not-found|not-acceptable/u);
    expect(await listItems(alice, "example.org")).toContain(usualRooms);
    expect(await listItems(alice, "example.net")).toContain("conference.example.net");
  });

  it("PROSODY_MUC_NAME: the service is called so", async () => {
    expect(await nameOf(otherUser, rooms)).toBe("Salon");
    expect(await nameOf(alice, usualRooms)).toBe("Rooms");
  });

  it("PROSODY_MUC_CREATION: who may make a room", async () => {
    expect(await enter(otherUser, newRoom(rooms))).toBe("not-allowed");
    expect(await enter(admin, newRoom(rooms))).toEqual({ history: [] });
    expect(await enter(alice, newRoom(usualRooms))).toEqual({ history: [] });
    expect(await enter(await neighbour(usual), newRoom(usualRooms))).toEqual({ history: [] });
  });

  it("PROSODY_MUC_DEFAULT_PUBLIC: new rooms are listed", async () => {
    const shown = await makeRoom(admin, rooms);
    const hidden = await makeRoom(alice, usualRooms);
    expect(await listItems(otherUser, rooms)).toContain(shown);
    expect(await listItems(bob, usualRooms)).not.toContain(hidden);
  });

  it("PROSODY_MUC_DEFAULT_MEMBERS_ONLY: nobody else comes in", async () => {
    expect(await enter(otherUser, await makeRoom(admin, rooms))).toBe("registration-required");
    expect(await enter(bob, await makeRoom(alice, usualRooms))).toEqual({ history: [] });
  });

  it("PROSODY_MUC_DEFAULT_PERSISTENT: an empty room stays", async () => {
    const [kept, gone] = [await makeRoom(admin, rooms), await makeRoom(alice, usualRooms)];
    await leave(admin, kept);
    await leave(alice, gone);
    expect((await query(admin, { to: kept }, disco.info)).attrs["type"]).toBe("result");
    await expect(query(alice, { to: gone }, disco.info)).rejects.toThrow("item-not-found");
  });

  it("PROSODY_MUC_HISTORY: who comes in is shown so many messages", async () => {
    for (const [entity, service, count] of [
      [admin, rooms, 2],
      [alice, usualRooms, 20],
    ] as const) {
      const room = await makeRoom(entity, service);
      for (let number = 1; number <= 22; number += 1) await say(entity, room, `message ${number}`);
      await leaveAndKeep(entity, room, service === rooms);
      const entry = await enter(service === rooms ? admin : bob, room);
      expect(typeof entry === "string" ? entry : entry.history).toEqual(
        Array.from({ length: count }, (_, index) => `message ${23 - count + index}`),
      );
    }
  });

  it("PROSODY_MUC_ARCHIVE: what is said is kept", async () => {
    const [forgetful, kept] = [await makeRoom(admin, rooms), await makeRoom(alice, usualRooms)];
    await say(admin, forgetful, "for now");
    await say(alice, kept, "for ever");
    expect(await countArchived(admin, forgetful)).toBe(0);
    expect(await countArchived(alice, kept)).toBe(1);
  });
});

/** Room history is shown to who comes in anew; an empty room that is not persistent would be gone. */
async function leaveAndKeep(entity: LoggedIn, room: string, isPersistent: boolean): Promise<void> {
  if (isPersistent) await leave(entity, room);
}

/** Somebody of the server's second domain. */
async function neighbour(server: ProsodyServer): Promise<LoggedIn> {
  await server.ctl("register", "carol", "example.net", password);
  const at = { host: server.address, port: 5222, authority: server.authority.certificate, patience: 20_000 };
  return (await logIn({ ...at, domain: "example.net" }, { user: "carol", password })).entity;
}

async function join(server: ProsodyServer, user: string): Promise<LoggedIn> {
  await server.addAccount(user, password);
  return server.connect(user, password);
}

async function nameOf(entity: LoggedIn, service: string): Promise<string | undefined> {
  return (await query(entity, { to: service }, disco.info)).getChild("query")?.getChild("identity")?.attrs["name"];
}
