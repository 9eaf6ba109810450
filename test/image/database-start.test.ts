import { setTimeout as wait } from "node:timers/promises";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { armor } from "../fixtures/confinement.ts";
import { tryLogin } from "../fixtures/login.ts";
import { type Peer, type PeerNetwork, makeNetwork, startPeer } from "../fixtures/peer.ts";
import { startMariadb } from "../fixtures/peer-mariadb.ts";
import { type Database, startPostgresql } from "../fixtures/peer-postgresql.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { filesOf, oddPassword, sqlOf } from "../fixtures/sql-options.ts";

type Host = "postgresql" | "mariadb";
type Env = Readonly<Record<string, string>>;

const hosts: readonly Host[] = ["postgresql", "mariadb"];
const labels = { postgresql: "PostgreSQL", mariadb: "MySQL" } as const;
const demands = { postgresql: "see its pg_hba.conf, and PROSODY_SQL_TLS", mariadb: "in by TLS alone" } as const;
const ports = { postgresql: 5432, mariadb: 3306 } as const;
const unaddressed = "empty";
let databases: Record<Host, Database>;
let network: PeerNetwork;
let dns: Peer;
let dnsAddress: string;

beforeAll(async () => {
  await useEngine();
  network = await makeNetwork();
  const wishes = { network, password: oddPassword, tls: "required" } as const;
  const [postgresql, mariadb] = await Promise.all([startPostgresql(wishes), startMariadb(wishes)]);
  databases = { postgresql, mariadb };
  dns = await startPeer({ network }, "dns", { script: nameServer, ready: ["drill", "@127.0.0.1", unaddressed, "TXT"] });
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
  dnsAddress = (await runCommand("docker", ["inspect", `--format=${format}`, dns.name])).stdout.trim();
});
afterAll(async () => {
  await dns.close();
  for (const host of hosts) await databases[host].close();
  await network.close();
});

/** Knows one name, and no address of it. */
const nameServer = `
printf '%s\\n' '. 60 IN SOA dns. dns. 1 60 60 60 60' '. 60 IN NS dns.' '${unaddressed}. 60 IN TXT "soon"' > /tmp/zone
printf '%s\\n' 'server:' ' ip-address: 0.0.0.0' ' username: ""' ' zonesdir: "/tmp"' ' database: ""' ' pidfile: ""' \\
  ' zonelistfile: "/tmp/zone.list"' ' xfrdfile: ""' 'remote-control:' ' control-enable: no' \\
  'zone:' ' name: "."' ' zonefile: "zone"' > /tmp/nsd.conf
exec nsd -d -c /tmp/nsd.conf
`;

const isTold = (line: string): boolean => / at \w+:\d+[ ,]/u.test(line);

/** What a server says of its database, and what else it says, until it ends by itself. */
async function refusal(series: string, host: Host, env: Env) {
  const unmounted = ["PROSODY_SQL_TLS_CA", "PROSODY_SQL_PASSWORD_FILE"];
  const usual = Object.entries(sqlOf(databases[host])).filter(([name]) => !unmounted.includes(name));
  const own = { PROSODY_DOMAIN: "example.org", PROSODY_SQL_PASSWORD: oddPassword, PROSODY_SQL_TLS: "require", ...env };
  const words = Object.entries({ ...Object.fromEntries(usual), ...own }).map(
    ([name, value]) => `--env=${name}=${value}`,
  );
  const command = [
    "run",
    "--rm",
    ...armor,
    `--network=${network.name}`,
    `--dns=${dnsAddress}`,
    ...words,
    await ensureProsodyImage(series),
  ];
  const { exitCode, stdout, stderr } = await runCommand("docker", command, { accept: "any" });
  const all = (stderr + stdout).split("\n").filter((line) => line !== "");
  return { exitCode, lines: all.filter(isTold), others: all.filter((line) => !isTold(line)) };
}

const absences = hosts.flatMap(
  (host) =>
    [
      ["PROSODY_SQL_HOST: nobody is there", host, { PROSODY_SQL_HOST: "nowhere" }, `nowhere:${ports[host]}`],
      // Libraries quote the name, which is this word.
      [
        "PROSODY_SQL_HOST: a certificate's name is in it",
        host,
        { PROSODY_SQL_HOST: "hostname" },
        `hostname:${ports[host]}`,
      ],
      [
        "PROSODY_SQL_HOST: its name has no address",
        host,
        { PROSODY_SQL_HOST: unaddressed },
        `${unaddressed}:${ports[host]}`,
      ],
      ["PROSODY_SQL_PORT: nobody listens there", host, { PROSODY_SQL_PORT: "5433" }, `${host}:5433`],
      ["PROSODY_SQL_WAIT: it listens and says nothing", host, {}, `${host}:${ports[host]}`],
    ] as const,
);

const wrongs = hosts.flatMap(
  (host) =>
    [
      ["PROSODY_SQL_PASSWORD: it is wrong", host, { PROSODY_SQL_PASSWORD: "wrong" }, "check PROSODY_SQL_USERNAME and"],
      ["PROSODY_SQL_DB: there is none of that name", host, { PROSODY_SQL_DB: "missing" }, "or check PROSODY_SQL_DB"],
      ["PROSODY_SQL_TLS: it is demanded", host, { PROSODY_SQL_TLS: "disable" }, demands[host]],
    ] as const,
);

describe.each(imageSeries)("in %s", (series) => {
  it.each(absences)(
    "%s, with %s, which is waited for and told in one sentence",
    async (...[title, host, env, where]) => {
      const isSilent = title.includes("says nothing");
      if (isSilent) await runCommand("docker", ["pause", databases[host].name]);
      try {
        const { exitCode, lines, others } = await refusal(series, host, { PROSODY_SQL_WAIT: "1s", ...env });
        const told = `${labels[host]} at ${where} did not answer within 1 s (PROSODY_SQL_WAIT): `;
        expect({ exitCode, last: lines.at(-1) }).toStrictEqual({ exitCode: 69, last: expect.stringContaining(told) });
        expect(lines.filter((line) => line.includes("error\t"))).toHaveLength(1);
        expect(others).toStrictEqual([]);
      } finally {
        if (isSilent) await runCommand("docker", ["unpause", databases[host].name]);
      }
    },
  );

  it.each(wrongs)("%s, which %s tells and we in one sentence", async (...[, host, env, sentence]) => {
    const { exitCode, lines } = await refusal(series, host, env);
    expect({ exitCode, lines }).toStrictEqual({ exitCode: 78, lines: [expect.stringContaining(sentence)] });
  });

  it.each([
    ["postgresql", "mariadb"],
    ["mariadb", "postgresql"],
  ] as const)("PROSODY_SQL_TLS_CA: %s is trusted on the word of its own authority alone", async (host, other) => {
    const image = await ensureProsodyImage(series);
    const database = databases[host];
    const server = await startProsody({ image, network: network.name, env: sqlOf(database), files: filesOf(database) });
    expect(await tryLogin(server, "nobody", "a long secret")).toBe("not-authorized");
    await server.close();
    const words = Object.entries({
      PROSODY_DOMAIN: "example.org",
      ...sqlOf(databases[host]),
      PROSODY_SQL_PASSWORD: oddPassword,
      PROSODY_SQL_TLS_CA: "/tmp/ca.pem",
    })
      .filter(([name]) => name !== "PROSODY_SQL_PASSWORD_FILE")
      .map(([name, value]) => `--env=${name}=${value}`);
    const run = ["run", "--rm", "--interactive", `--network=${network.name}`, ...words, "--entrypoint=/usr/bin/lua5.4"];
    const script = `io.open("/tmp/ca.pem", "w"):write(io.read("a")):close() arg = {} dofile("/usr/lib/prosody-foundry/entrypoint.lua")`;
    const command = [...run, image, "-e", script];
    const input = databases[other].authority.certificate;
    const { exitCode, stderr } = await runCommand("docker", command, { accept: "any", input });
    expect({ exitCode, stderr }).toStrictEqual({
      exitCode: 78,
      stderr: expect.stringContaining("that PROSODY_SQL_TLS_CA does not vouch for"),
    });
  });

  it.each(hosts)("PROSODY_SQL_WAIT: it starts once %s does", async (host) => {
    const database = databases[host];
    await database.stop();
    const starting = startProsody({
      image: await ensureProsodyImage(series),
      network: network.name,
      env: { ...sqlOf(database), PROSODY_SQL_WAIT: "5m" },
      files: filesOf(database),
    });
    await wait(3000);
    await database.start();
    const server = await starting;
    const told = `Waiting for ${labels[host]} at ${host}:${ports[host]}, \\d+ s of 300: \\S`;
    expect(await server.log()).toMatch(new RegExp(told, "u"));
    await server.close();
  });
});
