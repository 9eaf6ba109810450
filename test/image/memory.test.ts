import type { OutgoingHttpHeaders } from "node:http";
import https from "node:https";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { eventually } from "../fixtures/network-peer.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { readServerMemory } from "../fixtures/server-memory.ts";

const megabyte = 2 ** 20;

beforeAll(useEngine);

describe.each(imageSeries)("memory of %s", (series) => {
  let server: ProsodyServer;
  const keep = useLeftovers();
  const agent = new https.Agent({ keepAlive: true, maxSockets: 4, rejectUnauthorized: false });

  beforeAll(async () => {
    server = await keep(startProsody({ image: await ensureProsodyImage(series) }));
  });
  afterAll(() => agent.destroy());

  /** Other addresses each time, none of which is there. */
  async function askOften(start: string, headers = {}): Promise<void> {
    const ends = Array.from({ length: 1000 }, (_, index) => index);
    const answers = await Promise.all(ends.map(async (end) => ask(`/${start}${end}`, headers)));
    expect(new Set(answers)).toStrictEqual(new Set([404]));
  }

  /** Seconds of CPU that it costs the server, which no other process can make longer. */
  async function work(done: () => Promise<void>): Promise<number> {
    const before = Number(await server.ask("os.clock()"));
    await done();
    return Number(await server.ask("os.clock()")) - before;
  }

  /** A request of BOSH with such a body, a few times. */
  async function post(body: string): Promise<void> {
    for (let times = 0; times < 5; times += 1) {
      const answer = await fetch(`http://${server.address}:5280/http-bind`, { method: "POST", body });
      expect(await answer.text()).toMatch(/type=.terminate/u);
    }
  }

  async function ask(path: string, headers: OutgoingHttpHeaders): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const request = https.get({ host: server.address, port: 5281, path, headers, agent }, (response) => {
        response.resume().once("end", () => resolve(response.statusCode));
      });
      request.once("error", reject);
    });
  }

  it("is looked through before it has doubled, however much is new and stays", async () => {
    // Lua 5.4.4 lets memory become again what it was once: nothing was there before this. What stays grows eight times.
    const shares = `(function () collectgarbage() local before, kept, shares = collectgarbage("count"), {}, {}
      for round = 1, 8 do local most = 0
      for i = 1, 150000 do kept[#kept + 1] = { i } end
      for i = 1, 2000000 do local gone = { i } if i % 1000 == 0 then most = math.max(most, collectgarbage("count")) end end
      shares[round] = (most - before) / #kept end collectgarbage()
      return math.max(table.unpack(shares)) / ((collectgarbage("count") - before) / #kept) end)()`;
    // With Lua's own pause it is more than two.
    expect(Number(await server.ask(shares.replaceAll(/\s+/gu, " ")))).toBeLessThan(1.7);
  });

  it("goes back to the system when little is left between what is free", async () => {
    const before = await readServerMemory(server);
    // Each thousandth string stays, so that the C library has no large piece that is free.
    const fill = `(function () local all, few = {}, {} for i = 1, 800000 do all[i] = ("x"):rep(150) .. i end
      for i = 1, 800000, 1000 do few[#few + 1] = all[i] end prosody.few = few return #all end)()`;
    expect(await server.ask(fill.replaceAll(/\s+/gu, " "))).toBe("800000");
    const freed = await eventually(async () => {
      const { heap, resident } = await readServerMemory(server);
      return resident - before.resident < 16 * megabyte ? heap : undefined;
    });
    expect(freed - before.heap).toBeLessThan(2 * megabyte);
  });

  it("is not spent on long addresses that strangers ask for", async () => {
    const before = await readServerMemory(server);
    await askOften("a".repeat(6000));
    expect((await readServerMemory(server)).heap - before.heap).toBeLessThan(2 * megabyte);
  });

  it("and time are not the price of long addresses", async () => {
    const long = "a".repeat(6000);
    const header = await work(async () => askOften("a", { "x-long": long }));
    const address = await work(async () => askOften(long));
    // A lookup that takes the square of the length costs hundreds of times as much.
    expect(address).toBeLessThan(10 * header);
  });

  it("and time are not the price of a body that has failed", async () => {
    const elements = "<a/>".repeat(50_000);
    const attributes = "xmlns='http://jabber.org/protocol/httpbind' sid='of-nobody' rid='1'";
    const text = await work(async () => post(`<body ${attributes}>${elements.replaceAll("<", "(")}</body>`));
    const ofNobody = await work(async () => post(`<body ${attributes}>${elements}</body>`));
    const nothing = await work(async () => post(`<a>${elements}`));
    expect(Math.max(ofNobody, nothing)).toBeLessThan(20 * text);
  });
});
