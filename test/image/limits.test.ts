import { randomUUID } from "node:crypto";
import { type Element, xml } from "@xmpp/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Federation, startFederation } from "../fixtures/federation.ts";
import { knowHosts } from "../fixtures/known-hosts.ts";
import { conditionOf, deliver } from "../fixtures/messages.ts";
import { eventually } from "../fixtures/network-peer.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import type { LoggedIn } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { enterBySocket, floodByBosh, type Sender } from "../fixtures/web-client.ts";

const fast = { PROSODY_C2S_RATE_LIMIT: "50mb/s", PROSODY_S2S_RATE_LIMIT: "50mb/s", PROSODY_ALLOW_PLAIN: "true" };
const members = {
  "sender.example": { isTrusted: true, env: fast },
  "fast.example": { isTrusted: true, env: fast },
  "usual.example": { isTrusted: true },
  // Twice of what is said to be the default.
  "double.example": {
    isTrusted: true,
    env: { PROSODY_C2S_RATE_LIMIT: "20kb/s", PROSODY_S2S_RATE_LIMIT: "60kb/s" },
  },
  "slow.example": {
    isTrusted: true,
    env: {
      PROSODY_C2S_RATE_LIMIT: "4kb/s",
      PROSODY_S2S_RATE_LIMIT: "4kb/s",
      PROSODY_LOGLEVEL: "debug",
      PROSODY_C2S_STANZA_SIZE_LIMIT: "20kb",
      PROSODY_S2S_STANZA_SIZE_LIMIT: "30kb",
      PROSODY_ALLOW_PLAIN: "true",
    },
  },
};

const flood = 300;

/** Who sends, and the domain of whoever receives. */
interface Way {
  from: Sender;
  to: string;
}

beforeAll(useEngine);

describe.each(imageSeries)("limits of %s", (series) => {
  let all: Federation;
  beforeAll(async () => {
    all = await startFederation(await ensureProsodyImage(series), members);
  });
  afterAll(async () => all.close());

  /** Counts the flood's messages as they come. */
  async function countAt(domain: string, body: string): Promise<{ entity: LoggedIn; count(): number }> {
    const entity = await all.someoneOf(domain);
    let count = 0;
    entity.on("stanza", (stanza: { getChildText(name: string): string | null }) => {
      if (stanza.getChildText("body") === body) count += 1;
    });
    await entity.send(xml("presence"));
    return { entity, count: () => count };
  }

  /** So many messages from both sources until the fast way has carried all; what the slow one has carried in that time. */
  async function race(slow: Way, quick: Way, { messages = flood, size = 1000 } = {}): Promise<number> {
    // What an earlier race left on the slow way still arrives, and is not counted.
    const body = randomUUID().padEnd(size, "x");
    const counts = [await countAt(slow.to, body), await countAt(quick.to, body)] as const;
    for (let number = 0; number < messages; number += 1)
      for (const { from, to } of [quick, slow])
        await from.send(xml("message", { to: `someone@${to}`, type: "chat" }, xml("body", {}, body)));
    await eventually(async () => (counts[1].count() >= messages ? true : undefined));
    const carried = counts[0].count();
    await eventually(async () => (counts[0].count() > carried ? true : undefined));
    return carried;
  }

  /** Somebody who sends to another of the same domain. */
  async function flooderOf(domain: string): Promise<Way> {
    await all.server(domain).addAccount("flooder", "a long secret");
    return { from: await all.server(domain).connect("flooder", "a long secret"), to: domain };
  }

  it("PROSODY_C2S_STANZA_SIZE_LIMIT: a larger stanza ends the stream", async () => {
    const large = xml("message", { to: "nobody@fast.example" }, xml("body", {}, "x".repeat(30_000)));
    const [refused, taken] = await Promise.all(
      ["slow.example", "fast.example"].map(async (domain) => {
        await all.server(domain).addAccount("large", "a long secret");
        return all.server(domain).connect("large", "a long secret");
      }),
    );
    const gone = new Promise((resolve) => refused?.once("disconnect", resolve));
    await Promise.all([refused?.send(large), taken?.send(large)]);
    await gone;
    expect(await all.server("slow.example").log()).toMatch(/stream:error.*policy-violation/u);
    expect(taken && (await deliver(taken, taken))).toBe("arrived");
  });

  it("PROSODY_S2S_STANZA_SIZE_LIMIT: nor is it taken of a server", async () => {
    const sender = await all.someoneOf("sender.example");
    expect(await all.send("sender.example", "slow.example")).toBe("arrived");
    let bounced = "";
    sender.on("stanza", (stanza: Element) => {
      if (stanza.attrs["type"] === "error") bounced = conditionOf(stanza);
    });
    await sender.send(xml("message", { to: "someone@slow.example" }, xml("body", {}, "x".repeat(60_000))));
    // 0.12 ends the stream, 13.0 has said beforehand what it takes.
    const answer = await eventually(
      async () =>
        /policy-violation/u.exec(bounced + (await all.server("slow.example").log()).split("s2sin").slice(1).join("")) ??
        undefined,
    );
    expect(answer[0]).toBe("policy-violation");
  });

  it("PROSODY_C2S_RATE_LIMIT: a client that floods is read no faster", async () => {
    const carried = await race(await flooderOf("slow.example"), await flooderOf("fast.example"));
    expect(carried).toBeLessThan(flood / 2);
  });

  it("PROSODY_C2S_RATE_LIMIT: nor is one that comes by WebSocket", async () => {
    const [slow, quick] = await Promise.all(
      ["slow.example", "fast.example"].map(async (domain) => {
        const forget = knowHosts({ [domain]: all.server(domain).address });
        await all.server(domain).addAccount("browser", "a long secret");
        const from = await enterBySocket(`wss://${domain}:5281/xmpp-websocket`, {
          bare: `browser@${domain}`,
          password: "a long secret",
        });
        forget();
        return { from, to: domain };
      }),
    );
    if (slow === undefined || quick === undefined) throw new Error("Nobody came");
    expect(await race(slow, quick)).toBeLessThan(flood / 2);
  });

  it("PROSODY_C2S_RATE_LIMIT: nor is one that comes by BOSH, over new connections", async () => {
    const [slow, quick] = await Promise.all(
      ["slow.example", "fast.example"].map(async (domain) => {
        await all.server(domain).addAccount("poller", "a long secret");
        return { from: await floodByBosh(all.server(domain), "poller", "a long secret"), to: domain };
      }),
    );
    if (slow === undefined || quick === undefined) throw new Error("Nobody came");
    expect(await race(slow, quick, { messages: 60, size: 5000 })).toBeLessThan(30);
  });

  it("PROSODY_S2S_RATE_LIMIT: nor is a server", async () => {
    const sender = await all.someoneOf("sender.example");
    // The stanza that was too large ended the stream between them: what goes into it before its sender has heard of that
    // comes back.
    for (const domain of ["slow.example", "fast.example"])
      await eventually(async () => (await all.send("sender.example", domain)) === "arrived" || undefined);
    const carried = await race({ from: sender, to: "slow.example" }, { from: sender, to: "fast.example" });
    expect(carried).toBeLessThan(flood / 2);
  });

  it("PROSODY_C2S_RATE_LIMIT, PROSODY_S2S_RATE_LIMIT: by themselves they are half of twice the defaults", async () => {
    const from = await all.someoneOf("sender.example");
    for (const domain of ["usual.example", "double.example"])
      expect(await all.send("sender.example", domain)).toBe("arrived");
    const [ofClients, ofServers] = await Promise.all([
      race(await flooderOf("usual.example"), await flooderOf("double.example"), { messages: 200 }),
      race({ from, to: "usual.example" }, { from, to: "double.example" }, { messages: 600 }),
    ]);
    expect(ofClients / 200).toBeGreaterThan(0.35);
    expect(ofClients / 200).toBeLessThan(0.65);
    expect(ofServers / 600).toBeGreaterThan(0.35);
    expect(ofServers / 600).toBeLessThan(0.65);
  });
});
