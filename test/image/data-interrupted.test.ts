import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ended, migrate, runDocker, runWords } from "../fixtures/data-commands.ts";
import { listFiles, newVolume, removeVolumes, runLua, writeArchive } from "../fixtures/data-volumes.ts";
import { makeNetwork } from "../fixtures/peer.ts";
import { startPostgresql } from "../fixtures/peer-postgresql.ts";
import { ensureProsodyImage, usualSeries } from "../fixtures/prosody-image.ts";
import { startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

let image: string;
let folder: string;
let backup: string;

beforeAll(async () => {
  await useEngine();
  image = await ensureProsodyImage(usualSeries);
  folder = await mkdtemp(path.join(os.tmpdir(), "prosody-interrupted-"));
  backup = path.join(folder, "backup.tar");
  const volume = newVolume();
  await writeArchive(volume, image, 10);
  const { exitCode, stderr } = await runDocker([...runWords({ image, volume }), "backup"], { output: backup });
  if (exitCode !== 0) throw new Error(stderr);
});
afterAll(async () => {
  await removeVolumes();
  await rm(folder, { recursive: true, force: true });
});

interface Wishes {
  env: Readonly<Record<string, string>>;
  run?: string[];
}

async function restoreInto(volume: string, wishes: Wishes): Promise<Ended> {
  return runDocker([...runWords({ image, volume, ...wishes }), "restore", "--replace"], { input: backup });
}

const sentenceOf = ({ stderr }: Ended): string => stderr.trim().replaceAll(/^prosody-foundry\t(?:error|info)\t/gmu, "");

/** Uploaded files that are in their place. */
async function uploadsIn(volume: string): Promise<string[]> {
  const names = (await listFiles(volume, image)).split("\n").map((line) => line.replace(/\t.*$/u, ""));
  return names.flatMap((name) => /^\/var\/lib\/prosody\/(upload.*)$/u.exec(name)?.[1] ?? []);
}

/** Lua that restores a backup and is killed when the databases have it and the files are not decided on. */
const killedRestore = `
  package.path = "/usr/lib/prosody-foundry/?.lua;" .. package.path
  package.cpath = "/usr/lib/prosody-foundry/?.so;" .. package.cpath
  require("foundry.data.staging").decide = function() os.exit(137) end
  dofile("/usr/lib/prosody-foundry/foundry/commands/restore.lua")({ "--replace", "/backup/prosody.tar" })`;

describe("a restore that is killed when a database has its data and the files are not there yet", () => {
  const env = { PROSODY_STORAGE: "sqlite" };
  const old = "upload%2eexample%2eorg/http_file_share/old.bin";
  const added = "upload%2eexample%2eorg/http_file_share/a-slot.bin";
  const again =
    "restore was interrupted when a database may have had the new data, and the files had not: run `restore --replace` with the same backup again";

  async function volumeInSqlite(): Promise<string> {
    const volume = newVolume();
    await writeArchive(volume, image, 3);
    await migrate({ image, volume }, "--to", "sqlite");
    await runLua(image, volume, `os.rename("/var/lib/prosody/${added}", "/var/lib/prosody/${old}")`);
    return volume;
  }

  it("leaves nothing that a server starts on, until it was made again", async () => {
    const volume = await volumeInSqlite();
    const run = [`--volume=${backup}:/backup/prosody.tar:ro`, "--entrypoint=/usr/bin/lua5.4"];
    const script = path.join(folder, "killed.lua");
    await writeFile(script, killedRestore);
    expect((await runDocker([...runWords({ image, volume, env, run }), "-"], { input: script })).exitCode).toBe(137);
    const words = runWords({ image, volume, env });
    const started = await runDocker(words, {});
    expect([started.exitCode, sentenceOf(started)]).toEqual([
      78,
      `A restore was interrupted, and cannot be finished: ${again}.`,
    ]);
    const saved = await runDocker([...words, "backup", "/tmp/backup.tar"], {});
    expect([saved.exitCode, sentenceOf(saved)]).toEqual([1, `${again}.`]);
    expect(await uploadsIn(volume)).toEqual([old]);
    expect((await restoreInto(volume, { env })).exitCode).toBe(0);
    expect(await uploadsIn(volume)).toEqual([added]);
    const server = await startProsody({ image, volume, env });
    try {
      expect(await server.ask("prosody.hosts['example.org'].users.user_exists('alice')")).toBe("true");
      expect((await server.exec(["foundry", "healthcheck"])).exitCode).toBe(0);
    } finally {
      await server.close();
    }
  });

  it("keeps the hosts of a running server down, until it was made again", async () => {
    const volume = await volumeInSqlite();
    const server = await startProsody({ image, volume, env, run: [`--volume=${backup}:/backup/prosody.tar:ro`] });
    try {
      expect((await server.exec(["/usr/bin/lua5.4", "-"], killedRestore)).exitCode).toBe(137);
      while (!(await server.log()).includes(again));
      expect(await server.log()).not.toMatch(/are up again|traceback/u);
      const { exitCode, stdout } = await server.exec(["foundry", "healthcheck"]);
      expect([exitCode, stdout]).toEqual([1, expect.stringContaining("example.org is configured and not served.")]);
      expect((await server.exec(["foundry", "restore", "--replace", "/backup/prosody.tar"])).exitCode).toBe(0);
      expect(await server.log()).toContain("All hosts are up again");
      expect(await uploadsIn(volume)).toEqual([added]);
      expect((await server.exec(["foundry", "healthcheck"])).exitCode).toBe(0);
    } finally {
      await server.close();
    }
  });
});

/** What fails when all that was written is to be kept. */
const trigger = (work: string): string => `
  create or replace function fail() returns trigger language plpgsql as $$ begin ${work} return new; end $$;
  drop trigger if exists fail on prosody;
  create constraint trigger fail after insert on prosody deferrable initially deferred
    for each row execute function fail();`;

describe("a database that fails as it is to keep a restore", () => {
  it("changes nothing where it refuses, and is not trusted where it went away", async () => {
    const network = await makeNetwork();
    const database = await startPostgresql({ network });
    try {
      const env = {
        PROSODY_SQL_DRIVER: "PostgreSQL",
        PROSODY_SQL_HOST: database.host,
        PROSODY_SQL_PASSWORD: database.password,
      };
      const run = [`--network=${network.name}`];
      const volume = newVolume();
      expect((await restoreInto(volume, { env, run })).exitCode).toBe(0);
      const before = await listFiles(volume, image);
      await database.query(trigger("raise exception 'not now';"));
      const refused = await restoreInto(volume, { env, run });
      expect([refused.exitCode, sentenceOf(refused)]).toEqual([1, expect.stringMatching(/could not be kept/u)]);
      expect(await listFiles(volume, image)).toBe(before);
      await database.root("alter role prosody superuser;");
      await database.query(trigger("perform pg_terminate_backend(pg_backend_pid());"));
      const lost = await restoreInto(volume, { env, run });
      expect([lost.exitCode, sentenceOf(lost)]).toEqual([
        1,
        expect.stringMatching(/Nobody knows what of it was kept: run this again\.$/u),
      ]);
      expect((await runDocker(runWords({ image, volume, env, run }), {})).exitCode).toBe(78);
      await database.query("drop trigger fail on prosody;");
      expect((await restoreInto(volume, { env, run })).exitCode).toBe(0);
      expect((await listFiles(volume, image)).replaceAll(/\t.*/gu, "")).toBe(before.replaceAll(/\t.*/gu, ""));
    } finally {
      await database.close();
      await network.close();
    }
  });
});
