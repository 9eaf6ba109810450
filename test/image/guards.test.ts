import net from "node:net";
import { beforeAll, describe, expect, it } from "vitest";
import { plainLogin } from "../../packages/bake/src/check-stream.ts";
import { knowHosts } from "../fixtures/known-hosts.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { type Conversation, converse, converseByTls, endOf, streamHeader } from "../fixtures/probe.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { openStream, register } from "../fixtures/raw-stream.ts";
import { enter, newRoom } from "../fixtures/rooms.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { until } from "../fixtures/until.ts";
import { talkByWebSocket } from "../fixtures/web-socket.ts";

const domain = "example.org";
const secret = "a long secret";
const endOfLogin = /<success|<\/failure>|<stream:error|<\/stream:stream/u;
const initial = Buffer.from(`\0someone\0${secret}`).toString("base64");
const ways = {
  SASL: plainLogin("someone", secret),
  SASL2: `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>${initial}</initial-response></authenticate>`,
};

// All that a small server is of, and what tells that it serves; no module that looks at invitations, none of ours that guards.
const ownModules = ["disco", "roster", "saslauth", "tls", "register", "ping", "foundry_report"];
const ownList = (...more: string[]): string =>
  `modules_enabled = ${JSON.stringify([...ownModules, ...more])
    .replace("[", "{")
    .replace("]", "}")}\n`;

beforeAll(useEngine);

describe.each(imageSeries)("a server of %s", (series) => {
  const keep = useLeftovers();
  let servers: Record<"usual" | "own" | "careless", ProsodyServer>;
  let hasSasl2: boolean;

  beforeAll(async () => {
    const image = await ensureProsodyImage(series);
    const component = { PROSODY_EXTERNAL_COMPONENTS: `bridge.${domain}:secret`, PROSODY_COMPONENT_INTERFACES: "*" };
    const usual = await keep(
      startProsody({ image, env: { PROSODY_DISABLE_MODULES: "invites_register", ...component } }),
    );
    hasSasl2 = (await usual.ask(`prosody.hosts['${domain}'].modules.sasl2 ~= nil`)) === "true";
    // That one brings mod_sasl2 along.
    const own = ownList(...(hasSasl2 ? ["sasl2_bind2"] : []));
    servers = {
      usual,
      own: await keep(startProsody({ image, files: { "/etc/prosody/conf.d/own.cfg.lua": own } })),
      careless: await keep(
        startProsody({
          image,
          env: {
            PROSODY_C2S_REQUIRE_ENCRYPTION: "false",
            PROSODY_ALLOW_PLAIN: "true",
            PROSODY_MUC_DOMAIN: "rooms.example.net",
          },
        }),
      ),
    };
    for (const server of Object.values(servers)) await server.addAccount("someone", secret);
    await keep(knowHosts({ [domain]: servers.usual.address }));
  });

  it.each(["usual", "own"] as const)(
    "makes no account without the module that checks invitations: %s",
    async (name) => {
      const stream = await openStream(servers[name]);
      expect(stream.features).not.toContain("iq-register");
      expect(await register(stream, "stranger", "let-me-in-please")).toBe("service-unavailable");
      stream.close();
    },
  );

  it.for(["SASL", "SASL2"] as const)("takes no password that it can read, asked for by %s", async (way, { skip }) => {
    skip(way === "SASL2" && !hasSasl2, "this image has no mod_sasl2");
    const stream = await byTls(servers.usual);
    expect(await stream.ask(streamHeader(domain), endOf.features)).not.toContain("PLAIN");
    expect(await stream.ask(ways[way], endOfLogin)).toMatch(/<failure.*<invalid-mechanism/u);
    stream.close();
    const socket = await talkByWebSocket(`wss://${domain}:5281/xmpp-websocket`, domain);
    expect(await socket.ask(ways[way], endOfLogin)).toMatch(/<failure.*<invalid-mechanism/u);
    socket.close();
  });

  it.for(["SASL", "SASL2"] as const)(
    "takes no password that it can read with a list of modules of its own, asked for by %s",
    async (way, { skip }) => {
      skip(way === "SASL2" && !hasSasl2, "this image has no mod_sasl2");
      const stream = await byTls(servers.own);
      const features = await stream.ask(streamHeader(domain), endOf.features);
      expect(features).toContain(way === "SASL" ? "urn:ietf:params:xml:ns:xmpp-sasl" : "urn:xmpp:sasl:2");
      expect(features).not.toContain("PLAIN");
      expect(await stream.ask(ways[way], endOfLogin)).toMatch(/<failure.*<invalid-mechanism/u);
      stream.close();
    },
  );

  it.for(["SASL", "SASL2"] as const)(
    "takes a password through TLS alone where it takes one, by %s",
    async (way, { skip }) => {
      skip(way === "SASL2" && !hasSasl2, "this image has no mod_sasl2");
      const plain = converse(servers.careless.address, 5222);
      expect(await plain.ask(streamHeader(domain), endOf.features)).not.toContain("PLAIN");
      expect(await plain.ask(ways[way], endOfLogin)).toMatch(/<failure/u);
      plain.close();
      const stream = await byTls(servers.careless);
      await stream.ask(streamHeader(domain), endOf.features);
      expect(await stream.ask(ways[way], endOfLogin)).toContain("<success");
      stream.close();
    },
  );

  it("lets its users make rooms at a domain that is not below theirs", async () => {
    const someone = await servers.careless.connect("someone", secret);
    expect(await enter(someone, newRoom("rooms.example.net"))).toEqual({ history: [] });
  });

  it("keeps nothing of connections that are gone", async () => {
    const { usual } = servers;
    await usual.ask(watch);
    const sockets = [5280, 5280, 5347].flatMap((port) =>
      Array.from({ length: 10 }, () => net.connect(port, usual.address)),
    );
    for (const [at, socket] of sockets.entries())
      await new Promise((resolve) => {
        socket.once("connect", resolve);
        if (at < 10) socket.write("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
      });
    const seen = "prosody.foundry_seen";
    await until(
      async () => usual.ask(`${seen}.come`),
      (come) => come === "30",
    );
    for (const socket of sockets) socket.destroy();
    await until(
      async () => usual.ask(`${seen}.gone`),
      (gone) => gone === "30",
    );
    // The last of all may be in the hands of the loop still.
    expect(Number(await usual.ask(`${seen}.count()`))).toBeLessThan(3);
  });
});

async function byTls({ address, authority }: ProsodyServer): Promise<Conversation> {
  const trusted = { servername: domain, ca: authority.certificate, ALPNProtocols: ["xmpp-client"] };
  return converseByTls(address, 5223, trusted);
}

const watch = `(function()
  local load = function(name) local found, it = pcall(require, 'prosody.' .. name) return found and it or require(name) end
  local seen = { come = 0, gone = 0, connections = setmetatable({}, { __mode = 'k' }) }
  prosody.foundry_seen = seen
  function seen.count()
    collectgarbage() collectgarbage()
    local count = 0
    for _ in pairs(seen.connections) do count = count + 1 end
    return count
  end
  for _, listener in ipairs({ load('net.http.server').listener, load('core.portmanager').get_service('component').listener }) do
    local come, go = listener.onconnect, listener.ondisconnect
    listener.onconnect = function(conn) seen.connections[conn] = true seen.come = seen.come + 1 return come(conn) end
    listener.ondisconnect = function(conn, ...) seen.gone = seen.gone + 1 return go(conn, ...) end
  end
end)()`.replaceAll("\n", " ");
