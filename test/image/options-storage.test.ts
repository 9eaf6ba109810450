import { randomBytes } from "node:crypto";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Seen, fillServer, offlineTexts, seeOffline, seeServer } from "../fixtures/data-scene.ts";
import { tryLogin } from "../fixtures/login.ts";
import { type PeerNetwork, makeNetwork } from "../fixtures/peer.ts";
import { startMariadb } from "../fixtures/peer-mariadb.ts";
import { type Database, startPostgresql } from "../fixtures/peer-postgresql.ts";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const odd = `it's "odd" \\ $HOME %s ; a=b {c} \u00e9`;
const drivers = { postgresql: "PostgreSQL", mariadb: "MySQL" } as const;
const servers: ProsodyServer[] = [];
const volumes: string[] = [];
const databases = new Map<string, Database>();
let network: PeerNetwork;

beforeAll(async () => {
  await useEngine();
  network = await makeNetwork();
  databases.set("postgresql", await startPostgresql({ network, password: odd, tls: "required" }));
  databases.set("mariadb", await startMariadb({ network, password: odd, tls: "required" }));
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

function sqlOf({ host }: Database): Record<string, string> {
  return {
    PROSODY_SQL_DRIVER: host === "mariadb" ? drivers.mariadb : drivers.postgresql,
    PROSODY_SQL_HOST: host,
    PROSODY_SQL_PASSWORD_FILE: "/run/secrets/database",
    PROSODY_SQL_TLS: "verify-full",
    PROSODY_SQL_TLS_CA: "/run/secrets/database-ca.pem",
  };
}

function filesOf({ authority, password }: Database): Record<string, string> {
  return { "/run/secrets/database": `${password}\n`, "/run/secrets/database-ca.pem": authority.certificate };
}

/** Runs until it ends by itself. */
async function refusal(host: string, env: Readonly<Record<string, string>>) {
  const unmounted = ["PROSODY_SQL_TLS_CA", "PROSODY_SQL_PASSWORD_FILE"];
  const usual = Object.entries(sqlOf(databaseOf(host))).filter(([name]) => !unmounted.includes(name));
  const own = { PROSODY_DOMAIN: "example.org", PROSODY_SQL_PASSWORD: odd, PROSODY_SQL_TLS: "require", ...env };
  const words = Object.entries({ ...Object.fromEntries(usual), ...own }).map(
    ([name, value]) => `--env=${name}=${value}`,
  );
  const image = await ensureProsodyImage(usualSeries);
  const command = ["run", "--rm", `--network=${network.name}`, ...words, image];
  const { exitCode, stdout, stderr } = await runCommand("docker", command, { accept: "any" });
  return { exitCode, lines: (stderr + stdout).split("\n").filter((line) => / at \w+:\d+ /u.test(line)) };
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

const remote = imageSeries.flatMap((series) => ["postgresql", "mariadb"].map((host) => [series, host] as const));

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
    for (const text of told) expect(text).not.toContain(odd.slice(0, 10));
    await server.close();
  },
);

it.each([
  ["internal", usualSeries],
  ["sqlite", usualSeries],
  ["sqlite", "0.12"],
])("PROSODY_STORAGE: %s keeps all, in %s", async (storage, series) => {
  const server = await start(series, { PROSODY_STORAGE: storage });
  await keepsAll(server);
  const file = "/var/lib/prosody/prosody.sqlite";
  const { stdout } = await server.exec(["/usr/bin/lua5.4", "-e", `print(io.open("${file}") ~= nil)`]);
  expect(stdout.trim()).toBe(String(storage === "sqlite"));
});

it("PROSODY_STORAGE: memory forgets all", async () => {
  const server = await start(usualSeries, { PROSODY_STORAGE: "memory" });
  // Another process, as that of `prosodyctl adduser`, has a memory of its own.
  await server.ask("prosody.hosts['example.org'].users.create_user('alice', 'a long secret')");
  expect(await tryLogin(server, "alice", "a long secret")).toMatch(/^SCRAM/u);
  await server.stop();
  await server.start();
  expect(await server.ask("prosody.hosts['example.org'].users.user_exists('alice')")).not.toBe("true");
});

it("PROSODY_STORES: these alone are in the database", async () => {
  const database = databaseOf("postgresql");
  await database.query("drop table if exists prosody; drop table if exists prosodyarchive;");
  await keepsAll(await start(usualSeries, { PROSODY_STORES: "archive:sql,muc_log:sql,roster:sql" }, "postgresql"));
  expect(await database.query("select distinct store from prosodyarchive order by 1")).toStrictEqual([
    "archive",
    "muc_log",
  ]);
  expect(await database.query("select distinct store from prosody where store not like 'foundry%'")).toStrictEqual([
    "roster",
  ]);
});

it.each(["postgresql", "mariadb"])("PROSODY_SQL_DB, PROSODY_SQL_USERNAME: of %s, they are used", async (host) => {
  const database = databaseOf(host);
  const quoted = odd.replaceAll("'", "''").replaceAll("\\", host === "mariadb" ? "\\\\" : "\\");
  const make = {
    postgresql: [`create role "chat.er" login password '${quoted}';`, 'create database "chat room" owner "chat.er";'],
    mariadb: ["create database `chat room`;", `create user 'chat.er' identified by '${quoted}';`],
  }[host];
  if (host === "mariadb") make?.push("grant all on `chat room`.* to 'chat.er';");
  for (const sql of make ?? []) await database.root(sql);
  const server = await start(usualSeries, { PROSODY_SQL_DB: "chat room", PROSODY_SQL_USERNAME: "chat.er" }, host);
  await server.addAccount("alice", "a long secret");
  const counted = await database.root("select count(*) from prosody;", "chat room");
  expect(Number(counted[0])).toBeGreaterThan(0);
});

it.each([
  [
    "PROSODY_SQL_HOST: nobody is there",
    { PROSODY_SQL_HOST: "nowhere", PROSODY_SQL_WAIT: "1s" },
    69,
    "PostgreSQL at nowhere:5432 did not answer",
  ],
  [
    "PROSODY_SQL_PORT: nobody listens there",
    { PROSODY_SQL_PORT: "5433", PROSODY_SQL_WAIT: "1s" },
    69,
    "PostgreSQL at postgresql:5433 did not answer",
  ],
  [
    "PROSODY_SQL_PASSWORD: it is wrong",
    { PROSODY_SQL_PASSWORD: "wrong" },
    78,
    "check PROSODY_SQL_USERNAME and PROSODY_SQL_PASSWORD",
  ],
  ["PROSODY_SQL_DB: there is none of that name", { PROSODY_SQL_DB: "missing" }, 78, "has no such database"],
  ["PROSODY_SQL_TLS: it is demanded", { PROSODY_SQL_TLS: "disable" }, 78, "see its pg_hba.conf, and PROSODY_SQL_TLS"],
])("%s, which PostgreSQL tells and we in one sentence", async (...[, env, code, sentence]) => {
  const { exitCode, lines } = await refusal("postgresql", env);
  expect({ exitCode, last: lines.at(-1) }).toStrictEqual({ exitCode: code, last: expect.stringContaining(sentence) });
  expect(lines.filter((line) => line.includes("error"))).toHaveLength(1);
});

it.each([
  [
    "PROSODY_SQL_PASSWORD: it is wrong",
    { PROSODY_SQL_PASSWORD: "wrong" },
    "check PROSODY_SQL_USERNAME and PROSODY_SQL_PASSWORD",
  ],
  ["PROSODY_SQL_DB: there is none of that name", { PROSODY_SQL_DB: "missing" }, "or check PROSODY_SQL_DB"],
  ["PROSODY_SQL_TLS: it is demanded", { PROSODY_SQL_TLS: "disable" }, "in by TLS alone"],
])("%s, with MariaDB", async (_, env, sentence) => {
  const { exitCode, lines } = await refusal("mariadb", env);
  expect({ exitCode, lines }).toStrictEqual({ exitCode: 78, lines: [expect.stringContaining(sentence)] });
});

it.each(["postgresql", "mariadb"])(
  "PROSODY_SQL_TLS_CA: its own %s is trusted, another authority's is not",
  async (host) => {
    const database = databaseOf(host);
    expect(await tryLogin(await start(usualSeries, {}, host), "nobody", "a long secret")).toBe("not-authorized");
    const words = Object.entries({ PROSODY_DOMAIN: "example.org", ...sqlOf(database), PROSODY_SQL_PASSWORD: odd })
      .filter(([name]) => name !== "PROSODY_SQL_PASSWORD_FILE")
      .map(([name, value]) => `--env=${name}=${value}`);
    const other = databaseOf(host === "mariadb" ? "postgresql" : "mariadb").authority;
    const run = ["run", "--rm", "--interactive", `--network=${network.name}`, ...words];
    const ca = "--env=PROSODY_SQL_TLS_CA=/dev/shm/ca.pem";
    const image = await ensureProsodyImage(usualSeries);
    const script = `io.open("/dev/shm/ca.pem", "w"):write(io.read("a")):close() arg = {} dofile("/usr/lib/prosody-foundry/entrypoint.lua")`;
    const command = [...run, ca, "--entrypoint=/usr/bin/lua5.4", image, "-e", script];
    const { exitCode, stderr } = await runCommand("docker", command, { accept: "any", input: other.certificate });
    expect({ exitCode, stderr }).toStrictEqual({
      exitCode: 78,
      stderr: expect.stringContaining("that PROSODY_SQL_TLS_CA does not vouch for"),
    });
  },
);

it("PROSODY_SQL_WAIT: it starts once the database does", async () => {
  const database = databaseOf("postgresql");
  await database.stop();
  const starting = start(usualSeries, { PROSODY_SQL_WAIT: "5m" }, "postgresql");
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await database.start();
  expect(await (await starting).log()).toMatch(/Waiting for PostgreSQL at postgresql:5432, \d+ s of 300: /u);
});
