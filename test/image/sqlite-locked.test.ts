import { xml } from "@xmpp/client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ask } from "../fixtures/data-asks.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const password = "a long secret";
const servers: ProsodyServer[] = [];

beforeAll(useEngine);
afterAll(async () => {
  for (const server of servers) await server.close();
});

/** Keeps the database to itself for some seconds, long enough for others to come and find it so. */
const hold = `
  local connection = assert(require("DBI").Connect("SQLite3", "/var/lib/prosody/prosody.sqlite"))
  connection:autocommit(true)
  assert(assert(connection:prepare("BEGIN EXCLUSIVE")):execute())
  assert(io.open("/run/prosody/held", "w")):close()
  require("socket").sleep(5)
  assert(os.remove("/run/prosody/held"))
  assert(assert(connection:prepare("COMMIT")):execute())
`;

const isHeld = async (server: ProsodyServer): Promise<boolean> =>
  (await server.exec(["lua5.4", "-e", `os.exit(io.open("/run/prosody/held") ~= nil)`])).exitCode === 0;

it.each(imageSeries)("%s: the server and prosodyctl wait for SQLite that somebody else has locked", async (series) => {
  const server = await startProsody({
    image: await ensureProsodyImage(series),
    env: { PROSODY_STORAGE: "sqlite" },
  });
  servers.push(server);
  await server.addAccount("alice", password);
  const alice = await server.connect("alice", password);
  const holding = server.exec(["lua5.4", "-"], hold);
  while (!(await isHeld(server))) await Promise.race([holding, isHeld(server)]);
  const notes = xml("query", { xmlns: "jabber:iq:private" }, xml("notes", { xmlns: "example:notes" }, "kept"));
  const answers = await Promise.all([
    server.ctl("register", "bob", "example.org", password),
    server.addAccount("carol", password),
    ask(alice, { type: "set" }, notes),
  ]);
  expect(answers[0]).not.toContain("locked");
  expect(answers[2].attrs["type"]).toBe("result");
  expect((await holding).exitCode).toBe(0);
  for (const user of ["bob", "carol"]) await server.connect(user, password);
  expect(await server.log()).not.toContain("locked");
});
