import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { openBosh } from "../fixtures/bosh-session.ts";
import { enterByBosh } from "../fixtures/compliance/bosh-client.ts";
import { knowHosts } from "../fixtures/known-hosts.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { type TestNetwork, makeNetwork } from "../fixtures/network-peer.ts";
import { enterTalk, isAlive, type Talk, talkBySocket } from "../fixtures/plain-talk.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { startReverseProxy } from "../fixtures/reverse-proxy.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { addAccountAt, connectTo } from "../fixtures/second-domain.ts";
import { askSlot, download, upload } from "../fixtures/upload.ts";
import { enterBySocket } from "../fixtures/web-client.ts";

const outside = "xmpp.example.net";
const second = "example.com";
const password = "a long secret";
const account = { bare: "someone@example.org", password };

beforeAll(useEngine);

describe.each(imageSeries)("HTTP of %s behind nginx", (series) => {
  const keep = useLeftovers();
  let network: TestNetwork;
  let server: ProsodyServer;
  let idle: Talk;
  let idleSince: number;

  beforeAll(async () => {
    network = await keep(makeNetwork());
    const env = {
      PROSODY_VIRTUAL_HOSTS: `example.org,${second}`,
      PROSODY_HTTP_EXTERNAL_URL: `https://${outside}/`,
      PROSODY_TRUSTED_PROXIES: `127.0.0.1,${network.address(20)}/32`,
      PROSODY_HTTP_MAX_CONTENT_SIZE: "20kb",
      PROSODY_ALLOW_PLAIN: "true",
    };
    const image = await ensureProsodyImage(series);
    const run = [`--ip=${network.address(10)}`];
    const names = ["*.example.org", second];
    server = await keep(startProsody({ image, network: network.name, run, env, names }));
    await keep(
      startReverseProxy({
        network: network.name,
        address: network.address(20),
        upstream: `${network.address(10)}:5280`,
        names: [outside, second],
        authority: server.authority,
      }),
    );
    await keep(knowHosts({ [outside]: network.address(20), [second]: network.address(20) }));
    await server.addAccount("someone", password);
    await addAccountAt(server, `other@${second}`, password);
    idle = await talkBySocket(`wss://${outside}/xmpp-websocket`, "example.org");
    await enterTalk(idle, { user: "someone", password });
    idleSince = Date.now();
  });

  it("PROSODY_HTTP_EXTERNAL_URL: files go through the proxy, by the address that clients are told", async () => {
    const someone = await server.connect("someone", password);
    const file = randomBytes(100_000);
    const { status, url } = await upload(someone, "upload.example.org", file);
    expect(status).toBe(201);
    expect(url).toMatch(`https://${outside}/`);
    expect(await download(url)).toEqual(file);
  });

  it("PROSODY_HTTP_EXTERNAL_URL: so do those of another domain, and neither finds the other's", async () => {
    const someone = await server.connect("someone", password);
    const other = await connectTo(server, `other@${second}`, password);
    const file = randomBytes(2_000_000);
    const [ours, theirs] = [
      await upload(someone, "upload.example.org", randomBytes(1000)),
      await upload(other, `upload.${second}`, file),
    ];
    await other.stop();
    expect([ours.status, theirs.status]).toEqual([201, 201]);
    expect(theirs.url).toMatch(`https://${outside}/`);
    expect(await download(theirs.url)).toEqual(file);
    expect(await download(theirs.url.replace(`upload.${second}/`, ""))).toBe(404);
    expect(await download(ours.url.replace(`${outside}/`, `${outside}/upload.${second}/`))).toBe(404);
  });

  it("PROSODY_HTTP_EXTERNAL_URL: web clients of another domain may ask before, and are led on, as those of the first", async () => {
    const other = await connectTo(server, `other@${second}`, password);
    const slot = await askSlot(other, `upload.${second}`, 10);
    await other.stop();
    const preflight = await fetch(slot.put, { method: "OPTIONS", headers: { origin: "https://chat.example" } });
    expect(preflight.status).toBe(200);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PUT");
    const led = await fetch(`https://${outside}/${second}/http-bind/?a=b`, { redirect: "manual" });
    expect(led.status).toBe(200);
    const away = await fetch(`https://${outside}/upload.${second}/file_share?a=b`, { redirect: "manual" });
    expect(away.headers.get("location")).toBe(`/upload.${second}/file_share/?a=b`);
  });

  it("PROSODY_WEB_CLIENTS: clients of another domain log in, by the addresses of all and of their own", async () => {
    const them = { bare: `other@${second}`, password };
    for (const folder of ["", `${second}/`]) {
      const browser = await keep(enterByBosh(`https://${outside}/${folder}http-bind`, them));
      expect(browser.jid).toMatch(/^other@example\.com\//u);
      const socket = await enterBySocket(`wss://${outside}/${folder}xmpp-websocket`, them);
      expect(socket.jid?.toString()).toMatch(/^other@example\.com\//u);
      await socket.stop();
    }
  });

  it("PROSODY_WEB_CLIENTS: clients log in by WebSocket and by BOSH", async () => {
    const socket = await enterBySocket(`wss://${outside}/xmpp-websocket`, account);
    expect(socket.jid?.toString()).toMatch(/^someone@example\.org\//u);
    await socket.stop();
    const browser = await keep(enterByBosh(`https://${outside}/http-bind`, account));
    expect(browser.jid).toMatch(/^someone@example\.org\//u);
  });

  it("PROSODY_WEB_CLIENTS: host-meta leads them there", async () => {
    // Debian's packages do not have the module.
    const has = await server.ask(
      "require('prosody.core.modulemanager' and 'core.modulemanager').is_loaded('example.org', 'http_altconnect')",
    );
    const answer = await fetch(`https://${outside}/.well-known/host-meta.json`);
    const text = await answer.text();
    expect(answer.status).toBe(has === "true" ? 200 : 404);
    expect(text.includes(`wss://${outside}/xmpp-websocket`)).toBe(has === "true");
    const theirs = await (await fetch(`https://${second}/.well-known/host-meta.json`)).text();
    expect(theirs.includes(`wss://${outside}/${second}/xmpp-websocket`)).toBe(has === "true");
    expect(theirs.includes(`https://${outside}/${second}/http-bind`)).toBe(has === "true");
  });

  it("PROSODY_TRUSTED_PROXIES: whose word is taken for the client's address and for encryption", async () => {
    // This machine is no proxy, whatever it says.
    const forged = { "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7" };
    const direct = `http://${network.address(10)}:5280/http-bind`;
    expect((await openBosh(direct, "example.org", forged)).features).not.toContain("<mechanism>");
    const session = await openBosh(`https://${outside}/http-bind`, "example.org");
    expect(session.features).toContain("<mechanism>SCRAM-SHA-1</mechanism>");
    const browser = await keep(enterByBosh(`https://${outside}/http-bind`, account));
    expect(await server.ask(`prosody.full_sessions['${browser.jid}'].ip`)).toBe(network.address(1));
  });

  // What nginx does is the same with every series.
  it.runIf(series === imageSeries[0])(
    "keeps web clients that say nothing for longer than nginx does by itself",
    async () => {
      await wait(idleSince + 65_000 - Date.now());
      expect(await isAlive(idle)).toBe(true);
      idle.close();
    },
  );

  it("PROSODY_HTTP_MAX_CONTENT_SIZE: a larger request is refused, uploads apart", async () => {
    expect(await postTo(server.address, 10_000)).toContain(" sid='");
    expect(await postTo(server.address, 30_000)).not.toContain("sid=");
  });
});

async function postTo(host: string, size: number): Promise<string> {
  const session = "to='example.org' wait='10' hold='1' ver='1.6' xmlns='http://jabber.org/protocol/httpbind'";
  const body = `<body rid='1' ${session} padding='${"x".repeat(size)}'/>`;
  const init = { method: "POST", body, redirect: "manual" } as const;
  // A server that has read enough may just hang up.
  return fetch(`http://${host}:5280/http-bind`, init).then(
    async (answer) => answer.text(),
    () => "",
  );
}
