import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { TLSSocket } from "node:tls";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layOut, layouts } from "../fixtures/certificate-layouts.ts";
import { deliver } from "../fixtures/messages.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { type Renewal, renewals } from "../fixtures/renewals.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { https, probe, serialOf, services, shakeHands } from "../fixtures/tls-probe.ts";
import { until } from "../fixtures/until.ts";

const domain = "example.org";
const names = [domain, `*.${domain}`];

function showsEverywhere(serial: string) {
  return (shown: readonly { serial: string }[]): boolean => shown.every((one) => one.serial === serial);
}

describe.each(imageSeries)("a renewal under %s", (series) => {
  let server: ProsodyServer;
  let alice: LoggedIn;
  let inUse = "";
  let round = 1;

  beforeAll(async () => {
    await useEngine();
    server = await startProsody({
      image: await ensureProsodyImage(series),
      domain,
      prepare: async (folder, authority) => {
        inUse = serialOf((await layOut(layouts.certbot, { folder, authority, names })).certificate);
      },
    });
    await server.addAccount("alice", "a long secret");
    await server.addAccount("bob", "another secret");
    alice = await server.connect("alice", "a long secret");
  });
  afterAll(() => server.close());

  const at = () => ({ address: server.address, domain, authority: server.authority.certificate });
  const shownByAll = () => Promise.all(services.map(async (service) => probe(at(), service)));

  async function renew(by: Renewal): Promise<string> {
    const pair = await server.authority.issue(names);
    round += 1;
    await by(server.certs, domain, { pair, round });
    return serialOf(pair.certificate);
  }

  it.each(Object.entries(renewals))("by %s is taken into use within a minute, and drops nobody", async (_, by) => {
    const held = await Promise.all(services.map(async (service) => shakeHands(at(), service)));
    const sockets = held.map(({ socket }) => socket);
    for (const { serial } of held) expect(serial).toBe(inUse);
    inUse = await renew(by);
    const shown = await until(shownByAll, showsEverywhere(inUse));
    for (const { problem } of shown) expect(problem).toBe(undefined);
    for (const socket of sockets) expect(socket.destroyed || !socket.writable).toBe(false);
    expect(await askOver(sockets[services.indexOf(https)])).toMatch(/^HTTP\/1\.1 /u);
    expect(await deliver(alice, alice)).toBe("arrived");
    const newcomer = await server.connect("bob", "another secret");
    expect(newcomer.isSecure()).toBe(true);
    for (const socket of sockets) socket.destroy();
  });

  it("that is half written is not taken, not by SIGHUP either, until it is whole", async () => {
    const file = (name: string) => path.join(server.certs, "live", domain, `${name}.pem`);
    const pair = await server.authority.issue(names);
    await writeFile(file("privkey"), pair.key);
    await writeFile(file("fullchain"), pair.certificate.slice(0, 300));
    await until(
      () => server.log(),
      (log) => log.includes(`live/${domain}/fullchain.pem is cut off: it is left out`),
    );
    await reloadBySignal(server);
    for (const { serial, problem } of await shownByAll())
      expect({ serial, problem }).toEqual({ serial: inUse, problem: undefined });
    expect(await deliver(alice, alice)).toBe("arrived");
    await writeFile(file("fullchain"), pair.certificate);
    await until(shownByAll, showsEverywhere(serialOf(pair.certificate)));
    inUse = serialOf(pair.certificate);
  });

  it("is taken by SIGHUP, too", async () => {
    inUse = await renew(renewals["files renamed over the old ones"]);
    await reloadBySignal(server);
    await until(shownByAll, showsEverywhere(inUse));
    expect(await server.log()).toContain(`serial ${inUse}`);
    expect(await deliver(alice, alice)).toBe("arrived");
  });
});

async function reloadBySignal(server: ProsodyServer): Promise<void> {
  const reloads = async () => (await server.log()).split("Reloading configuration file").length;
  const before = await reloads();
  await runCommand("docker", ["kill", "--signal=HUP", server.name]);
  await until(reloads, (now) => now > before);
}

async function askOver(socket: TLSSocket | undefined): Promise<string> {
  const answered = new Promise<string>((resolve) => socket?.once("data", (data: Buffer) => resolve(data.toString())));
  socket?.write(`GET / HTTP/1.1\r\nHost: ${domain}\r\n\r\n`);
  return answered;
}
