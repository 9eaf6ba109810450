import net from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { makeNetwork } from "../fixtures/network-peer.ts";
import {
  bind,
  enterTalk,
  isAlive,
  postTo,
  type Talk,
  talkByBosh,
  talkBySocket,
  talkByTls,
  tryPassword,
  tryPasswordBySasl2,
} from "../fixtures/plain-talk.ts";
import { knowHosts } from "../fixtures/known-hosts.ts";
import { isOpen } from "../fixtures/probe.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { until } from "../fixtures/until.ts";

const domain = "example.org";
const password = "a long secret";
const ways = ["SCRAM", "SASL", "SASL2", "WebSocket", "BOSH"] as const;
const users = [...ways, "later", "someone", "busy", "many"];
const bosh = `https://${domain}:5281/http-bind`;

beforeAll(useEngine);

describe.each(imageSeries)("strangers at Prosody %s", (series) => {
  const keep = useLeftovers();
  let direct: ProsodyServer;
  let published: ProsodyServer;
  let behindProxy: ProsodyServer;
  let hasSasl2: boolean;

  beforeAll(async () => {
    const image = await ensureProsodyImage(series);
    const network = await keep(makeNetwork());
    const env = { PROSODY_LOGIN_FAILURES: "3", PROSODY_ALLOW_PLAIN: "true" };
    const few = { PROSODY_CONNECTIONS_PER_ADDRESS: "40", PROSODY_SESSIONS_PER_ACCOUNT: "3" };
    // This machine is a stranger where no way leads out.
    direct = await keep(startProsody({ image, network: network.name, env: { ...env, ...few } }));
    published = await keep(startProsody({ image, env: { ...env, ...few } }));
    // This machine is the proxy, and says for whom it speaks.
    const proxied = {
      PROSODY_TRUSTED_PROXIES: network.address(1),
      PROSODY_CONNECTIONS_PER_ADDRESS: "6",
      PROSODY_LOGIN_FAILURES_PERIOD: "20s",
    };
    behindProxy = await keep(startProsody({ image, network: network.name, env: { ...env, ...proxied } }));
    for (const server of [direct, published, behindProxy])
      for (const user of users) await server.addAccount(user.toLowerCase(), password);
    await keep(knowHosts({ [domain]: direct.address }));
    hasSasl2 = (await direct.ask(`prosody.hosts['${domain}'].modules.sasl2 ~= nil`)) === "true";
  });

  const openTalk = async (way: (typeof ways)[number]): Promise<Talk> => {
    if (way === "WebSocket") return talkBySocket(`wss://${domain}:5281/xmpp-websocket`, domain);
    if (way === "BOSH") return talkByBosh(postTo(bosh), domain);
    return talkByTls(direct);
  };
  const forwarded = (address: string): Promise<Talk> => {
    const headers = { "x-forwarded-for": address, "x-forwarded-proto": "https" };
    return talkByBosh(postTo(`http://${behindProxy.address}:5280/http-bind`, headers), domain);
  };

  /** What becomes of a login over a connection of its own. */
  async function login(way: (typeof ways)[number], user: string, secret = password): Promise<string> {
    if (way === "SCRAM")
      return direct.connect(user, secret).then(
        async (entity) => {
          await entity.stop();
          return "success";
        },
        (error: unknown) => (error instanceof Error && "condition" in error ? String(error.condition) : String(error)),
      );
    const talk = await openTalk(way);
    const fate = await (way === "SASL2" ? tryPasswordBySasl2 : tryPassword)(talk, { user, password: secret });
    talk.close();
    return fate;
  }

  it.for(ways)(
    "PROSODY_LOGIN_FAILURES: an account takes no more than so many wrong ones, by %s",
    async (way, { skip }) => {
      skip(way === "SASL2" && !hasSasl2, "this image has no mod_sasl2");
      const user = way.toLowerCase();
      for (let time = 0; time < 3; time += 1) expect(await login(way, user, "a guess")).toBe("not-authorized");
      expect(await login(way, user)).toBe("temporary-auth-failure");
      // Nor may it be tried by another door, while somebody else comes in.
      expect(await login("SASL", user)).toBe("temporary-auth-failure");
      expect(await login(way, "someone")).toBe("success");
    },
  );

  it("PROSODY_LOGIN_FAILURES: an address has ten times as many for all accounts, and locks out nobody else", async () => {
    // All that is one machine's.
    for (const host of [1, 2, 3]) {
      const talk = await forwarded(`2001:db8:1:1::${host}`);
      for (let time = 0; time < 10; time += 1)
        expect(await tryPassword(talk, { user: `guess${host}-${time}`, password: "a guess" })).toBe("not-authorized");
      talk.close();
    }
    const account = { user: "someone", password };
    expect(await tryPassword(await forwarded("2001:db8:1:1:2:3:4:5"), account)).toBe("temporary-auth-failure");
    expect(await tryPassword(await forwarded("2001:db8:1:2::1"), account)).toBe("success");
    expect(await tryPassword(await forwarded("192.0.2.1"), account)).toBe("success");
  });

  it("PROSODY_LOGIN_FAILURES: a stranger locks nobody out of an account", async () => {
    const stranger = await forwarded("192.0.2.2");
    const account = { user: "later", password };
    for (let time = 0; time < 3; time += 1)
      expect(await tryPassword(stranger, { ...account, password: "a guess" })).toBe("not-authorized");
    expect(await tryPassword(stranger, account)).toBe("temporary-auth-failure");
    expect(await tryPassword(await forwarded("192.0.2.3"), account)).toBe("success");
  });

  it("PROSODY_SESSIONS_PER_ACCOUNT: the next one is refused, and those that are there stay", async () => {
    const account = { user: "busy", password };
    const talks = await Promise.all([openTalk("SASL"), openTalk("WebSocket"), openTalk("BOSH")]);
    for (const talk of talks) expect(await enterTalk(talk, account)).toBe("bound");
    for (const way of ["SASL", "WebSocket", "BOSH"] as const) {
      const more = await openTalk(way);
      expect(await enterTalk(more, account)).toBe("resource-constraint");
      more.close();
    }
    for (const talk of talks) expect(await isAlive(talk)).toBe(true);
    for (const talk of talks) talk.close();
  });

  it("PROSODY_SESSIONS_PER_ACCOUNT: one of the same name is replaced, and who leaves makes room, by SASL2 too", async ({
    skip,
  }) => {
    const account = { user: "many", password };
    const talks = [await openTalk("SASL"), await openTalk("SASL"), await openTalk("SASL")];
    for (const [at, talk] of talks.entries()) expect(await enterTalk(talk, account, `number${at}`)).toBe("bound");
    const again = await openTalk("SASL");
    expect(await enterTalk(again, account, "number0")).toBe("bound");
    skip(!hasSasl2, "this image has no mod_sasl2");
    const bySasl2 = await openTalk("SASL2");
    expect(await tryPasswordBySasl2(bySasl2, account)).toBe("success");
    expect(await bind(bySasl2)).toBe("resource-constraint");
    talks[1]?.close();
    await until(
      () => bind(bySasl2),
      (fate) => fate === "bound",
    );
    for (const talk of [...talks, again, bySasl2]) talk.close();
  });

  it("PROSODY_CONNECTIONS_PER_ADDRESS: an address has no more than so many, whatever they are about to be", async () => {
    const [held, free] = [await openMany(direct, 60), await openMany(behindProxy, 60)];
    await until(
      async () => held.filter((socket) => socket.destroyed).length,
      (gone) => gone >= 20,
    );
    // Those that came first are not made to go.
    expect(held.slice(0, 10).map((socket) => socket.destroyed)).not.toContain(true);
    expect(await login("SASL", "someone").catch(() => "refused")).toBe("refused");
    // What a trusted proxy has is others'.
    expect(free.filter((socket) => socket.destroyed)).toEqual([]);
    expect(await isOpen(behindProxy.address, 5222)).toBe(true);
    for (const socket of [...held, ...free]) socket.destroy();
    await until(
      async () => login("SASL", "someone").catch(() => "refused"),
      (fate) => fate === "success",
    );
  });

  it("PROSODY_CONNECTIONS_PER_ADDRESS, PROSODY_LOGIN_FAILURES: whom the engine hides behind its own address is not taken for one", async () => {
    const many = await openMany(published, 60);
    for (let time = 0; time < 31; time += 1)
      await expect(published.connect(`nobody${time}`, "wrong")).rejects.toThrow("not-authorized");
    const entity = await published.connect("someone", password);
    await entity.stop();
    expect(many.filter((socket) => socket.destroyed)).toEqual([]);
    for (const socket of many) socket.destroy();
  });

  it("PROSODY_CONNECTIONS_PER_ADDRESS: through a proxy the client's own address has no more than so many", async () => {
    const talks: Talk[] = [];
    for (let time = 0; time < 6; time += 1) talks.push(await forwarded("192.0.2.9"));
    for (const talk of talks) expect(talk.features).toContain("<mechanism>");
    expect((await forwarded("192.0.2.9")).features).not.toContain("<mechanism>");
    expect((await forwarded("192.0.2.10")).features).toContain("<mechanism>");
    talks[0]?.close();
    await until(
      async () => (await forwarded("192.0.2.9")).features.includes("<mechanism>"),
      (comesIn) => comesIn,
    );
    const sockets = await Promise.all(Array.from({ length: 10 }, () => openSocket(behindProxy, "192.0.2.11")));
    expect(sockets.filter((status) => status === 101)).toHaveLength(6);
    expect(await openSocket(behindProxy, "192.0.2.12")).toBe(101);
  });

  it("PROSODY_LOGIN_FAILURES_PERIOD: afterwards a password is looked at again", async () => {
    const talk = await forwarded("192.0.2.4");
    const account = { user: "later", password };
    for (let time = 0; time < 3; time += 1)
      expect(await tryPassword(talk, { ...account, password: "a guess" })).toBe("not-authorized");
    expect(await tryPassword(talk, account)).toBe("temporary-auth-failure");
    await until(
      () => tryPassword(talk, account),
      (fate) => fate === "success",
    );
  });

  async function openMany(server: ProsodyServer, count: number): Promise<net.Socket[]> {
    const ports = [5222, 5223, 5269, 5270, 5280, 5281];
    const sockets = Array.from({ length: count }, (_, at) =>
      net.connect(ports[at % ports.length] ?? 0, server.address),
    );
    await keep(() => {
      for (const socket of sockets) socket.destroy();
    });
    for (const socket of sockets) socket.on("error", () => undefined).resume();
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
    return sockets;
  }

  /** The status that a request for a WebSocket is answered with; it stays open. */
  async function openSocket(server: ProsodyServer, address: string): Promise<number | undefined> {
    const socket = net.connect(5280, server.address);
    await keep(() => socket.destroy());
    const greeting = [
      "GET /xmpp-websocket HTTP/1.1",
      `Host: ${domain}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Protocol: xmpp",
      "Sec-WebSocket-Version: 13",
      `X-Forwarded-For: ${address}`,
      "X-Forwarded-Proto: https",
    ];
    return new Promise((resolve) => {
      socket.on("error", () => resolve(undefined)).on("close", () => resolve(undefined));
      socket.once("data", (data: Buffer) => resolve(Number(data.toString("latin1").split(" ", 2)[1])));
      socket.write(`${greeting.join("\r\n")}\r\n\r\n`);
    });
  }
});
