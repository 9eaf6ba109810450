import os from "node:os";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BakeContext } from "@prosody-foundry/bake";
import { makeAuthority } from "../fixtures/authority.ts";
import { accountsExpression } from "../fixtures/load-accounts.ts";
import { makeCrowd } from "../fixtures/load-crowd.ts";
import { percentile, type Tally } from "../fixtures/load-ledger.ts";
import { ensureProsodyImage, usualSeries } from "../fixtures/prosody-image.ts";
import { writeCertificate } from "../fixtures/prosody-server.ts";
import { type Figure, renderFigures } from "./figures.ts";
import * as officially from "./run-official.ts";
import { officialConfiguration } from "./recipe.ts";

const domain = "example.org";
const reference = "prosody-foundry-bench/official:load";
const chatSeconds = 60;

/** One image under the load of so many clients. */
interface CrowdMeasured {
  /** Seconds until all were logged in and in their rooms. */
  gathering: number;
  delays: { median: number; high: number };
  /** Of the server: seconds of CPU to gather and to chat, bytes before anybody came, with all there, and at most. */
  cpu: { gathering: number; chatting: number };
  memory: { empty: number; full: number; most: number };
  tally: Tally;
  resumed: number;
}

/** Runs the same crowd against our image and the official recipe's, one after the other, and prints one table. */
export async function benchCrowds(bake: BakeContext, clients: number): Promise<void> {
  const official = await officially.prepareOfficial(bake, "linux/amd64");
  await officially.loadOfficial(bake, official, reference);
  const ours = await measureCrowd(bake, { image: await ensureProsodyImage(usualSeries), clients, words: [] });
  const folder = await mkdtemp(path.join(os.tmpdir(), "bench-crowd-"));
  const file = path.join(folder, "prosody.cfg.lua");
  await writeFile(file, officialConfiguration(domain));
  try {
    const words = [`--volume=${file}:/etc/prosody/prosody.cfg.lua:ro`];
    const theirs = await measureCrowd(bake, { image: reference, clients, words });
    process.stdout.write(renderFigures(figuresOf(ours, theirs), notesOf(clients, ours)));
  } finally {
    await rm(folder, { recursive: true });
    await bake.exec("docker", ["rmi", reference], { accept: "any" });
  }
}

interface Wishes {
  image: string;
  clients: number;
  words: readonly string[];
}

async function measureCrowd(bake: BakeContext, { image, clients, words }: Wishes): Promise<CrowdMeasured> {
  const name = `prosody-foundry-bench-${randomBytes(4).toString("hex")}`;
  const folder = await mkdtemp(path.join(os.tmpdir(), "bench-certificates-"));
  const authority = await makeAuthority();
  await writeCertificate(folder, authority, [domain, `*.${domain}`]);
  const data = await mkdtemp(path.join(existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir(), "bench-data-"));
  await bake.exec("chmod", ["-R", "a+rX", folder]);
  await bake.exec("chmod", ["a+rwx", data]);
  const mounts = [`--volume=${folder}:/etc/prosody/certs:ro`, `--volume=${data}:/var/lib/prosody`];
  try {
    const options = [`--env=PROSODY_DOMAIN=${domain}`, "--ulimit=nofile=20000:20000", ...mounts, ...words];
    await bake.exec("docker", ["run", "--detach", "--pull=never", `--name=${name}`, ...options, image]);
    await makeAccounts(bake, name, clients);
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    const { stdout } = await bake.exec("docker", ["inspect", `--format=${format}`, name]);
    const at = { address: stdout.trim(), domain, authority: authority.certificate };
    return await runCrowd(bake, name, makeCrowd({ ...at, clients, roomSize: 50, abreast: 32 }));
  } finally {
    await bake.exec("docker", ["rm", "--force", "--volumes", name], { accept: "any" });
    await rm(folder, { recursive: true });
    await rm(data, { recursive: true });
  }
}

async function makeAccounts(bake: BakeContext, name: string, clients: number): Promise<void> {
  const words = ["exec", name, "prosodyctl", "shell", `> ${accountsExpression(domain, clients)}`];
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const { stdout } = await bake.exec("docker", words, { accept: "any" });
    if (stdout.includes(String(clients))) return;
    await sleep(1000);
  }
  const { stdout, stderr } = await bake.exec("docker", ["logs", name]);
  throw new Error(`There are no accounts: ${stdout.slice(-2000)}${stderr.slice(-2000)}`);
}

async function runCrowd(bake: BakeContext, name: string, crowd: ReturnType<typeof makeCrowd>): Promise<CrowdMeasured> {
  const empty = await readServer(bake, name);
  const start = performance.now();
  const shown = setInterval(
    () => bake.progress(`${crowd.clients.filter(({ begun }) => begun > 0).length} are in`),
    2000,
  );
  await crowd.gather();
  clearInterval(shown);
  const gathering = (performance.now() - start) / 1000;
  const full = await readServer(bake, name);
  // A message of each client in 50 seconds, one of ten to its room: as many deliveries to rooms as 5 times the others.
  const perSecond = crowd.clients.length / 50;
  bake.progress("They talk");
  crowd.ledger.timing = true;
  await crowd.talk(chatSeconds, { perSecond, roomEvery: 10 });
  crowd.ledger.timing = false;
  const chatted = await readServer(bake, name);
  bake.progress("A fifth loses its connection");
  crowd.cut(crowd.clients.length / 5);
  await crowd.talk(10, { perSecond, roomEvery: 10 });
  const tally = await crowd.settle(300_000);
  const end = await readServer(bake, name);
  const { delays } = crowd.ledger;
  const resumed = crowd.clients.reduce((sum, client) => sum + client.resumed, 0);
  await crowd.disperse();
  return {
    gathering,
    delays: { median: percentile(delays, 0.5), high: percentile(delays, 0.95) },
    cpu: { gathering: full.cpu - empty.cpu, chatting: chatted.cpu - full.cpu },
    memory: { empty: empty.memory, full: full.memory, most: end.most },
    tally,
    resumed,
  };
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

function figuresOf(ours: CrowdMeasured, theirs: CrowdMeasured): Figure[] {
  const figure = (what: string, unit: Figure["unit"], value: (of: CrowdMeasured) => number): Figure => ({
    what,
    unit,
    ours: value(ours),
    official: value(theirs),
  });
  const lost = figure("acknowledged messages lost", "count", ({ tally }) => tally.lost);
  return [
    figure("logged in and in a room", "seconds", ({ gathering }) => gathering),
    figure("  CPU of the server", "seconds", ({ cpu }) => cpu.gathering),
    figure(`CPU of the server, ${chatSeconds} s of talk`, "seconds", ({ cpu }) => cpu.chatting),
    figure("delivery, median", "milliseconds", ({ delays }) => delays.median),
    figure("delivery, 95 of 100", "milliseconds", ({ delays }) => delays.high),
    figure("memory, nobody there", "memory", ({ memory }) => memory.empty),
    figure("memory, all there", "memory", ({ memory }) => memory.full),
    figure("memory, at most", "memory", ({ memory }) => memory.most),
    figure("deliveries", "count", ({ tally }) => tally.expected),
    figure("streams resumed", "count", ({ resumed }) => resumed),
    { ...lost, aim: { text: "none", met: ours.tally.lost === 0 } },
    figure("delivered twice", "count", ({ tally }) => tally.duplicates),
  ];
}

function notesOf(clients: number, ours: CrowdMeasured): string[] {
  return [
    `${clients} clients over TLS with SCRAM and stream management, in rooms of 50; ${ours.tally.sent} messages, a tenth of them to rooms.`,
    "The clients are one process on the same machine: its share of the CPUs is in the times, not in the server's CPU seconds.",
    `Prosody ${usualSeries} on both sides, data in memory; ${os.availableParallelism()} CPUs, load average ${os.loadavg()[0]?.toFixed(1)} at the end.`,
  ];
}
