import { chmod } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Exec } from "@prosody-foundry/kit";
import type { Authority } from "../fixtures/authority.ts";
import { isIn } from "../fixtures/load-client.ts";
import type { Crowd } from "../fixtures/load-crowd.ts";
import type { Database } from "../fixtures/peer-postgresql.ts";
import { writeCertificate } from "../fixtures/prosody-server.ts";

/** Something that a server and its clients have to come through. */
export interface Blow {
  what: string;
  strike(crowd: Crowd): Promise<void>;
}

/** How a crowd came through a blow. */
export interface Endured {
  what: string;
  /** Clients that lost their connection. */
  dropped: number;
  /** Seconds from the blow until everybody was in again. */
  seconds: number;
}

/** What the blows are dealt to. */
export interface Struck {
  exec: Exec;
  name: string;
  /** Folder of the certificates. */
  certificates: string;
  authority: Authority;
  domains: readonly string[];
  database: Database | undefined;
}

const talkSeconds = 20;
// A crowd that comes back all at once needs minutes; one that is not back after ten is a result, too.
export const patience = { comingBack: 600_000, settling: 120_000 };

/** All that one server is put through, one after the other. */
export function blowsFor(struck: Struck): Blow[] {
  const { exec, name, database } = struck;
  const blows: Blow[] = [
    { what: "a fifth loses its connection", strike: async (crowd) => crowd.cut(crowd.clients.length / 5) },
    { what: "certificate renewed", strike: async () => renew(struck) },
    {
      what: "docker restart",
      strike: async (crowd) => {
        await exec("docker", ["restart", "--time=120", name]);
        crowd.door.address = await addressOf(exec, name);
      },
    },
  ];
  if (database === undefined) return blows;
  return [...blows, { what: "database restarted", strike: async () => database.restart() }];
}

/** Where a container is in its network. */
export async function addressOf(exec: Exec, name: string): Promise<string> {
  const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
  return (await exec("docker", ["inspect", `--format=${format}`, name])).stdout.trim();
}

/** As renewing does it: new files, then a signal. */
async function renew({ exec, name, certificates, authority, domains }: Struck): Promise<void> {
  await writeCertificate(certificates, authority, domains);
  await chmod(path.join(certificates, domains[0] ?? "", "privkey.pem"), 0o644);
  await exec("docker", ["kill", "--signal=HUP", name]);
}

/** Deals a blow while the clients talk, and waits until all is said. */
export async function endure(crowd: Crowd, blow: Blow, pace: Parameters<Crowd["talk"]>[1]): Promise<Endured> {
  const before = crowd.clients.map(timesIn);
  const start = performance.now();
  const talking = crowd.talk(talkSeconds, pace);
  await blow.strike(crowd);
  while (!crowd.clients.every(isIn) && performance.now() - start < patience.comingBack) await sleep(20);
  const seconds = (performance.now() - start) / 1000;
  await talking;
  await crowd.settle(patience.settling);
  const dropped = crowd.clients.filter((client, index) => timesIn(client) !== before[index]).length;
  return { what: blow.what, dropped, seconds };
}

function timesIn({ begun, resumed }: Crowd["clients"][number]): number {
  return begun + resumed;
}
