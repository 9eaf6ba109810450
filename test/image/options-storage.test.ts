import { randomBytes } from "node:crypto";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Seen, fillServer, offlineTexts, seeOffline, seeServer } from "../fixtures/data-scene.ts";
import { tryLogin } from "../fixtures/login.ts";
import { type PeerNetwork, makeNetwork } from "../fixtures/peer.ts";
import { startMariadb } from "../fixtures/peer-mariadb.ts";
import { type Database, startPostgresql } from "../fixtures/peer-postgresql.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { filesOf, oddPassword, sqlOf } from "../fixtures/sql-options.ts";

const servers: ProsodyServer[] = [];
const volumes: string[] = [];
const databases = new Map<string, Database>();
let network: PeerNetwork;

beforeAll(async () => {
  await useEngine();
  network = await makeNetwork();
  databases.set("postgresql", await startPostgresql({ network, password: oddPassword, tls: "required" }));
  databases.set("mariadb", await startMariadb({ network, password: oddPassword, tls: "required" }));
});
afterAll(async () => {
  for (const server of servers) await server.close();
  await runCommand("docker", ["volume", "rm", "--force", ...volumes], { accept: "any" });
  for (const database of databases.values()) await database.close();
  await network.close();
});

function databaseOf(host: string): Database {
  const database = databases.get(host);
  if (database === undefined) throw new Error(`There is no ${host}`);
  return database;
}

async function start(series: string, env: Readonly<Record<string, string>>, host = ""): Promise<ProsodyServer> {
  const database = databases.get(host);
  const volume = `prosody-test-${randomBytes(4).toString("hex")}`;
  volumes.push(volume);
  const server = await startProsody({
    volume,
    image: await ensureProsodyImage(series),
    network: network.name,
    env: { PROSODY_LOGLEVEL: "debug", ...(database === undefined ? {} : sqlOf(database)), ...env },
    ...(database === undefined ? {} : { files: filesOf(database) }),
  });
  servers.push(server);
  return server;
}

async function keepsAll(server: ProsodyServer): Promise<void> {
  const slot = await fillServer(server);
  const before = ordered(await seeServer(server, slot));
  expect(before.archives.map((lines) => lines.length > 3)).toStrictEqual([true, true, true]);
  await server.stop();
  await server.start();
  const { address } = await readAddress(server);
  expect(ordered(await seeServer({ ...server, address }, slot))).toStrictEqual(before);
  expect(await seeOffline({ ...server, address })).toStrictEqual(offlineTexts);
}

/** A room names what may be chosen in any order. */
function ordered(seen: Seen): Seen {
  return {
    ...seen,
    room: JSON.stringify(seen["room"])
      .split(/[[\],]+/u)
      .toSorted(),
  };
}

async function readAddress({ name }: ProsodyServer) {
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
  return { address: (await runCommand("docker", ["inspect", `--format=${format}`, name])).stdout.trim() };
}

const hosts = ["postgresql", "mariadb"] as const;
const remote = imageSeries.flatMap((series) => hosts.map((host) => [series, host] as const));

it.each(remote)(
  "PROSODY_SQL_DRIVER: %s keeps all in %s, by TLS, and tells nobody its password",
  async (series, host) => {
    const database = databaseOf(host);
    await database.query("drop table if exists prosody; drop table if exists prosodyarchive;");
    const server = await start(series, {}, host);
    await keepsAll(server);
    const stores = await database.query("select distinct store from prosody order by store;");
    expect(stores).toStrictEqual(expect.arrayContaining(["accounts", "roster", "pep", "private", "persistent"]));
    const inspected = await runCommand("docker", ["inspect", server.name]);
    const told = [await server.log(), inspected.stdout, await server.ctl("about"), await server.ctl("check", "config")];
    for (const text of told) expect(text).not.toContain(oddPassword.slice(0, 10));
    await server.close();
  },
);

it.each(
  imageSeries.flatMap((series) => [
    ["internal", series],
    ["sqlite", series],
  ]),
)("PROSODY_STORAGE: %s keeps all, in %s", async (storage, series) => {
  const server = await start(series, { PROSODY_STORAGE: storage });
  await keepsAll(server);
  const file = "/var/lib/prosody/prosody.sqlite";
  const { stdout } = await server.exec(["/usr/bin/lua5.4", "-e", `print(io.open("${file}") ~= nil)`]);
  expect(stdout.trim()).toBe(String(storage === "sqlite"));
});

it.each(imageSeries)("PROSODY_STORAGE: memory forgets all, in %s", async (series) => {
  const server = await start(series, { PROSODY_STORAGE: "memory" });
  // Another process, as that of `prosodyctl adduser`, has a memory of its own.
  await server.ask("prosody.hosts['example.org'].users.create_user('alice', 'a long secret')");
  expect(await tryLogin(server, "alice", "a long secret")).toMatch(/^SCRAM/u);
  await server.stop();
  await server.start();
  expect(await server.ask("prosody.hosts['example.org'].users.user_exists('alice')")).not.toBe("true");
});

it.each(imageSeries)("PROSODY_STORES: these alone are in the database, in %s", async (series) => {
  const database = databaseOf("postgresql");
  await database.query("drop table if exists prosody; drop table if exists prosodyarchive;");
  await keepsAll(await start(series, { PROSODY_STORES: "archive:sql,muc_log:sql,roster:sql" }, "postgresql"));
  expect(await database.query("select distinct store from prosodyarchive order by 1")).toStrictEqual([
    "archive",
    "muc_log",
  ]);
  expect(await database.query("select distinct store from prosody where store not like 'foundry%'")).toStrictEqual([
    "roster",
  ]);
});

it.each(remote)("PROSODY_SQL_DB, PROSODY_SQL_USERNAME: of %2$s, they are used, in %1$s", async (series, host) => {
  const database = databaseOf(host);
  const [name, user] = [`chat room ${series}`, `chat.er ${series}`];
  const quoted = oddPassword.replaceAll("'", "''").replaceAll("\\", host === "mariadb" ? "\\\\" : "\\");
  const make = {
    postgresql: [`create role "${user}" login password '${quoted}';`, `create database "${name}" owner "${user}";`],
    mariadb: [
      `create database \`${name}\`;`,
      `create user '${user}' identified by '${quoted}';`,
      `grant all on \`${name}\`.* to '${user}';`,
    ],
  }[host];
  for (const sql of make) await database.root(sql);
  const server = await start(series, { PROSODY_SQL_DB: name, PROSODY_SQL_USERNAME: user }, host);
  await server.addAccount("alice", "a long secret");
  const counted = await database.root("select count(*) from prosody;", name);
  expect(Number(counted[0])).toBeGreaterThan(0);
});
