import { xml } from "@xmpp/client";
import { beforeAll, describe, expect, it } from "vitest";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { ensureProsodyImage, usualSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { type ClientStream, openStream, register } from "../fixtures/raw-stream.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

let servers: Record<"open" | "few" | "quick" | "invite" | "brief" | "closed", ProsodyServer>;
const keep = useLeftovers();
const long = "a long enough secret";

beforeAll(async () => {
  await useEngine();
  const image = await ensureProsodyImage(usualSeries);
  const start = async (env: Record<string, string>): Promise<ProsodyServer> => keep(startProsody({ image, env }));
  const anybody = {
    PROSODY_REGISTRATION: "open",
    PROSODY_REGISTRATION_PERIOD: "1d",
    PROSODY_PASSWORD_MIN_LENGTH: "12",
  };
  servers = {
    open: await start(anybody),
    few: await start({ ...anybody, PROSODY_REGISTRATION_MAX: "2" }),
    quick: await start({ ...anybody, PROSODY_REGISTRATION_MAX: "1", PROSODY_REGISTRATION_PERIOD: "1s" }),
    invite: await start({}),
    brief: await start({ PROSODY_INVITE_EXPIRY: "1s" }),
    closed: await start({ PROSODY_REGISTRATION: "closed" }),
  };
});

async function open(server: ProsodyServer): Promise<ClientStream> {
  return keep(openStream(server));
}

/** The token of an invitation to make an account. */
async function invite(server: ProsodyServer): Promise<string> {
  const said = await server.ctl("shell", "invite:create_account('example.org')");
  const token = /preauth=([\w-]+)/u.exec(said)?.[1];
  if (token === undefined) throw new Error(`There is no invitation: ${said}`);
  return token;
}

/** What the server says to a token: "result", or the condition of the error. */
async function show(stream: ClientStream, id: string, token: string): Promise<string> {
  const answer = await stream.ask(
    id,
    `<iq type='set' id='${id}' to='example.org'><preauth xmlns='urn:xmpp:pars:0' token='${token}'/></iq>`,
  );
  return answer.includes("type='result'") ? "result" : answer;
}

async function changePassword(server: ProsodyServer, password: string): Promise<string> {
  const user = await server.connect("dora", long);
  const words = [xml("username", {}, "dora"), xml("password", {}, password)];
  const request = xml(
    "iq",
    { type: "set", to: "example.org" },
    xml("query", { xmlns: "jabber:iq:register" }, ...words),
  );
  return user.iqCaller.request(request, 20_000).then(
    () => "changed",
    (error: { condition: string }) => error.condition,
  );
}

describe("registration", () => {
  it("PROSODY_REGISTRATION: nobody, who was invited, or everybody makes an account", async () => {
    const refused = await open(servers.closed);
    expect(refused.features).not.toContain("iq-register");
    expect(await register(refused, "alice", long)).not.toBe("made");

    const uninvited = await open(servers.invite);
    expect(await register(uninvited, "alice", long)).not.toBe("made");
    const invited = await open(servers.invite);
    expect(await show(invited, "token", await invite(servers.invite))).toBe("result");
    expect(await register(invited, "alice", long)).toBe("made");
    await servers.invite.connect("alice", long);

    const anybody = await open(servers.open);
    expect(anybody.features).toContain("iq-register");
    expect(await register(anybody, "alice", long)).toBe("made");
    await servers.open.connect("alice", long);
  });

  it("PROSODY_REGISTRATION_MAX: one address makes so many accounts and no more", async () => {
    for (const user of ["alice", "bob"]) expect(await register(await open(servers.few), user, long)).toBe("made");
    expect(await register(await open(servers.few), "carol", long)).toBe("policy-violation");
  });

  it("PROSODY_REGISTRATION_PERIOD: after that time it may make others", async () => {
    expect(await register(await open(servers.quick), "alice", long)).toBe("made");
    let number = 0;
    while ((await register(await open(servers.quick), `other${number}`, long)) !== "made") number += 1;
    await servers.quick.connect(`other${number}`, long);
  });

  it("PROSODY_INVITE_EXPIRY: an invitation is good for that time", async () => {
    const token = await invite(servers.brief);
    const stream = await open(servers.brief);
    let tries = 0;
    while ((await show(stream, `try-${tries}`, token)) === "result") tries += 1;
    const late = await open(servers.brief);
    expect(await show(late, "late", token)).toContain("invalid or expired");
    expect(await register(late, "dora", long)).not.toBe("made");
  });

  it("PROSODY_PASSWORD_MIN_LENGTH: a shorter password is refused", async () => {
    for (const server of [servers.closed, servers.few]) await server.addAccount("dora", long);
    expect(await changePassword(servers.closed, "7 signs")).toBe("not-acceptable");
    expect(await changePassword(servers.closed, "8 signs.")).toBe("changed");
    expect(await changePassword(servers.few, "eleven sign")).toBe("not-acceptable");
  });
});
