import { setTimeout as wait } from "node:timers/promises";
import { xml } from "@xmpp/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { query } from "../fixtures/messages.ts";
import { type TestNetwork, makeNetwork } from "../fixtures/network-peer.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { type TurnServer, startTurn } from "../fixtures/turn-server.ts";

const secret = "what the two share";
const host = "turn.example.org";

type Service = Record<string, string | undefined>;

beforeAll(useEngine);

describe.each(imageSeries)("calls with %s", (series) => {
  let network: TestNetwork;
  let turn: TurnServer;
  let server: ProsodyServer;
  let other: ProsodyServer;
  let someone: LoggedIn;
  let services: Service[];

  beforeAll(async () => {
    network = await makeNetwork();
    const image = await ensureProsodyImage(series);
    const files = { "/run/secrets/turn": `${secret}\n` };
    const common = { PROSODY_TURN_SECRET_FILE: "/run/secrets/turn", PROSODY_TURN_PORT: "3479" };
    [server, other] = await Promise.all([
      startProsody({
        image,
        files,
        network: network.name,
        env: { ...common, PROSODY_TURN_HOST: host, PROSODY_TURN_TLS_PORT: "5350", PROSODY_TURN_TCP: "true" },
      }),
      startProsody({
        image,
        files,
        network: network.name,
        domain: "short.example",
        env: { ...common, PROSODY_TURN_TTL: "1s" },
      }),
    ]);
    turn = await startTurn({ network, name: host, secret, port: 3479, tlsPort: 5350, authority: server.authority });
    await server.addAccount("someone", "a long secret");
    someone = await server.connect("someone", "a long secret");
    services = await askServices(someone);
  });
  afterAll(async () => {
    await Promise.all([turn, server, other].map((each) => each.close()));
    await network.close();
  });

  const find = (type: string, transport: string): Service => {
    const found = services.find((each) => each["type"] === type && each["transport"] === transport);
    return found ?? {};
  };
  const attempt = (service: Service, transport: "udp" | "tcp" | "tls") =>
    turn.give({
      user: service["username"] ?? "",
      password: service["password"] ?? "",
      port: Number(service["port"]),
      transport,
    });

  it("PROSODY_TURN_SECRET, PROSODY_TURN_PORT: coturn takes the passwords that clients are given", async () => {
    const service = find("turn", "udp");
    expect(await attempt(service, "udp")).toBe("a relay");
    expect(await attempt({ ...service, password: "another" }, "udp")).not.toBe("a relay");
  });

  it("PROSODY_TURN_HOST: clients are told that name", () => {
    expect(new Set(services.map((service) => service["host"]))).toEqual(new Set([host]));
  });

  it("PROSODY_TURN_TCP: over TCP, too", async () => {
    expect(await attempt(find("turn", "tcp"), "tcp")).toBe("a relay");
  });

  it("PROSODY_TURN_TLS_PORT: over TLS, too", async () => {
    const service = find("turns", "tcp");
    expect(service["port"]).toBe("5350");
    expect(await attempt(service, "tls")).toBe("a relay");
  });

  it("PROSODY_TURN_TTL: a password is good for so long", async () => {
    await other.addAccount("someone", "a long secret");
    const [short] = (await askServices(await other.connect("someone", "a long secret"))).filter(
      (service) => service["type"] === "turn",
    );
    await wait(3000);
    expect(await attempt(short ?? {}, "udp")).not.toBe("a relay");
    expect(await attempt(find("turn", "udp"), "udp")).toBe("a relay");
    // Without the options for them, neither name nor transport is told.
    expect(short?.["host"]).toBe("short.example");
  });
});

async function askServices(entity: LoggedIn): Promise<Service[]> {
  const answer = await query(
    entity,
    { to: `${entity.jid?.toString().split(/[@/]/u)[1]}` },
    xml("services", { xmlns: "urn:xmpp:extdisco:2" }),
  );
  return (answer.getChild("services")?.getChildren("service") ?? []).map((service) => service.attrs);
}
