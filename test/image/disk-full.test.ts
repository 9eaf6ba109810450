import { randomBytes } from "node:crypto";
import { type Element, xml } from "@xmpp/client";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { within } from "../fixtures/compliance/waiting.ts";
import { ask, settle } from "../fixtures/data-asks.ts";
import { download, findPlace, putFile, upload } from "../fixtures/data-uploads.ts";
import { allAre, fatesOf } from "../fixtures/fates.ts";
import { deliveredTo, openOutbox } from "../fixtures/outbox.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const password = "a long secret";
const servers: ProsodyServer[] = [];
const volumes: string[] = [];

beforeAll(useEngine);
afterAll(async () => {
  for (const server of servers) await server.close();
  await runCommand("docker", ["volume", "rm", "--force", ...volumes], { accept: "any" });
});

/** A disk of eight megabytes. */
async function makeDisk(): Promise<string> {
  const name = `prosody-test-${randomBytes(4).toString("hex")}`;
  const disk = ["--opt=type=tmpfs", "--opt=device=tmpfs", "--opt=o=size=8m,mode=1777"];
  await runCommand("docker", ["volume", "create", ...disk, name]);
  volumes.push(name);
  return name;
}

const fill = `
local file = io.open("/var/lib/prosody/filling", "w")
file:setvbuf("no")
for _, size in ipairs({ 65536, 4096, 512, 1 }) do
  while file:write(("x"):rep(size)) do end
end`;

async function runLua(server: ProsodyServer, code: string): Promise<void> {
  await server.exec(["/usr/bin/lua5.4", "-"], code);
}

const notes = (text?: string) =>
  xml(
    "query",
    { xmlns: "jabber:iq:private" },
    xml("notes", { xmlns: "example:notes" }, ...(text === undefined ? [] : [text])),
  );

async function keep(entity: LoggedIn, text: string): Promise<string> {
  const answer = ask(entity, { type: "set" }, notes(text)).then(
    () => "kept",
    () => "error",
  );
  return within(answer, "hear whether its notes were kept");
}

async function notesOf(entity: LoggedIn): Promise<string> {
  const answer: Element = await ask(entity, { type: "get" }, notes());
  return answer.getChild("query")?.getChild("notes")?.text() ?? "";
}

const cases = imageSeries.flatMap((series) => ["internal", "sqlite"].map((storage) => [series, storage] as const));

it.each(cases)("%s with %s: a full disk gives errors, and harms nothing that was kept", async (series, storage) => {
  const server = await startProsody({
    image: await ensureProsodyImage(series),
    volume: await makeDisk(),
    env: { PROSODY_STORAGE: storage },
  });
  servers.push(server);
  for (const user of ["alice", "bob"]) await server.addAccount(user, password);
  const alice = await server.connect("alice", password);
  expect(await keep(alice, "before")).toBe("kept");
  const outbox = openOutbox(alice, "message");
  await outbox.send("bob@example.org");
  await settle(alice);

  const place = await findPlace(alice);
  await runLua(server, fill);
  // What is there can be read.
  expect(await fatesOf(alice)).toStrictEqual({ ...allAre("error"), archive: "done" });
  expect(await putFile(server, place)).toBe(500);
  expect(await download(server, place.get)).toMatch(/^410 /u);
  expect(await keep(alice, "x".repeat(40_000))).toBe("error");
  await outbox.send("bob@example.org", "x".repeat(40_000));
  expect(await notesOf(alice)).toBe("before");
  expect(await server.ask("1 + 1")).toBe("2");

  await runLua(server, 'os.remove("/var/lib/prosody/filling")');
  expect(await fatesOf(alice)).toStrictEqual(allAre("done"));
  expect(await download(server, await upload(server, alice))).toMatch(/^200 70256 /u);
  expect(await keep(alice, "after")).toBe("kept");
  await outbox.send("bob@example.org");
  const fates = await outbox.close();
  expect(fates).toStrictEqual({ taken: ["message-0", "message-2"], refused: ["message-1"] });
  await alice.stop();
  const again = await server.connect("alice", password);
  expect(await notesOf(again)).toBe("after");
  expect(await deliveredTo(await server.connect("bob", password))).toStrictEqual(fates.taken);
  expect(await server.log()).not.toMatch(/Traceback|malformed|corrupt/u);
});
