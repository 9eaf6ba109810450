import type net from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Told, exchange } from "../fixtures/garbage-exchange.ts";
import { everyRequest, floods, frames, requestsOf, unfinished, webSocketGreeting } from "../fixtures/garbage-http.ts";
import { inParallel, makeRandom, openSocket, pour, type Poured, type Target } from "../fixtures/garbage-wire.ts";
import { anyPort, streams } from "../fixtures/garbage-xml.ts";
import { accountsExpression } from "../fixtures/load-accounts.ts";
import { type Crowd, makeCrowd } from "../fixtures/load-crowd.ts";
import { ensureProsodyImage, imageSeries, isWhole } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { readServerMemory, type ServerMemory } from "../fixtures/server-memory.ts";
import { until } from "../fixtures/until.ts";

const namespaces: Readonly<Record<number, string>> = {
  5222: "jabber:client",
  5223: "jabber:client",
  5269: "jabber:server",
  5270: "jabber:server",
  5347: "jabber:component:accept",
};
/** Where HTTP is spoken, and where it is not. */
const httpPorts = [5280, 5281];
const otherPorts = [5000, 5222, 5223, 5269, 5270, 5347];
const ports = [...otherPorts, ...httpPorts];
const withTls = new Set([5223, 5270, 5281]);
const requests = 100_000;
const timeout = 1_800_000;
// Where each needs a connection of its own, and often a handshake of TLS, so many take half an hour.
const otherRequests = isWhole ? requests : 10_000;
const megabyte = 1024 ** 2;

interface Scene {
  server: ProsodyServer;
  crowd: Crowd;
  before: ServerMemory;
  /** With the silent and the slow connections. */
  crowded: ServerMemory;
  /** Connections that say nothing, and such as say a byte now and then. */
  silent: net.Socket[];
  slow: { sockets: net.Socket[]; timer: NodeJS.Timeout };
}

describe.each(imageSeries)("garbage at every port of Prosody %s", (series) => {
  let scene: Scene;
  const random = makeRandom(20_240_229);

  const target = (port: number, tls = withTls.has(port)): Target => ({ address: scene.server.address, port, tls });

  /** Clients that were there all along talk, and a new one comes in: what was wrong with that. */
  async function findFaults(): Promise<string[]> {
    const { crowd } = scene;
    await crowd.talk(0.3, { perSecond: 40, roomEvery: 4 });
    const tally = await crowd.settle(120_000);
    await comeAndGo(scene.server);
    const silent = tally.acknowledged < tally.sent ? ["not all was acknowledged"] : [];
    return [...crowd.missing(), ...silent, ...Object.keys(crowd.problems())];
  }

  beforeAll(async () => {
    const env = {
      PROSODY_EXTERNAL_COMPONENTS: "bridge.example.org:secret",
      PROSODY_COMPONENT_INTERFACES: "*",
      PROSODY_PROXY65_DOMAIN: "proxy.example.org",
    };
    const server = await startProsody({ image: await ensureProsodyImage(series), env });
    await server.ask(accountsExpression(server.domain, 20));
    const { address, domain, authority } = server;
    const wishes = { address, domain, authority: authority.certificate, roomSize: 4, abreast: 4 };
    const crowd = makeCrowd({ ...wishes, clients: 4 });
    await crowd.gather();
    const before = await readServerMemory(server);
    scene = {
      server,
      crowd,
      before,
      crowded: before,
      silent: [],
      slow: { sockets: [], timer: setTimeout(() => undefined, 0) },
    };
    await findFaults();
    scene.before = await readServerMemory(server);
    const silent = Array.from({ length: 1000 }, (_, index) => ports[index % ports.length] ?? 0);
    await inParallel(silent, 50, async (port) => scene.silent.push(...one(await openSocket(target(port, false)))));
    await inParallel([...ports, ...ports], 14, async (port) =>
      scene.slow.sockets.push(...one(await openSocket(target(port)))),
    );
    for (const [port, beginning] of httpPorts.flatMap((each) => unfinished.map((text) => [each, text] as const))) {
      const socket = await openSocket(target(port));
      socket?.write(beginning);
      scene.slow.sockets.push(...one(socket));
    }
    scene.crowded = await readServerMemory(server);
    scene.slow.timer = setInterval(() => {
      for (const socket of scene.slow.sockets) if (!socket.destroyed) socket.write("<");
    }, 500);
  });

  afterAll(async () => {
    clearInterval(scene.slow.timer);
    for (const socket of [...scene.silent, ...scene.slow.sockets]) socket.destroy();
    await scene.crowd.disperse();
    await scene.server.close();
  });

  it("has a thousand silent connections, and slow ones beside them", () => {
    expect(scene.silent).toHaveLength(1000);
    expect(scene.slow.sockets).toHaveLength(2 * ports.length + 2 * unfinished.length);
    expect(scene.crowded.descriptors).toBeGreaterThan(scene.before.descriptors + 1000);
  });

  it("serves while bytes that mean nothing come in everywhere", async () => {
    const attacks = ports.flatMap((port) =>
      Object.values(anyPort).flatMap((bytes) => [
        { to: target(port, false), bytes },
        ...(withTls.has(port) ? [{ to: target(port), bytes }] : []),
      ]),
    );
    const poured: Poured[] = [];
    await inParallel(attacks, 25, async ({ to, bytes }) => poured.push(await pour(to, bytes(random))));
    expect(sumOf(poured, "bytes")).toBeGreaterThan(5 * megabyte);
    expect(await findFaults()).toEqual([]);
  });

  it("serves while streams are deep, huge, endless or no XML", async () => {
    const attacks = Object.entries(namespaces).flatMap(([port, namespace]) =>
      Object.values(streams).map((pieces) => ({ to: target(Number(port)), pieces: pieces(namespace) })),
    );
    const poured: Poured[] = [];
    await inParallel(attacks, 12, async ({ to, pieces }) => poured.push(await pour(to, pieces)));
    expect(poured.map(({ answer }) => answer).join("")).not.toMatch(/root:|hahaha/u);
    expect(sumOf(poured, "bytes")).toBeGreaterThan(20 * megabyte);
    expect(await findFaults()).toEqual([]);
  });

  it.each(httpPorts)("serves while 100,000 requests at port %i are malformed", { timeout }, async (port) => {
    const each = 50;
    const connections = Array.from({ length: requests / each }, (_, index) => index);
    const told: Told[] = [];
    await inParallel(connections, 16, async (index) =>
      told.push(await exchange(target(port), requestsOf(makeRandom(index), each - 1))),
    );
    expect(told.flatMap(({ fault = [] }) => fault)).toEqual([]);
    expect(sumOf(told, "requests")).toBe(requests);
    expect(await findFaults()).toEqual([]);
  });

  it.each(otherPorts)(
    `serves while ${otherRequests} come to port %i, where nobody speaks HTTP`,
    { timeout },
    async (port) => {
      const faults: string[] = [];
      await inParallel(endings(otherRequests), 16, async (ending) => {
        const { fault } = await exchange(target(port), { answered: [], ending });
        if (fault !== undefined) faults.push(fault);
      });
      expect(faults).toEqual([]);
      expect(await findFaults()).toEqual([]);
    },
  );

  it("serves while HTTP goes on without end and WebSocket frames lie", async () => {
    const attacks = httpPorts.flatMap((port) => [
      ...Object.values(floods).map((pieces) => ({ to: target(port), pieces: pieces() })),
      ...Object.values(frames).map((frame) => ({ to: target(port), pieces: [webSocketGreeting, frame] })),
    ]);
    const poured: Poured[] = [];
    await inParallel(attacks, attacks.length, async ({ to, pieces }) => poured.push(await pour(to, pieces)));
    expect(sumOf(poured, "bytes")).toBeGreaterThan(2 * megabyte);
    expect(await findFaults()).toEqual([]);
  });

  it("lets nobody keep a connection without logging in", async () => {
    while ([...scene.silent, ...scene.slow.sockets].some((socket) => !socket.destroyed)) await wait(200);
    expect(await findFaults()).toEqual([]);
  });

  it("has given back its memory and descriptors, threw nobody out and kept its log short", async () => {
    const { server, crowd, before } = scene;
    const limits = {
      descriptors: before.descriptors + 2,
      heap: before.heap + 4 * megabyte,
      resident: before.resident + 48 * megabyte,
    };
    // What ended a moment ago is let go by timers, and so is what the C library kept.
    const after = await until(
      async () => readServerMemory(server),
      ({ descriptors, heap, resident }) =>
        descriptors <= limits.descriptors && heap < limits.heap && resident < limits.resident,
    );
    const log = await server.log();
    expect(after.resident).toBeLessThan(limits.resident);
    expect(crowd.clients.map(({ begun, resumed }) => begun + resumed)).toEqual([1, 1, 1, 1]);
    expect(log.split("\n").filter((line) => /traceback|stack|attempt to/iu.test(line))).toEqual([]);
    // A few bytes for each request that HTTP answers, and three lines where a connection is made for each.
    expect(log.length).toBeLessThan(3 * megabyte + 250 * otherPorts.length * otherRequests);
  });
});

function sumOf<Key extends string>(all: readonly Readonly<Record<Key, number>>[], what: Key): number {
  return all.reduce((sum, each) => sum + each[what], 0);
}

/** So many malformed requests, of all kinds in turn. */
function* endings(count: number): Iterable<string | Buffer> {
  for (let [made, round] = [0, 0]; made < count; round += 1)
    for (const request of everyRequest(makeRandom(round)).slice(0, count - made)) {
      yield request;
      made += 1;
    }
}

function one(socket: net.Socket | undefined): net.Socket[] {
  // Nobody hears of the end of what they do not read.
  socket?.resume();
  return socket === undefined ? [] : [socket];
}

/** The client gives up after two seconds, which a busy machine may need. */
async function comeAndGo(server: ProsodyServer): Promise<void> {
  for (;;) {
    const entity = await server.connect("crowd19", "one for all").catch(() => undefined);
    if (entity !== undefined) return void (await entity.stop());
  }
}
