import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runDocker, runWords } from "../fixtures/data-commands.ts";
import { listFiles, newVolume, removeVolumes, writeArchive } from "../fixtures/data-volumes.ts";
import { type PeerNetwork, makeNetwork } from "../fixtures/peer.ts";
import { startMariadb } from "../fixtures/peer-mariadb.ts";
import type { Database } from "../fixtures/peer-postgresql.ts";
import { ensureProsodyImage, usualSeries } from "../fixtures/prosody-image.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

let network: PeerNetwork;
let mariadb: Database;
let image: string;
let volume: string;
let folder: string;
let backup: string;
let files: string[];

beforeAll(async () => {
  await useEngine();
  image = await ensureProsodyImage(usualSeries);
  network = await makeNetwork();
  mariadb = await startMariadb({ network });
  volume = newVolume();
  await writeArchive(volume, image, 1);
  folder = await mkdtemp(path.join(os.tmpdir(), "prosody-unreachable-"));
  backup = path.join(folder, "backup.tar");
  const { exitCode, stderr } = await runDocker([...runWords({ image, volume }), "backup"], { output: backup });
  if (exitCode !== 0) throw new Error(stderr);
  files = await filesIn();
});
afterAll(async () => {
  await mariadb.close();
  await network.close();
  await removeVolumes();
  await rm(folder, { recursive: true, force: true });
});

const commands = [
  ["backup", "PROSODY", ["backup"]],
  ["backup into a file", "PROSODY", ["backup", "/var/lib/prosody/backup.tar"]],
  ["restore", "PROSODY", ["restore", "--replace"]],
  ["migrate-storage from it", "PROSODY", ["migrate-storage", "--to", "internal", "--replace"]],
  ["migrate-storage to it", "PROSODY_TARGET", ["migrate-storage", "--to", "mysql"]],
  ["migrate-storage over it", "PROSODY_TARGET", ["migrate-storage", "--to", "mysql", "--replace"]],
] as const;

/** How long its library waits for an answer is 24 hours: it is the test's end that shows whether anything waits for that. */
async function refusal(variables: Readonly<Record<string, string>>, command: readonly string[]) {
  const words = runWords({ image, volume, env: variables, run: [`--network=${network.name}`] });
  const { exitCode, stderr } = await runDocker([...words, ...command], { input: backup });
  return { exitCode, lines: stderr.trim().split("\n"), files: await filesIn() };
}

async function filesIn(): Promise<string[]> {
  return (await listFiles(volume, image)).split("\n").filter((line) => !line.includes(".foundry-"));
}

const absences = {
  "is there and says nothing": { pause: true, at: "mariadb", env: {} },
  "has no address": { pause: false, at: "nowhere", env: { SQL_HOST: "nowhere" } },
} as const;

describe.each(Object.entries(absences))("with a MariaDB that %s", (_, { pause, at, env }) => {
  it.each(commands)("%s ends, tells so in one sentence and changes nothing", async (...[, prefix, command]) => {
    const own = { SQL_DRIVER: "MySQL", SQL_HOST: "mariadb", SQL_PASSWORD: mariadb.password, ...env };
    const variables = Object.fromEntries(Object.entries(own).map(([name, value]) => [`${prefix}_${name}`, value]));
    if (pause) await runCommand("docker", ["pause", mariadb.name]);
    try {
      const sentence = new RegExp(`^prosody-foundry\terror\tThe MySQL database prosody on ${at}: .*connect`, "u");
      expect(await refusal(variables, command)).toStrictEqual({
        exitCode: 1,
        lines: [expect.stringMatching(sentence)],
        files,
      });
    } finally {
      if (pause) await runCommand("docker", ["unpause", mariadb.name]);
    }
  });
});
