import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BakeContext } from "@prosody-foundry/bake";
import { runCommand, UserError } from "@prosody-foundry/kit";
import { makeAuthority } from "../fixtures/authority.ts";
import { accountsExpression } from "../fixtures/load-accounts.ts";
import { type Crowd, makeCrowd } from "../fixtures/load-crowd.ts";
import { percentile, type Tally } from "../fixtures/load-ledger.ts";
import type { PeerNetwork } from "../fixtures/peer.ts";
import type { Database } from "../fixtures/peer-postgresql.ts";
import { writeCertificate } from "../fixtures/prosody-server.ts";
import { addressOf, type Blow, blowsFor, endure, type Endured, patience } from "./run-blows.ts";

export const crowdDomain = "example.org";
export const chatSeconds = 60;
export const roomSize = 20;

/** One image under the load of so many clients. */
export interface CrowdMeasured {
  /** Seconds until all were logged in and in their rooms. */
  gathering: number;
  delays: { median: number; high: number };
  /** Of the server: seconds of CPU to gather and to chat, bytes before anybody came, with all there, and at most. */
  cpu: { gathering: number; chatting: number };
  memory: { empty: number; full: number; most: number };
  tally: Tally;
  resumed: number;
  endured: Endured[];
}

export interface CrowdWishes {
  image: string;
  clients: number;
  /** Of `docker run`. */
  words: readonly string[];
  /** Ends it early. */
  signal: AbortSignal;
  /** Where the data is, and the network that leads there. */
  database: { server: Database; network: PeerNetwork } | undefined;
}

/** Starts the image, lets the crowd in, and deals all blows to it. */
export async function measureCrowd(bake: BakeContext, wishes: CrowdWishes): Promise<CrowdMeasured> {
  const name = `prosody-foundry-bench-${randomBytes(4).toString("hex")}`;
  const certificates = await mkdtemp(path.join(os.tmpdir(), "bench-certificates-"));
  const authority = await makeAuthority();
  const domains = [crowdDomain, `*.${crowdDomain}`];
  await writeCertificate(certificates, authority, domains);
  const data = await mkdtemp(path.join(existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir(), "bench-data-"));
  await bake.exec("chmod", ["-R", "a+rX", certificates]);
  await bake.exec("chmod", ["a+rwx", data]);
  const { clients, database } = wishes;
  try {
    const mounts = [`--volume=${certificates}:/etc/prosody/certs:ro`, `--volume=${data}:/var/lib/prosody`];
    await runServer(bake, name, { ...wishes, words: [...mounts, ...wishes.words] });
    const at = { address: await addressOf(bake.exec, name), domain: crowdDomain, authority: authority.certificate };
    const crowd = makeCrowd({ ...at, clients, roomSize, abreast: 32 });
    const struck = { exec: bake.exec, name, certificates, authority, domains, database: database?.server };
    const ended = once(wishes.signal, "abort").then(() =>
      Promise.reject(new UserError("INTERRUPTED", "It was ended early")),
    );
    try {
      return await Promise.race([runCrowd(bake, name, { crowd, blows: blowsFor(struck) }), ended]);
    } finally {
      await crowd.disperse();
    }
  } finally {
    await runCommand("docker", ["rm", "--force", "--volumes", name], { accept: "any" });
    await rm(certificates, { recursive: true });
    await rm(data, { recursive: true });
  }
}

async function runServer(bake: BakeContext, name: string, wishes: CrowdWishes): Promise<void> {
  const network = wishes.database === undefined ? [] : [`--network=${wishes.database.network.name}`];
  // All come from one address.
  const env = [`--env=PROSODY_DOMAIN=${crowdDomain}`, "--env=PROSODY_CONNECTIONS_PER_ADDRESS=20000"];
  const options = [...env, "--ulimit=nofile=20000:20000", ...network, ...wishes.words];
  await bake.exec("docker", ["run", "--detach", "--pull=never", `--name=${name}`, ...options, wishes.image]);
  await makeAccounts(bake, name, wishes.clients);
}

async function makeAccounts(bake: BakeContext, name: string, clients: number): Promise<void> {
  const words = ["exec", name, "prosodyctl", "shell", `> ${accountsExpression(crowdDomain, clients)}`];
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const { stdout } = await bake.exec("docker", words, { accept: "any" });
    if (stdout.includes(String(clients))) return;
    await sleep(1000);
  }
  const { stdout, stderr } = await bake.exec("docker", ["logs", name]);
  throw new Error(`There are no accounts: ${stdout.slice(-2000)}${stderr.slice(-2000)}`);
}

async function runCrowd(bake: BakeContext, name: string, of: { crowd: Crowd; blows: Blow[] }): Promise<CrowdMeasured> {
  const { crowd, blows } = of;
  const empty = await readServer(bake, name);
  const gathering = await gather(bake, crowd);
  const full = await readServer(bake, name);
  // A message of each client in 100 seconds, one of ten to its room: twice as many deliveries to rooms as to partners.
  const pace = { perSecond: crowd.clients.length / 100, roomEvery: 10 };
  bake.progress("They talk");
  crowd.ledger.timing = true;
  await crowd.talk(chatSeconds, pace);
  crowd.ledger.timing = false;
  const chatted = await readServer(bake, name);
  let most = chatted.most;
  const endured: Endured[] = [];
  for (const blow of blows) {
    bake.progress(blow.what);
    endured.push(await endure(crowd, blow, pace));
    most = Math.max(most, (await readServer(bake, name)).most);
  }
  // What is late is not lost.
  const tally = await crowd.settle(patience.settling);
  const { delays } = crowd.ledger;
  return {
    gathering,
    delays: { median: percentile(delays, 0.5), high: percentile(delays, 0.95) },
    cpu: { gathering: full.cpu - empty.cpu, chatting: chatted.cpu - full.cpu },
    memory: { empty: empty.memory, full: full.memory, most },
    tally,
    resumed: crowd.clients.reduce((sum, client) => sum + client.resumed, 0),
    endured,
  };
}

/** Seconds it took. */
async function gather(bake: BakeContext, crowd: Crowd): Promise<number> {
  const start = performance.now();
  const countIn = (): number => crowd.clients.filter(({ begun }) => begun > 0).length;
  const shown = setInterval(() => bake.progress(`${countIn()} are in`), 2000);
  await crowd.gather();
  clearInterval(shown);
  return (performance.now() - start) / 1000;
}

interface Usage {
  cpu: number;
  memory: number;
  most: number;
}

/** Of the largest process in the container: the server, whatever started it. */
async function readServer(bake: BakeContext, name: string): Promise<Usage> {
  const script = `
    local lfs, best = require("lfs"), { 0 }
    for pid in lfs.dir("/proc") do
      local file = pid:find("^%d+$") and io.open("/proc/" .. pid .. "/status")
      local status = file and file:read("a") or ""
      local resident = tonumber(status:match("VmRSS:%s+(%d+)")) or 0
      if resident > best[1] then
        local times = io.open("/proc/" .. pid .. "/stat"):read("a"):match("%) (.*)")
        local user, system = times:match("^" .. ("%S+ "):rep(11) .. "(%d+) (%d+)")
        best = { resident, tonumber(status:match("VmHWM:%s+(%d+)")), (user + system) / 100 }
      end
    end
    print(table.unpack(best))`;
  const { stdout } = await bake.exec("docker", ["exec", "--interactive", name, "/usr/bin/lua5.4", "-"], {
    input: script,
  });
  const [memory = Number.NaN, most = Number.NaN, cpu = Number.NaN] = stdout.trim().split(/\s+/u).map(Number);
  return { cpu, memory: memory * 1024, most: most * 1024 };
}
