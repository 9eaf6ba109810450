import { xml } from "@xmpp/client";
import { beforeAll, describe, expect, it } from "vitest";
import { type Keep, useLeftovers } from "../fixtures/leftovers.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { tryLogin } from "../fixtures/login.ts";
import { type ClientStream, openStream, register } from "../fixtures/raw-stream.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const long = "a long enough secret";

beforeAll(useEngine);

async function startServers(
  series: string,
  keep: Keep,
): Promise<Record<"open" | "few" | "quick" | "invite" | "brief" | "closed", ProsodyServer>> {
  const image = await ensureProsodyImage(series);
  const start = async (env: Record<string, string>): Promise<ProsodyServer> => keep(startProsody({ image, env }));
  const anybody = {
    PROSODY_REGISTRATION: "open",
    PROSODY_REGISTRATION_PERIOD: "1d",
    PROSODY_PASSWORD_MIN_LENGTH: "12",
  };
  return {
    open: await start(anybody),
    few: await start({ ...anybody, PROSODY_REGISTRATION_MAX: "2" }),
    quick: await start({ ...anybody, PROSODY_REGISTRATION_MAX: "1", PROSODY_REGISTRATION_PERIOD: "1s" }),
    // Each try counts, of whoever was invited, too.
    invite: await start({ PROSODY_REGISTRATION_MAX: "20" }),
    brief: await start({ PROSODY_INVITE_EXPIRY: "1s" }),
    closed: await start({ PROSODY_REGISTRATION: "closed" }),
  };
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
  return setPassword(await server.connect("dora", long), { of: "dora", password });
}

/** Asks for a new password in-band (XEP-0077): "changed", or the condition of the error. */
async function setPassword(
  user: LoggedIn,
  { of, password, to = "example.org" }: { of: string; password: string; to?: string },
): Promise<string> {
  const words = [xml("username", {}, of), xml("password", {}, password)];
  const request = xml("iq", { type: "set", to }, xml("query", { xmlns: "jabber:iq:register" }, ...words));
  return user.iqCaller.request(request, 20_000).then(
    () => "changed",
    (error: { condition: string }) => error.condition,
  );
}

describe.each(imageSeries)("registration, in %s", (series) => {
  const keep = useLeftovers();
  const open = async (server: ProsodyServer): Promise<ClientStream> => keep(openStream(server));
  let servers: Awaited<ReturnType<typeof startServers>>;

  beforeAll(async () => {
    servers = await startServers(series, keep);
  });

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

  it.each(["closed", "invite"] as const)(
    "PROSODY_REGISTRATION: everybody changes their own password, and nobody another's: %s",
    async (name) => {
      const server = servers[name];
      const changed = "another long secret";
      for (const user of ["erin", "frank"]) await server.addAccount(user, long);
      const frank = await server.connect("frank", long);
      for (const to of ["example.org", "erin@example.org"])
        expect(await setPassword(frank, { of: "erin", password: changed, to })).not.toBe("changed");
      const stranger = await open(server);
      expect(await register(stranger, "erin", changed)).not.toBe("made");
      expect(await tryLogin(server, "erin", changed)).toBe("not-authorized");
      expect(await tryLogin(server, "erin", long)).toMatch(/^SCRAM-/u);

      expect(await setPassword(frank, { of: "frank", password: changed })).toBe("changed");
      expect(await tryLogin(server, "frank", long)).toBe("not-authorized");
      expect(await tryLogin(server, "frank", changed)).toMatch(/^SCRAM-/u);
    },
  );

  it("PROSODY_REGISTRATION: who was invited takes over no account that is there", async () => {
    await servers.invite.addAccount("grace", long);
    const invited = await open(servers.invite);
    expect(await show(invited, "token", await invite(servers.invite))).toBe("result");
    expect(await register(invited, "grace", "another long secret")).toBe("conflict");
    expect(await tryLogin(servers.invite, "grace", "another long secret")).toBe("not-authorized");
    expect(await tryLogin(servers.invite, "grace", long)).toMatch(/^SCRAM-/u);
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
