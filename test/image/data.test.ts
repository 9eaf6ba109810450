import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { backUp, restore } from "../fixtures/data-commands.ts";
import { archiveOf, sendChat, settle } from "../fixtures/data-asks.ts";
import { fillServer, offlineTexts, password, type Seen, seeOffline, seeServer } from "../fixtures/data-scene.ts";
import { newVolume, removeVolumes } from "../fixtures/data-volumes.ts";
import { startMariadb } from "../fixtures/peer-mariadb.ts";
import { startPostgresql } from "../fixtures/peer-postgresql.ts";
import { makeNetwork, type PeerNetwork } from "../fixtures/peer.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const open: { close(): Promise<void> }[] = [];
let folder: string;
let network: PeerNetwork;

beforeAll(async () => {
  await useEngine();
  network = await makeNetwork();
  folder = await mkdtemp(path.join(os.tmpdir(), "prosody-data-"));
});
afterAll(async () => {
  for (const thing of open) await thing.close();
  await network.close();
  await removeVolumes();
  await rm(folder, { recursive: true, force: true });
});

const databases = { PostgreSQL: startPostgresql, MySQL: startMariadb };

/** A server on an empty storage of that kind. */
async function start(image: string, storage: string): Promise<ProsodyServer> {
  const server = await startProsody({
    image,
    volume: newVolume(),
    network: network.name,
    env: await settingsOf(storage),
  });
  open.unshift(server);
  return server;
}

async function settingsOf(storage: string): Promise<Record<string, string>> {
  if (storage !== "PostgreSQL" && storage !== "MySQL") return { PROSODY_STORAGE: storage };
  const host = `database-${open.length}-${storage.toLowerCase()}`;
  const database = await databases[storage]({ network, host });
  open.push(database);
  return { PROSODY_SQL_DRIVER: storage, PROSODY_SQL_HOST: host, PROSODY_SQL_PASSWORD: database.password };
}

describe.each(imageSeries)("a backup of %s", (series) => {
  it.each([
    ["internal", "sqlite"],
    ["sqlite", "PostgreSQL"],
    ["PostgreSQL", "MySQL"],
    ["MySQL", "internal"],
  ])("from %s, made while clients write, gives back under a server on %s all that they saw", async (from, to) => {
    const image = await ensureProsodyImage(series);
    const server = await start(image, from);
    const slot = await fillServer(server);
    const before = await seeServer(server, slot);
    const file = path.join(folder, `${series}-${from}.tar`);
    const backup = await backUpWhileWriting(server, file);
    expect(backup.ended.stderr).toContain("the backup is complete");
    expect(backup.ended.exitCode).toBe(0);
    expect(await server.log()).not.toMatch(/\terror\t/u);

    const other = await start(image, to);
    await other.addAccount("dave", password);
    const dave = await other.connect("dave", password);
    const gone = new Promise((resolve) => dave.once("close", resolve));
    const restored = await restore(other.name, file, "--replace");
    expect(restored.stderr).toContain("are restored");
    expect(restored.exitCode).toBe(0);
    await gone;
    await expect(other.connect("dave", password)).rejects.toThrow("not-authorized");
    const after = await seeServer(other, slot);
    const written = await writtenTo(other);
    expect(withoutRunning(after)).toEqual(before);
    expect(written).toEqual(expect.arrayContaining(backup.before));
    expect(await seeOffline(other)).toEqual(offlineTexts);
    expect(await other.log()).not.toMatch(/\terror\t/u);
  });
});

const isRunning = (line: string): boolean => line.includes("running ");

function withoutRunning(seen: Seen): Seen {
  const archives = seen.archives.map((lines) => lines.filter((line) => !isRunning(line)));
  return { ...seen, archives };
}

async function writtenTo(server: ProsodyServer): Promise<string[]> {
  const alice = await server.connect("alice", password);
  const lines = await archiveOf(alice);
  await alice.stop();
  return lines.flatMap((line) => /running \d+/u.exec(line) ?? []);
}

/** The backup, and the messages that the server had handled when it began. */
async function backUpWhileWriting(server: ProsodyServer, file: string) {
  const alice = await server.connect("alice", password);
  const backup = { runs: true };
  let count = 0;
  const write = async (): Promise<void> => {
    count += 1;
    await sendChat(alice, "bob_b.1@example.org", `running ${count}`);
    await settle(alice);
  };
  for (let i = 0; i < 20; i += 1) await write();
  const before = Array.from({ length: count }, (_, i) => `running ${i + 1}`);
  const writer = (async () => {
    while (backup.runs) await write();
  })();
  const ended = await backUp(server.name, file);
  backup.runs = false;
  await writer;
  await alice.stop();
  expect(count).toBeGreaterThan(20);
  return { ended, before };
}
