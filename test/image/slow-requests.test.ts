import { once } from "node:events";
import { request } from "node:http";
import net from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { xml } from "@xmpp/client";
import { beforeAll, describe, expect, it } from "vitest";
import { query } from "../fixtures/messages.ts";
import { knowHosts } from "../fixtures/known-hosts.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import {
  endOfLogin,
  enterTalk,
  isAlive,
  postTo,
  talkByBosh,
  talkBySocket,
  talkByTls,
  tryPassword,
} from "../fixtures/plain-talk.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { connectSocks, readBytes } from "../fixtures/socks.ts";
import { askSlot } from "../fixtures/upload.ts";

const domain = "example.org";
const bytestreams = "http://jabber.org/protocol/bytestreams";
const proxy = `proxy.${domain}`;
const password = "a long secret";
const someone = { user: "someone", password };
const host = `Host: ${domain}\r\n`;
// What takes minutes by itself, in seconds.
const settings = "foundry_patience = 4\nfoundry_patience_idle = 6\nfoundry_held_requests = 4 * 1024 * 1024\n";
const post = (size: number): string => `POST /http-bind HTTP/1.1\r\n${host}Content-Length: ${size}\r\n\r\n`;

beforeAll(useEngine);

describe.each(imageSeries)("requests that take their time, of Prosody %s", (series) => {
  const keep = useLeftovers();
  let server: ProsodyServer;

  beforeAll(async () => {
    const files = { "/etc/prosody/conf.d/patience.cfg.lua": settings };
    const env = { PROSODY_ALLOW_PLAIN: "true", PROSODY_PROXY65_DOMAIN: proxy };
    server = await keep(startProsody({ image: await ensureProsodyImage(series), files, env }));
    await server.addAccount("someone", password);
    await keep(knowHosts({ [domain]: server.address, [`upload.${domain}`]: server.address }));
  });

  /** Says this at once, and then a byte now and then; answers when the server has enough of it. */
  async function drip(...beginning: string[]): Promise<string> {
    const socket = await open();
    for (const part of beginning) {
      socket.write(part);
      if (part.startsWith("GET") && part.endsWith("\r\n\r\n")) await once(socket, "data");
    }
    const timer = setInterval(() => socket.write("x"), 300);
    await closed(socket);
    clearInterval(timer);
    return "closed";
  }

  async function open(): Promise<net.Socket> {
    const socket = net.connect(5280, server.address);
    await keep(() => socket.destroy());
    socket.on("error", () => undefined);
    await once(socket, "connect");
    return socket.on("data", () => undefined);
  }

  it.concurrent.each([
    ["a body of known size", [post(1_000_000) + "x".repeat(8000)]],
    ["a body in pieces", [`POST /http-bind HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n2000\r\nxxxx`]],
    ["a first header", ["GET / HTTP/1.1\r\nX: "]],
    ["a second header", [`GET / HTTP/1.1\r\n${host}\r\n`, "GET / HTTP/1.1\r\nX: "]],
    ["the body of a second request", [`GET / HTTP/1.1\r\n${host}\r\n`, post(1_000_000)]],
  ])("end where it goes on byte by byte: %s", async (_, beginning) => {
    expect(await drip(...beginning)).toBe("closed");
  });

  it.concurrent("end where nothing comes after one", async () => {
    const socket = await open();
    socket.write(`GET / HTTP/1.1\r\n${host}\r\n`);
    await closed(socket);
    expect(socket.bytesRead).toBeGreaterThan(0);
  });

  it.concurrent("end where a second header is larger than any, before it is late", async () => {
    const [large, slow] = [await open(), await open()];
    const ended: string[] = [];
    const ends = [closed(large).then(() => ended.push("large")), closed(slow).then(() => ended.push("slow"))];
    for (const socket of [large, slow]) {
      socket.write(`GET / HTTP/1.1\r\n${host}\r\n`);
      await once(socket, "data");
    }
    slow.write("GET / HTTP/1.1\r\nX: x");
    large.write(`GET / HTTP/1.1\r\nX: ${"x".repeat(9000)}`);
    // By itself 0.12 takes two megabytes.
    for (let sent = 0; sent < 10 && !large.destroyed; sent += 1) {
      large.write("x".repeat(9000));
      await wait(20);
    }
    await Promise.all(ends);
    expect(ended).toEqual(["large", "slow"]);
  });

  it.concurrent("are slow uploads too, which pass", async () => {
    const entity = await server.connect("someone", password);
    const file = Buffer.alloc(100_000, "slow ");
    const slot = await askSlot(entity, `upload.${domain}`, file.length);
    const headers = { authorization: slot.authorization, "content-type": "text/plain", "content-length": file.length };
    const at = { host: server.address, port: 5280, path: new URL(slot.put).pathname, method: "PUT" };
    const sent = request({ ...at, headers: { ...headers, host: `upload.${domain}` } });
    const answered = once(sent, "response");
    // Ten seconds and more.
    for (let from = 0; from < file.length; from += 2500) {
      sent.write(file.subarray(from, from + 2500));
      await wait(260);
    }
    sent.end();
    const [answer] = await answered;
    expect(answer.statusCode).toBe(201);
  });

  it.concurrent("are those that the server itself keeps waiting, and WebSockets, which stay", async () => {
    const socket = await talkBySocket(`wss://${domain}:5281/xmpp-websocket`, domain);
    const browser = await talkByBosh(postTo(`https://${domain}:5281/http-bind`), domain);
    for (const talk of [socket, browser]) expect(await enterTalk(talk, someone)).toBe("bound");
    // The server answers when ten seconds are over.
    expect(await browser.ask("", /<body/u)).not.toContain("terminate");
    for (const talk of [socket, browser]) expect(await isAlive(talk)).toBe(true);
    for (const talk of [socket, browser]) talk.close();
  });

  it.concurrent("end at the file transfer proxy, where no transfer comes of them; one that goes on stays", async () => {
    const entity = await server.connect("someone", password);
    const initiator = entity.jid?.toString() ?? "";
    const connect = async (sid: string): Promise<net.Socket> => {
      const socket = await connectSocks(server.address, 5000, { sid, initiator, target: initiator });
      await keep(() => socket.destroy());
      return socket.on("error", () => undefined);
    };
    const [target, source] = [await connect("going on"), await connect("going on")];
    const activate = xml("query", { xmlns: bytestreams, sid: "going on" }, xml("activate", {}, initiator));
    await query(entity, { to: proxy, type: "set" }, activate);
    const silent = net.connect(5000, server.address).on("error", () => undefined);
    const waiting = await connect("never begun");
    await Promise.all([silent.resume(), waiting.resume()].map(closed));
    const received = readBytes(target, 5);
    source.write("hello");
    expect(String(await received)).toBe("hello");
  });

  it.concurrent("bring no session that nobody logs in to, nor one that stays nobody's in particular", async () => {
    const browser = await talkByBosh(postTo(`https://${domain}:5281/http-bind`), domain);
    expect(browser.features).toContain("<mechanism>");
    expect(await browser.ask("", endOfLogin)).toContain("connection-timeout");
    const stream = await talkByTls(server);
    expect(await tryPassword(stream, someone)).toBe("success");
    await stream.restart();
    expect(await stream.ask(" ", endOfLogin)).toContain("connection-timeout");
  });
});

describe.each(imageSeries)("requests that are not whole, of Prosody %s", (series) => {
  const keep = useLeftovers();

  it("are not kept without number: who has waited longest goes", async () => {
    const files = { "/etc/prosody/conf.d/patience.cfg.lua": "foundry_held_requests = 4 * 1024 * 1024\n" };
    const server = await keep(startProsody({ image: await ensureProsodyImage(series), files }));
    const sockets: net.Socket[] = [];
    for (let at = 0; at < 6; at += 1) {
      const socket = net.connect(5280, server.address);
      await keep(() => socket.destroy());
      socket.on("error", () => undefined).resume();
      sockets.push(socket);
      await new Promise((resolve) => socket.write(post(1_000_000) + "x".repeat(900_000), resolve));
    }
    const [first, , , , , last] = sockets;
    if (first === undefined || last === undefined) throw new Error("There are no connections");
    await closed(first);
    expect(last.destroyed).toBe(false);
    expect(await server.log()).toContain("has not finished its request while there are too many of them");
  });
});

async function closed(socket: net.Socket): Promise<void> {
  if (socket.destroyed) return;
  await new Promise((resolve) => socket.once("close", resolve));
}
