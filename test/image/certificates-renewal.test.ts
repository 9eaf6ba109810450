import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { TLSSocket } from "node:tls";
import { runCommand } from "@prosody-foundry/kit";
import { xml } from "@xmpp/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layOut, layouts } from "../fixtures/certificate-layouts.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { type Renewal, renewals } from "../fixtures/renewals.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { type Service, probe, serialOf, services, shakeHands } from "../fixtures/tls-probe.ts";
import { until } from "../fixtures/until.ts";

const domain = "example.org";
const names = [domain, `*.${domain}`];
const all: readonly Service[] = Object.values(services);

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
    await alice.send(xml("presence"));
  });
  afterAll(() => server.close());

  const at = () => ({ address: server.address, domain, authority: server.authority.certificate });
  const shownByAll = () => Promise.all(all.map(async (service) => probe(at(), service)));
  const showsEverywhere = (serial: string) => (shown: { serial: string }[]) => shown.every((one) => one.serial === serial);

  async function renew(by: Renewal): Promise<string> {
    const pair = await server.authority.issue(names);
    round += 1;
    await by(server.certs, domain, { pair, round });
    return serialOf(pair.certificate);
  }

  it.each(Object.entries(renewals))("by %s is taken into use within a minute, and drops nobody", async (_, by) => {
    const held = await Promise.all(all.map(async (service) => shakeHands(at(), service)));
    const sockets = held.map(({ socket }) => socket);
    for (const { serial } of held) expect(serial).toBe(inUse);
    inUse = await renew(by);
    const shown = await until(shownByAll, showsEverywhere(inUse));
    for (const { problem } of shown) expect(problem).toBe(undefined);
    for (const socket of sockets) expect(socket.destroyed || !socket.writable).toBe(false);
    expect(await askOver(sockets[all.indexOf(services.https)])).toMatch(/^HTTP\/1\.1 /u);
    await writeToSelf(alice, inUse);
    const newcomer = await server.connect("bob", "another secret");
    expect(newcomer.isSecure()).toBe(true);
    for (const socket of sockets) socket.destroy();
  });

  it("that is half written is not taken, not by SIGHUP either, until it is whole", async () => {
    const file = (name: string) => path.join(server.certs, "live", domain, `${name}.pem`);
    const pair = await server.authority.issue(names);
    await writeFile(file("privkey"), pair.key);
    await writeFile(file("fullchain"), pair.certificate.slice(0, 300));
    await until(() => server.log(), (log) => log.includes(`live/${domain}/fullchain.pem is cut off: it is left out`));
    await reloadBySignal(server);
    for (const { serial, problem } of await shownByAll()) expect({ serial, problem }).toEqual({ serial: inUse, problem: undefined });
    await writeToSelf(alice, "still here");
    await writeFile(file("fullchain"), pair.certificate);
    await until(shownByAll, showsEverywhere(serialOf(pair.certificate)));
    inUse = serialOf(pair.certificate);
  });

  it("is taken by SIGHUP, too", async () => {
    inUse = await renew(renewals["files renamed over the old ones"]);
    await reloadBySignal(server);
    await until(shownByAll, showsEverywhere(inUse));
    expect(await server.log()).toContain(`serial ${inUse}`);
    await writeToSelf(alice, "still here after SIGHUP");
  });
});

async function reloadBySignal(server: ProsodyServer): Promise<void> {
  const reloads = async () => (await server.log()).split("Reloading configuration file").length;
  const before = await reloads();
  await runCommand("docker", ["kill", "--signal=HUP", server.name]);
  await until(reloads, (now) => now > before);
}

async function writeToSelf(client: LoggedIn, text: string): Promise<void> {
  const arrived = new Promise<void>((resolve) => {
    client.on("stanza", (stanza: { getChildText(name: string): string | null }) => {
      if (stanza.getChildText("body") === text) resolve();
    });
  });
  await client.send(xml("message", { to: String(client.jid), type: "chat" }, xml("body", {}, text)));
  await arrived;
}

async function askOver(socket: TLSSocket | undefined): Promise<string> {
  const answered = new Promise<string>((resolve) => socket?.once("data", (data: Buffer) => resolve(data.toString())));
  socket?.write(`GET / HTTP/1.1\r\nHost: ${domain}\r\n\r\n`);
  return answered;
}
