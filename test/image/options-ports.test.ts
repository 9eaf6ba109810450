import { beforeAll, describe, expect, it } from "vitest";
import { logIn, logOut } from "../../packages/bake/src/run-verify-client.ts";
import { knowHosts } from "../fixtures/known-hosts.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { startPeer } from "../fixtures/network-peer.ts";
import { converseByTls, endOf, isOpen, streamHeader } from "../fixtures/probe.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const domain = "example.org";
const account = { user: "someone", password: "a long secret" };

beforeAll(useEngine);

describe.each(imageSeries)("ports of %s", (series) => {
  const keep = useLeftovers();
  let moved: ProsodyServer;
  let few: ProsodyServer;

  beforeAll(async () => {
    const image = await ensureProsodyImage(series);
    const loopback = ["--sysctl=net.ipv6.conf.all.disable_ipv6=0"];
    [moved, few] = await Promise.all([
      keep(
        startProsody({
          image,
          run: loopback,
          env: {
            PROSODY_C2S_PORTS: "6222,6322",
            PROSODY_C2S_DIRECT_TLS_PORTS: "6223",
            PROSODY_S2S_PORTS: "6269",
            PROSODY_S2S_DIRECT_TLS_PORTS: "6270",
            PROSODY_HTTP_PORTS: "6280",
            PROSODY_HTTPS_PORTS: "6281",
            PROSODY_IPV6: "true",
          },
        }),
      ),
      keep(
        startProsody({
          image,
          domain: "few.example",
          run: loopback,
          env: {
            PROSODY_WEB_CLIENTS: "false",
            PROSODY_IPV6: "false",
            PROSODY_C2S_DIRECT_TLS_PORTS: "none",
            PROSODY_S2S_DIRECT_TLS_PORTS: "none",
            PROSODY_HTTP_PORTS: "none",
          },
        }),
      ),
    ]);
    await keep(knowHosts({ [domain]: moved.address, "few.example": few.address }));
    await moved.addAccount(account.user, account.password);
  });

  const features = async (port: number, kind: "client" | "server"): Promise<string> => {
    const options = { servername: domain, ca: moved.authority.certificate, ALPNProtocols: [`xmpp-${kind}`] };
    const stream = await converseByTls(moved.address, port, options);
    const heard = await stream.ask(streamHeader(domain, kind), endOf.features);
    stream.close();
    return heard;
  };

  it("PROSODY_C2S_PORTS: clients log in there", async () => {
    const at = { host: moved.address, domain, authority: moved.authority.certificate, patience: 20_000 };
    for (const port of [6222, 6322]) {
      const { entity, secure } = await logIn({ ...at, port }, account);
      expect(secure).toBe(true);
      await logOut(entity);
    }
    expect(await isOpen(moved.address, 5222)).toBe(false);
  });

  it("PROSODY_C2S_DIRECT_TLS_PORTS: clients are offered a login there, in TLS", async () => {
    expect(await features(6223, "client")).toContain("<mechanism>SCRAM-SHA-1</mechanism>");
    expect(await isOpen(moved.address, 5223)).toBe(false);
    expect(await isOpen(few.address, 5223)).toBe(false);
  });

  it("PROSODY_S2S_PORTS: servers are met there", async () => {
    expect(await isOpen(moved.address, 6269)).toBe(true);
    expect(await isOpen(moved.address, 5269)).toBe(false);
  });

  it("PROSODY_S2S_DIRECT_TLS_PORTS: servers are met there, in TLS", async () => {
    expect(await features(6270, "server")).toMatch(/jabber:server/u);
    expect(await isOpen(moved.address, 5270)).toBe(false);
    expect(await isOpen(few.address, 5270)).toBe(false);
  });

  it("PROSODY_HTTP_PORTS, PROSODY_HTTPS_PORTS: HTTP answers there", async () => {
    expect((await fetch(`http://${domain}:6280/http-bind`)).status).toBe(200);
    expect((await fetch(`https://${domain}:6281/http-bind`)).status).toBe(200);
    for (const port of [5280, 5281]) expect(await isOpen(moved.address, port)).toBe(false);
    expect(await isOpen(few.address, 5280)).toBe(false);
  });

  it("PROSODY_WEB_CLIENTS: without it there is neither BOSH nor WebSocket", async () => {
    const at = "https://few.example:5281";
    for (const path of ["/http-bind", "/xmpp-websocket", "/.well-known/host-meta"])
      expect((await fetch(`${at}${path}`)).status).toBe(404);
  });

  it("PROSODY_IPV6: whether there is an answer on it", async () => {
    expect(await answersOn(moved, "::1", 6222)).toBe(true);
    expect(await answersOn(few, "::1", 5222)).toBe(false);
    expect(await answersOn(few, "127.0.0.1", 5222)).toBe(true);
  });

  /** Asked from within the server's own network. */
  async function answersOn(server: ProsodyServer, address: string, port: number): Promise<boolean> {
    const peer = await keep(startPeer({ command: ["sleep", "infinity"], network: `container:${server.name}` }));
    const script = `import socket; socket.create_connection(("${address}", ${port}), 10)`;
    return (await peer.exec(["python3", "-c", script])).exitCode === 0;
  }
});
