import { randomUUID } from "node:crypto";
import { type Element, xml } from "@xmpp/client";
import { beforeAll, describe, expect, it } from "vitest";
import { askHttps } from "../fixtures/https-request.ts";
import { type Keep, useLeftovers } from "../fixtures/leftovers.ts";
import { query, sendTo } from "../fixtures/messages.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { countArchived, makeRoom, say } from "../fixtures/rooms.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

/** A server with two people who have talked, a room that one of them has talked in, and a file sent by the same. */
interface Scene {
  server: ProsodyServer;
  alice: LoggedIn;
  bob: LoggedIn;
  room: string;
  file: string;
}

const password = "a long secret";
/** Of a day: two seconds. */
const moment = "0.00003";

beforeAll(useEngine);

async function openScene(series: string, keep: Keep, env: Record<string, string>): Promise<Scene> {
  const server = await keep(startProsody({ image: await ensureProsodyImage(series), env }));
  for (const user of ["alice", "bob"]) await server.addAccount(user, password);
  const alice = await server.connect("alice", password);
  const bob = await server.connect("bob", password);
  await bob.send(xml("presence"));
  expect(await sendTo(alice, "bob@example.org", bob)).toBe("arrived");
  const room = await makeRoom(alice, "conference.example.org");
  await say(alice, room, "to all");
  return { server, alice, bob, room, file: await upload(server, alice) };
}

async function upload(server: ProsodyServer, user: LoggedIn): Promise<string> {
  const request = xml("request", { xmlns: "urn:xmpp:http:upload:0", filename: "a.txt", size: "3" });
  const slot = (await query(user, { to: "upload.example.org" }, request)).getChild("slot", "urn:xmpp:http:upload:0");
  const put = slot?.getChild("put");
  const authorization =
    put
      ?.getChildren("header")
      .find((header) => header.attrs["name"] === "Authorization")
      ?.text() ?? "";
  const file = put?.attrs["url"] ?? "";
  const headers = { authorization, "content-type": "text/plain", "content-length": "3" };
  expect((await askHttps(server, file, { method: "PUT", body: "abc", headers })).status).toBe(201);
  return file;
}

async function hasFile({ server, file }: Scene): Promise<boolean> {
  return (await askHttps(server, file)).status === 200;
}

async function countInRoom({ alice, room }: Scene): Promise<number> {
  return countArchived(alice, room);
}

async function countMessages({ alice }: Scene): Promise<number> {
  const queryid = randomUUID();
  let count = 0;
  const onStanza = (stanza: Element): void => {
    if (stanza.getChild("result", "urn:xmpp:mam:2")?.attrs["queryid"] === queryid) count += 1;
  };
  alice.on("stanza", onStanza);
  await alice.iqCaller.request(xml("iq", { type: "set" }, xml("query", { xmlns: "urn:xmpp:mam:2", queryid })), 20_000);
  alice.off("stanza", onStanza);
  return count;
}

/** Has the server do at once what it does once a day, until `is` holds. */
async function cleanUntil({ server }: Scene, is: () => Promise<boolean>): Promise<void> {
  do {
    for (const host of ["example.org", "conference.example.org", "upload.example.org"]) {
      await server.ask(
        `(function() for _, task in ipairs(require"core.modulemanager".get_items("task", "${host}")) do task.run(task, os.time()) end return true end)()`,
      );
    }
  } while (!(await is()));
}

describe.each(imageSeries)("archive, in %s", (series) => {
  const keep = useLeftovers();
  const makeScene = async (env: Record<string, string>): Promise<Scene> => openScene(series, keep, env);

  it("PROSODY_RETENTION_DAYS: messages and files are kept for that time", async () => {
    const scene = await makeScene({ PROSODY_RETENTION_DAYS: moment });
    await cleanUntil(scene, async () => (await countMessages(scene)) === 0);
    await cleanUntil(scene, async () => (await countInRoom(scene)) === 0);
    await cleanUntil(scene, async () => !(await hasFile(scene)));
    expect(await countMessages(scene)).toBe(0);
  });

  it("PROSODY_ARCHIVE_EXPIRY_DAYS: messages are kept for another time than files", async () => {
    const scene = await makeScene({ PROSODY_RETENTION_DAYS: "30", PROSODY_ARCHIVE_EXPIRY_DAYS: moment });
    await cleanUntil(scene, async () => (await countMessages(scene)) === 0);
    await cleanUntil(scene, async () => (await countInRoom(scene)) === 0);
    expect(await hasFile(scene)).toBe(true);
  });

  it("PROSODY_UPLOAD_EXPIRY_DAYS: files are kept for another time than messages", async () => {
    const scene = await makeScene({ PROSODY_RETENTION_DAYS: "never", PROSODY_UPLOAD_EXPIRY_DAYS: moment });
    await cleanUntil(scene, async () => !(await hasFile(scene)));
    expect([await countMessages(scene), await countInRoom(scene)]).toEqual([1, 1]);
  });

  it("PROSODY_ARCHIVE_POLICY: by itself, messages with contacts are kept", async () => {
    const scene = await makeScene({ PROSODY_ARCHIVE_POLICY: "roster" });
    expect(await countMessages(scene)).toBe(0);
    const item = xml("item", { jid: "bob@example.org" });
    await scene.alice.iqCaller.request(
      xml("iq", { type: "set" }, xml("query", { xmlns: "jabber:iq:roster" }, item)),
      20_000,
    );
    expect(await sendTo(scene.alice, "bob@example.org", scene.bob)).toBe("arrived");
    expect(await countMessages(scene)).toBe(1);
  });
});
