import { beforeAll, describe, expect, it } from "vitest";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { enter, leave, makeRoom } from "../fixtures/rooms.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const rooms = "conference.example.org";

beforeAll(useEngine);

describe.each(imageSeries)("what rooms of %s take", (series) => {
  const keep = useLeftovers();
  let servers: ProsodyServer[];

  beforeAll(async () => {
    const image = await ensureProsodyImage(series);
    const quiet = { PROSODY_MUC_EVENT_RATE: "0" };
    servers = await Promise.all([{}, quiet].map(async (env) => keep(startProsody({ image, env }))));
  });

  it("PROSODY_MUC_EVENT_RATE: as many come back into a room at once as live in it, or as few as one wants", async () => {
    expect(await countEntries(servers[0])).toBe(30);
    expect(await countEntries(servers[1])).toBe(0);
  });
});

async function join(server: ProsodyServer | undefined, user: string): Promise<LoggedIn> {
  if (server === undefined) throw new Error("There is no server");
  await server.addAccount(user, "a long secret");
  return server.connect(user, "a long secret");
}

/** How often somebody without a role came into a room, of thirty times in a row. */
async function countEntries(server: ProsodyServer | undefined): Promise<number> {
  const room = await makeRoom(await join(server, "owner"), rooms);
  const guest = await join(server, "guest");
  let entries = 0;
  for (let time = 0; time < 30; time += 1) {
    const entry = await enter(guest, room);
    if (typeof entry === "string") continue;
    entries += 1;
    await leave(guest, room);
  }
  return entries;
}
