import os from "node:os";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { BakeContext } from "@prosody-foundry/bake";
import { runCommand, UserError } from "@prosody-foundry/kit";
import { makeNetwork } from "../fixtures/peer.ts";
import { startPostgresql } from "../fixtures/peer-postgresql.ts";
import { ensureProsodyImage, usualSeries } from "../fixtures/prosody-image.ts";
import { type Figure, renderFigures } from "./figures.ts";
import { officialConfiguration, type OfficialDatabase } from "./recipe.ts";
import { chatSeconds, crowdDomain, type CrowdMeasured, type CrowdWishes, measureCrowd, roomSize } from "./run-crowd.ts";
import * as officially from "./run-official.ts";

const reference = "prosody-foundry-bench/official:load";

/** How large a crowd, and whether all is kept in PostgreSQL, which is restarted, too. */
interface Crowds {
  clients: number;
  database: boolean;
  signal: AbortSignal;
}

/** Runs the same crowd against our image and the official recipe's, one after the other, and prints one table. */
export async function benchCrowds(
  bake: BakeContext,
  words: { clients: string; database: boolean; signal: AbortSignal },
): Promise<void> {
  const clients = Number(words.clients);
  if (!Number.isInteger(clients) || clients < 50)
    throw new UserError("BAD_COUNT", "--clients takes a number from 50 on");
  const crowds = { ...words, clients };
  const official = await officially.prepareOfficial(bake, "linux/amd64");
  await officially.loadOfficial(bake, official, reference);
  try {
    const ours = await withPlace(crowds, async (database) => measureOurs(bake, crowds, database));
    const theirs = await withPlace(crowds, async (database) => measureOfficial(bake, crowds, database));
    process.stdout.write(renderFigures(figuresOf(ours, theirs), notesOf(crowds, ours)));
  } finally {
    await runCommand("docker", ["rmi", reference], { accept: "any" });
  }
}

type Place = CrowdWishes["database"];

async function withPlace<T>({ database }: Crowds, work: (place: Place) => Promise<T>): Promise<T> {
  if (!database) return work(undefined);
  const network = await makeNetwork();
  try {
    const server = await startPostgresql({ network });
    try {
      return await work({ server, network });
    } finally {
      await server.close();
    }
  } finally {
    await network.close();
  }
}

async function measureOurs(bake: BakeContext, { clients, signal }: Crowds, database: Place): Promise<CrowdMeasured> {
  const words =
    database === undefined
      ? []
      : [
          "--env=PROSODY_SQL_DRIVER=PostgreSQL",
          `--env=PROSODY_SQL_HOST=${database.server.host}`,
          `--env=PROSODY_SQL_PASSWORD=${database.server.password}`,
        ];
  return measureCrowd(bake, { image: await ensureProsodyImage(usualSeries), clients, words, signal, database });
}

async function measureOfficial(
  bake: BakeContext,
  { clients, signal }: Crowds,
  database: Place,
): Promise<CrowdMeasured> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bench-crowd-"));
  const file = path.join(folder, "prosody.cfg.lua");
  const place: OfficialDatabase | undefined = database?.server;
  await writeFile(file, officialConfiguration(crowdDomain, place));
  // mkdtemp keeps others out, and the server is another user.
  await bake.exec("chmod", ["-R", "a+rX", folder]);
  try {
    const words = [`--volume=${file}:/etc/prosody/prosody.cfg.lua:ro`];
    return await measureCrowd(bake, { image: reference, clients, words, signal, database });
  } finally {
    await rm(folder, { recursive: true });
  }
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
    ...ours.endured.flatMap(({ what }, index) => [
      figure(`${what}: connections lost`, "count", ({ endured }) => endured[index]?.dropped ?? Number.NaN),
      figure("  all in again after", "seconds", ({ endured }) => endured[index]?.seconds ?? Number.NaN),
    ]),
  ];
}

function notesOf({ clients, database }: Crowds, ours: CrowdMeasured): string[] {
  const place = database ? "data in PostgreSQL in a container beside it" : "data in files in memory";
  return [
    `${clients} clients over TLS with SCRAM and stream management, in rooms of ${roomSize}; ${ours.tally.sent} messages, a tenth of them to rooms.`,
    "The clients are one process on the same machine: its share of the CPUs is in the times, not in the server's CPU seconds.",
    `Prosody ${usualSeries} on both sides, ${place}; ${os.availableParallelism()} CPUs, load average ${os.loadavg()[0]?.toFixed(1)} at the end.`,
  ];
}
