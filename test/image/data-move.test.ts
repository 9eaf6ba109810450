import { randomBytes } from "node:crypto";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestsOf, migrate, runWords } from "../fixtures/data-commands.ts";
import { fillServer, offlineTexts, seeOffline, seeServer } from "../fixtures/data-scene.ts";
import { copyFiles, listFiles, newVolume, removeVolumes, runLua, writeArchive } from "../fixtures/data-volumes.ts";
import { startMariadb } from "../fixtures/peer-mariadb.ts";
import { type Database, startPostgresql } from "../fixtures/peer-postgresql.ts";
import { makeNetwork, type PeerNetwork } from "../fixtures/peer.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const open: { close(): Promise<void> }[] = [];
let network: PeerNetwork;

beforeAll(async () => {
  await useEngine();
  network = await makeNetwork();
});
afterAll(async () => {
  for (const thing of open.toReversed()) await thing.close();
  await network.close();
  await removeVolumes();
});

type Env = Readonly<Record<string, string>>;

/** The variables of a database, for the server, or for one side of a move. */
function variablesOf(driver: string, database: Database, prefix = "PROSODY"): Env {
  return {
    [`${prefix}_SQL_DRIVER`]: driver,
    [`${prefix}_SQL_HOST`]: database.host,
    [`${prefix}_SQL_PASSWORD`]: database.password,
  };
}

async function withServer<T>(
  wishes: { image: string; volume: string; env?: Env },
  work: (server: ProsodyServer) => Promise<T>,
): Promise<T> {
  const server = await startProsody({ ...wishes, network: network.name });
  try {
    const result = await work(server);
    await server.stop();
    return result;
  } finally {
    await server.close();
  }
}

describe.each(imageSeries)("the data of %s", (series) => {
  it("goes round through all backends and is the same for clients and byte by byte", async () => {
    const image = await ensureProsodyImage(series);
    const volume = newVolume();
    const [postgresql, mariadb] = await Promise.all([
      startPostgresql({ network, host: `postgresql-${series.replace(".", "-")}` }),
      startMariadb({ network, host: `mariadb-${series.replace(".", "-")}` }),
    ]);
    open.push(postgresql, mariadb);
    const run = [`--network=${network.name}`];
    const [slot, before] = await withServer({ image, volume }, async (server) => {
      const filled = await fillServer(server);
      return [filled, await seeServer(server, filled)] as const;
    });

    const first = await migrate({ image, volume, run }, "--to", "sqlite");
    const stores = first.map(({ store }) => store);
    expect(stores).toEqual(
      expect.arrayContaining([
        "accounts",
        "archive",
        "muc_log",
        "config",
        "uploads",
        "pep",
        "offline",
        "blocklist",
        "roster",
      ]),
    );
    expect(stores).toContain("pep_urn:xmpp:bookmarks:1");
    const sqlite = { PROSODY_STORAGE: "sqlite", ...variablesOf("PostgreSQL", postgresql, "PROSODY_TARGET") };
    const second = await migrate({ image, volume, run, env: sqlite }, "--to", "sql");
    expect(digestsOf(second)).toEqual(digestsOf(first));

    const inPostgresql = variablesOf("PostgreSQL", postgresql);
    const env = { ...inPostgresql, ...variablesOf("MySQL", mariadb, "PROSODY_TARGET") };
    const third = await migrate({ image, volume, run, env }, "--to", "mysql");
    expect(digestsOf(third)).toEqual(digestsOf(first));
    const last = newVolume();
    await copyFiles(volume, last, image);
    const inMariadb = variablesOf("MySQL", mariadb);
    const fourth = await migrate({ image, volume: last, run, env: inMariadb }, "--to", "internal");
    expect(digestsOf(fourth)).toEqual(digestsOf(first));

    expect(await withServer({ image, volume, env: inPostgresql }, async (server) => seeServer(server, slot))).toEqual(
      before,
    );
    await withServer({ image, volume: last }, async (server) => {
      expect(await seeServer(server, slot)).toEqual(before);
      expect(await seeOffline(server)).toEqual(offlineTexts);
    });
  });
});

describe("a move that is interrupted", () => {
  it.each([
    ["internal", "sqlite", "alice.list"],
    ["sqlite", "internal", "prosody.sqlite"],
  ])("from %s to %s leaves the source as it was, and finishes when it is run again", async (from, to, kept) => {
    const image = await ensureProsodyImage("13.0");
    const volume = newVolume();
    await writeArchive(volume, image, 20_000);
    if (from === "sqlite") {
      await migrate({ image, volume }, "--to", "sqlite");
      const script = `for _, path in ipairs({ "archive/alice.list", "accounts/alice.dat" }) do os.remove("/var/lib/prosody/example%2eorg/" .. path) end`;
      await runLua(image, volume, script);
    }
    const env = { PROSODY_STORAGE: from };
    const before = await listFiles(volume, image);
    await killWhileMoving({ image, volume, env }, to);
    const left = await listFiles(volume, image);
    expect(left).toContain(before.split("\n").find((line) => line.includes(kept)) ?? "nothing");
    const sections = await migrate({ image, volume, env }, "--to", to);
    expect(sections.find(({ store }) => store === "archive")).toMatchObject({
      source: 20_000,
      target: 20_000,
      same: true,
    });
    expect(await listFiles(volume, image)).not.toContain(".foundry-incoming");
  });
});

/** Kills it when the first store is copied and the large one is not. */
async function killWhileMoving(wishes: { image: string; volume: string; env: Env }, to: string): Promise<void> {
  const name = `prosody-move-${randomBytes(4).toString("hex")}`;
  const [verb, , ...words] = runWords({ ...wishes, run: [`--name=${name}`] });
  await runCommand("docker", [
    verb ?? "",
    "--detach",
    ...words.filter((word) => word !== "--interactive"),
    "migrate-storage",
    "--to",
    to,
  ]);
  try {
    while (!(await runCommand("docker", ["logs", name])).stderr.includes("copied example.org accounts"));
    await runCommand("docker", ["kill", name]);
    const { stderr, stdout } = await runCommand("docker", ["logs", name]);
    expect(stdout + stderr).not.toContain("All data is in the target");
  } finally {
    await runCommand("docker", ["rm", "--force", name], { accept: "any" });
  }
}

describe("a move that would do harm", () => {
  it("is refused with one sentence", async () => {
    const image = await ensureProsodyImage("13.0");
    const volume = newVolume();
    await writeArchive(volume, image, 1);
    const refusal = async (env: Env, ...args: string[]): Promise<string> => {
      const { exitCode, stderr } = await runCommand(
        "docker",
        [...runWords({ image, volume, env }), "migrate-storage", ...args],
        { accept: "any" },
      );
      expect(stderr.trim().split("\n")).toHaveLength(1);
      return `${exitCode} ${stderr.trim().replace("prosody-foundry\terror\t", "")}`;
    };
    expect(await refusal({}, "--to", "internal")).toMatch(/^1 Both sides are the same, internal/u);
    expect(await refusal({}, "--to", "files")).toMatch(
      /^78 files is no storage: internal, sqlite, sql, postgresql or mysql/u,
    );
    expect(await refusal({ PROSODY_TARGET_SQL_PORT: "0" }, "--to", "postgresql")).toMatch(
      /^78 PROSODY_TARGET_SQL_PORT=0 is no port/u,
    );
    expect(await refusal({ PROSODY_TARGET_SQL_PROT: "1" }, "--to", "sqlite")).toMatch(
      /^78 PROSODY_TARGET_SQL_PROT is no option/u,
    );
    expect(await refusal({}, "--into", "sqlite")).toMatch(/^64 --into is no option/u);
    const nowhere = { PROSODY_TARGET_SQL_HOST: "127.0.0.1", PROSODY_TARGET_SQL_PASSWORD: "not to be told" };
    const unreachable = await refusal(nowhere, "--to", "postgresql");
    expect(unreachable).toMatch(/^1 The PostgreSQL database prosody on 127\.0\.0\.1/u);
    expect(unreachable).not.toContain("not to be told");
    await migrate({ image, volume }, "--to", "sqlite");
    expect(await refusal({}, "--to", "sqlite")).toMatch(
      /^1 The target, SQLite3 \S+, has data of example.org already \(\w+\): --replace/u,
    );
    await migrate({ image, volume }, "--to", "sqlite", "--replace");
    await withServer({ image, volume }, async () => {
      expect(await refusal({}, "--to", "sqlite", "--replace")).toMatch(/^1 A server uses this data: stop it first/u);
    });
  });
});
