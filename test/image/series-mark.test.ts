import { randomBytes } from "node:crypto";
import { runCommand } from "@prosody-foundry/kit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeVolume, prepareVolume, startBare } from "../fixtures/bare-server.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { startPostgresql } from "../fixtures/peer-postgresql.ts";
import { makeNetwork } from "../fixtures/peer.ts";
import { ensurePeersImage } from "../fixtures/peers-image.ts";
import { ensureProsodyImage } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { until } from "../fixtures/until.ts";

const keep = useLeftovers(afterEach);
let peers: string;

beforeAll(async () => {
  await useEngine();
  peers = await ensurePeersImage();
});

/** Starts where it must not start: the one line that says why. */
async function refusal(words: readonly string[]): Promise<string> {
  const server = await keep(startBare(words, "ended"));
  expect(await server.end()).toBe(78);
  const problems = (await server.log()).split("\n").filter((line) => /\serror\t/u.test(line));
  expect(problems).toHaveLength(1);
  return problems[0] ?? "";
}

/** A disk of a megabyte, which is there for as long as somebody holds it. */
async function smallDisk(): Promise<string> {
  const name = `prosody-test-${randomBytes(4).toString("hex")}`;
  const disk = ["--opt=type=tmpfs", "--opt=device=tmpfs", "--opt=o=size=1m,mode=1777"];
  await runCommand("docker", ["volume", "create", ...disk, name]);
  await keep(() => runCommand("docker", ["volume", "rm", "--force", name], { accept: "any" }));
  const holder = ["--detach", `--name=${name}`, `--volume=${name}:/v:nocopy`, peers, "/usr/bin/sleep", "3600"];
  await runCommand("docker", ["run", ...holder]);
  await keep(() => runCommand("docker", ["rm", "--force", name], { accept: "any" }));
  return name;
}

const fill = `for size in 65536 4096 512 1; do
  while dd if=/dev/zero bs=$size count=1 >> /v/filling 2>/dev/null; do :; done
done
chown 999:999 /v/filling`;

const wordsFor = async (series: string, volume: string) => [
  "--env=PROSODY_DOMAIN=example.org",
  `--volume=${volume}:/var/lib/prosody`,
  await ensureProsodyImage(series),
];
const markOf = async (volume: string) => prepareVolume(volume, peers, "cat /v/.prosody-series");
const startOn = async (series: string, volume: string): Promise<void> => {
  const server = await keep(startBare(await wordsFor(series, volume)));
  await server.close();
};

async function startDatabase() {
  const network = await keep(makeNetwork());
  const database = await keep(startPostgresql({ network }));
  const env = {
    PROSODY_SQL_DRIVER: "PostgreSQL",
    PROSODY_SQL_HOST: database.host,
    PROSODY_SQL_PASSWORD: database.password,
  };
  const words = Object.entries({ ...env, PROSODY_DOMAIN: "example.org" }).map(
    ([key, value]) => `--env=${key}=${value}`,
  );
  return { network: network.name, database, env, words: [`--network=${network.name}`, ...words] };
}
const health = async (server: ProsodyServer) => (await server.exec(["foundry", "healthcheck"])).stdout.trim();

describe("the mark in the data folder", () => {
  it("survives an upgrade on a full disk, which does not start, and is made once there is room", async () => {
    const disk = await smallDisk();
    await startOn("0.12", disk);
    const old = await markOf(disk);
    await prepareVolume(disk, peers, fill);
    expect(await refusal(await wordsFor("13.0", disk))).toMatch(
      /\.prosody-series cannot be written: No space left on device\. Without it an older Prosody .*: make room there, and start again\.$/u,
    );
    expect(await markOf(disk)).toBe(old);
    // The same Prosody as before loses nothing.
    await startOn("0.12", disk);
    await prepareVolume(disk, peers, "rm /v/filling");
    await startOn("13.0", disk);
    expect(await markOf(disk)).toMatch(/^13\.0 13\.0\.\S+\n$/u);
    expect(await refusal(await wordsFor("0.12", disk))).toContain("was used by Prosody 13.0");
  });

  it.each([
    ["is empty", ": > /v/.prosody-series", "is empty or damaged"],
    ["says nothing", "echo hello > /v/.prosody-series", "is empty or damaged"],
    [
      "is nobody's to read",
      "chmod 0 /v/.prosody-series; chown 0 /v/.prosody-series",
      "cannot be read (Permission denied)",
    ],
  ])("stops the start where it %s", async (_, spoil, what) => {
    const volume = (await keep(makeVolume(peers, "chown 999:999 /v"))).name;
    await startOn("13.0", volume);
    await prepareVolume(volume, peers, spoil);
    expect(await refusal(await wordsFor("0.12", volume))).toContain(
      `/var/lib/prosody/.prosody-series, which notes the newest Prosody that used the data, ${what}. If none newer than 0.12 did, remove that file, and start again.`,
    );
    await prepareVolume(volume, peers, "rm -f /v/.prosody-series");
    await startOn("13.0", volume);
  });
});

describe("the mark in a database", () => {
  it("is tried again until it is there, and the server is unhealthy meanwhile", async () => {
    const { network, database, env, words } = await startDatabase();
    const older = await keep(startProsody({ image: await ensureProsodyImage("0.12"), env, network }));
    await older.close();
    await database.query(`
      create function refuse() returns trigger language plpgsql as $$ begin
        if new.store = 'foundry_series' then raise exception 'no room'; end if; return new; end $$;
      create trigger refuse before insert or update on prosody for each row execute function refuse();`);
    const server = await keep(startProsody({ image: await ensureProsodyImage("13.0"), env, network }));
    expect(await health(server)).toMatch(
      /^The storage of example\.org does not take note of .*misread it unwarned: .*no room/u,
    );
    expect((await server.log()).match(/does not take note of/gu)).toHaveLength(1);
    await database.query("drop trigger refuse on prosody;");
    await until(
      async () => database.query("select value from prosody where store = 'foundry_series' and key = 'series';"),
      (rows) => rows.join() === "13.0",
    );
    await until(
      async () => health(server),
      (said) => said === "The server is healthy.",
    );
    expect(await server.log()).toContain("The storage of example.org notes the series of this Prosody");
    await server.close();
    expect(await refusal([...words, await ensureProsodyImage("0.12")])).toContain("was used by Prosody 13.0");
  });

  it("that cannot be read stops the start", async () => {
    const { network, database, env, words } = await startDatabase();
    const server = await keep(startProsody({ image: await ensureProsodyImage("13.0"), env, network }));
    await server.close();
    await database.query("alter table prosody rename column store to shop;");
    const older = await keep(startBare([...words, await ensureProsodyImage("0.12")], "ended"));
    expect(await older.end()).toBe(69);
    // Prosody has its own to say about the database.
    expect((await older.log()).split("\n").filter((line) => line.startsWith("prosody-foundry\terror"))).toEqual([
      expect.stringMatching(/The storage of example\.org cannot be read, .*: .*\. Mend that, and start again\.$/u),
    ]);
  });
});
