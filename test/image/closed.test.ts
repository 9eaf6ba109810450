import { runCommand } from "@prosody-foundry/kit";
import { xml } from "@xmpp/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { plainLogin, registration } from "../../packages/bake/src/check-stream.ts";
import { openBosh } from "../fixtures/bosh-session.ts";
import { knowHosts } from "../fixtures/known-hosts.ts";
import { makeAuthority } from "../fixtures/authority.ts";
import {
  type Conversation,
  converse,
  converseByTls,
  endOf,
  isOpen,
  startTls,
  streamHeader,
} from "../fixtures/probe.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { talkByWebSocket } from "../fixtures/web-socket.ts";

const domain = "example.org";
const login = plainLogin("someone", "a long secret");
const register = registration("stranger", "let-me-in-please");
const endOfLogin = /<success|<failure|<stream:error|<\/stream:stream/u;
const endOfIq = /<iq[^>]*type=['"](result|error)|<stream:error|<\/stream:stream/u;

// What answers on HTTP of a server with nothing set, and none of it governs the server. An invitation's own page and
// the documents of client software come with modules that not every build has.
const harmless = [
  /^(GET|POST|OPTIONS) (example\.org)?\/http-bind\/?$/u,
  /^(GET|OPTIONS) (example\.org)?\/xmpp-websocket\/?$/u,
  /^(GET|HEAD|PUT|OPTIONS) upload\.example\.org\/file_share(\/\*?)?$/u,
  /^(GET|OPTIONS) (example\.org)?\/\.well-known\/host-meta(\.json)?$/u,
  // No pages: errors to dress, answers to look at.
  /^http-[a-z-]+$/u,
];

beforeAll(useEngine);

// Nothing but a domain is set.
describe.each(imageSeries)("a server of %s, from outside", (series) => {
  let server: ProsodyServer;
  let image: string;
  let forget: () => void;

  beforeAll(async () => {
    image = await ensureProsodyImage(series);
    server = await startProsody({ image });
    await server.addAccount("someone", "a long secret");
    forget = knowHosts({ [domain]: server.address, [`upload.${domain}`]: server.address });
  });
  afterAll(async () => {
    forget();
    await server.close();
  });

  const trusted = () => ({ servername: domain, ca: server.authority.certificate });

  /** A client's stream on that port, encrypted where the port can. */
  async function openStream(port: number): Promise<{ stream: Conversation; features: string }> {
    const stream =
      port === 5223
        ? await converseByTls(server.address, port, { ...trusted(), ALPNProtocols: ["xmpp-client"] })
        : await secureByStartTls(converse(server.address, port), "client");
    return { stream, features: await stream.ask(streamHeader(domain), endOf.features) };
  }

  async function secureByStartTls(plain: Conversation, kind: "client" | "server"): Promise<Conversation> {
    await plain.ask(streamHeader(domain, kind), endOf.features);
    await plain.ask(startTls, endOf.tls);
    return plain.secure(trusted());
  }

  it("has these ports open and no other, as the image says", async () => {
    const { stdout } = await runCommand("docker", [
      "image",
      "inspect",
      "--format={{json .Config.ExposedPorts}}",
      image,
    ]);
    const exposed = [...stdout.matchAll(/(\d+)\/tcp/gu)].map(([, port]) => Number(port));
    expect(sorted(exposed)).toEqual([5222, 5223, 5269, 5270, 5280, 5281]);
    expect(sorted(await listPorts(server))).toEqual(sorted(exposed));
    for (const port of exposed) expect(await isOpen(server.address, port)).toBe(true);
    for (const port of [5000, 5347, 5582]) expect(await isOpen(server.address, port)).toBe(false);
  });

  it("takes no password without TLS", async () => {
    const plain = converse(server.address, 5222);
    const features = await plain.ask(streamHeader(domain), endOf.features);
    expect(features).toMatch(/<starttls[^>]*><required\/>/u);
    expect(features).not.toContain("<mechanism>");
    expect(await plain.ask(login, endOfLogin)).not.toContain("<success");
    const session = await openBosh(`http://${server.address}:5280/http-bind`, domain);
    expect(session.features).not.toContain("<mechanism>");
    expect(await session.send(login)).not.toContain("<success");
    const socket = await talkByWebSocket(`ws://${server.address}:5280/xmpp-websocket`, domain);
    expect(socket.features).not.toContain("<mechanism>");
    expect(await socket.ask(login, endOfLogin)).not.toContain("<success");
    socket.close();
  });

  it.each([5222, 5223])("takes no password that is readable to the server, on port %d", async (port) => {
    const { stream, features } = await openStream(port);
    expect(features).toContain("<mechanism>SCRAM-SHA-1</mechanism>");
    expect(features).not.toMatch(/<mechanism>(PLAIN|LOGIN|DIGEST-MD5|ANONYMOUS)</u);
    expect(await stream.ask(login, endOfLogin)).toMatch(/<failure.*invalid-mechanism/u);
    stream.close();
  });

  it("takes no such password by BOSH and WebSocket either", async () => {
    const session = await openBosh(`https://${domain}:5281/http-bind`, domain);
    expect(session.features).toContain("<mechanism>SCRAM-SHA-1</mechanism>");
    expect(session.features).not.toMatch(/<mechanism>(PLAIN|LOGIN|DIGEST-MD5|ANONYMOUS)</u);
    expect(await session.send(login)).toContain("invalid-mechanism");
    const socket = await talkByWebSocket(`wss://${domain}:5281/xmpp-websocket`, domain);
    expect(socket.features).not.toMatch(/<mechanism>(PLAIN|LOGIN|DIGEST-MD5|ANONYMOUS)</u);
    expect(await socket.ask(login, endOfLogin)).toContain("invalid-mechanism");
    socket.close();
  });

  it("makes no account for a stranger, over whichever transport", async () => {
    const answers: string[] = [];
    for (const port of [5222, 5223]) {
      const { stream } = await openStream(port);
      answers.push(await stream.ask(register, endOfIq));
      stream.close();
    }
    const plain = converse(server.address, 5222);
    await plain.ask(streamHeader(domain), endOf.features);
    answers.push(await plain.ask(register, endOfIq));
    const withNamespace = register.replace("<iq ", "<iq xmlns='jabber:client' ");
    const socket = await talkByWebSocket(`wss://${domain}:5281/xmpp-websocket`, domain);
    answers.push(await socket.ask(withNamespace, endOfIq));
    socket.close();
    for (const at of [`https://${domain}:5281`, `http://${server.address}:5280`])
      answers.push(await (await openBosh(`${at}/http-bind`, domain)).send(withNamespace));
    for (const answer of answers) expect(answer).not.toMatch(/type=['"]result['"]/u);
    expect(answers).toHaveLength(6);
    await expect(server.connect("stranger", "let-me-in-please")).rejects.toThrow("not-authorized");
  });

  it("hears nothing from a server that has not proved who it is", async () => {
    const message = `<message to='someone@${domain}' from='anybody@victim.example' type='chat'><body>forged</body></message>`;
    const someone = await server.connect("someone", "a long secret");
    const heard: string[] = [];
    someone.on("stanza", (stanza: { toString(): string }) => heard.push(stanza.toString()));
    const plain = converse(server.address, 5269);
    const features = await plain.ask(streamHeader(domain, "server", "victim.example"), endOf.features);
    expect(features).toMatch(/<starttls[^>]*><required\/>/u);
    expect(features).not.toContain("<mechanism>");
    await plain.ask(`${message}</stream:stream>`, /<\/stream:stream/u);
    const stranger = await (await makeAuthority()).issue(["victim.example"]);
    const identity = { cert: stranger.certificate, key: stranger.key, ALPNProtocols: ["xmpp-server"] };
    for (const more of [{ ALPNProtocols: ["xmpp-server"] }, identity]) {
      const stream = await converseByTls(server.address, 5270, { ...trusted(), ...more });
      const offered = await stream.ask(streamHeader(domain, "server", "victim.example"), endOf.features);
      expect(offered).not.toContain("EXTERNAL");
      await stream.ask(`${message}</stream:stream>`, /<\/stream:stream/u);
      stream.close();
    }
    await someone.iqCaller.request(ping());
    expect(heard.join("")).not.toContain("forged");
  });

  it("has nothing on HTTP that governs it", async () => {
    const module = "(pcall(require, 'prosody.net.http.server') and 'prosody.' or '') .. 'net.http.server'";
    const list = await server.ask(
      `(function() local t = {} for k in pairs(require(${module})._events._event_map) do t[#t + 1] = tostring(k) end return table.concat(t, '|') end)()`,
    );
    const events = list.split("|");
    expect(events.length).toBeGreaterThan(5);
    expect(events.filter((event) => !harmless.some((pattern) => pattern.test(event)))).toEqual([]);
    const paths = [
      "/admin",
      "/admin/",
      "/admin_api",
      "/api",
      "/console",
      "/metrics",
      "/register",
      "/rest",
      "/oauth2/token",
    ];
    for (const at of [`http://${server.address}:5280`, `https://${domain}:5281`]) {
      for (const path of paths) expect([path, (await fetch(`${at}${path}`)).status]).toEqual([path, 404]);
    }
  });

  it("is governed through a socket in the container alone", async () => {
    expect(await server.ctl("shell", "host", "list")).toContain(domain);
    const listening = await server.ask("require('lfs').attributes('/run/prosody/prosody.sock', 'mode')");
    expect(listening).toBe("socket");
  });
});

function ping() {
  return xml("iq", { type: "get" }, xml("ping", { xmlns: "urn:xmpp:ping" }));
}

/** Ports that listen to more than the container itself. */
async function listPorts(server: ProsodyServer): Promise<number[]> {
  const script = `for _, name in ipairs({ "/proc/net/tcp", "/proc/net/tcp6" }) do
    local file = io.open(name)
    for line in file and file:lines() or function() end do
      local address, port = line:match("^%s*%d+: (%x+):(%x+) %x+:%x+ 0A")
      if address and not address:find("7F$") and address ~= "00000000000000000000000001000000" then print(tonumber(port, 16)) end
    end
  end`;
  const { stdout } = await server.exec(["/usr/bin/lua5.4", "-e", script]);
  return [...new Set(stdout.trim().split("\n").map(Number))];
}

function sorted(numbers: readonly number[]): number[] {
  return numbers.toSorted((a, b) => a - b);
}
