import { Buffer } from "node:buffer";
import { beforeAll, describe, expect, it } from "vitest";
import { hasCommunityModules, lendModules } from "../fixtures/community-modules.ts";
import { type Keep, useLeftovers } from "../fixtures/leftovers.ts";
import { tryLogin, tryWithoutTls } from "../fixtures/login.ts";
import { makeNetwork } from "../fixtures/peer.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, type ServerWishes, runImage, startProsody } from "../fixtures/prosody-server.ts";
import { openRawStream, openStream } from "../fixtures/raw-stream.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { type WebAnswers, serveAnswers } from "../fixtures/web-answers.ts";

// This client sends no other letters with PLAIN.
const password = "pass word & 100% +/=?";
const kept0 = "/var/lib/prosody/example%2eorg/accounts/alice.dat";

beforeAll(useEngine);

/** A server of that series that tells all it can tell in its log. */
function starterOf(series: string, keep: Keep) {
  return async (env: Readonly<Record<string, string>>, more: Partial<ServerWishes> = {}): Promise<ProsodyServer> =>
    keep(
      startProsody({
        image: await ensureProsodyImage(series),
        env: { PROSODY_LOGLEVEL: "debug", ...env },
        ...more,
      }),
    );
}

describe.each(imageSeries)("in %s", (series) => {
  const keep = useLeftovers();
  const start = starterOf(series, keep);
  let closed: ProsodyServer;

  beforeAll(async () => {
    closed = await start({});
    await closed.addAccount("alice", password);
  });

  it("PROSODY_AUTHENTICATION: internal_hashed keeps no password", async () => {
    expect(await tryLogin(closed, "alice", password)).toMatch(/^SCRAM-SHA-/u);
    expect(await tryLogin(closed, "alice", "another")).toBe("not-authorized");
    const kept = await closed.exec(["/usr/bin/lua5.4", "-e", "print(io.open(arg[1]):read('a'))", "-", kept0]);
    expect(kept.stdout).toContain("stored_key");
    expect(kept.stdout).not.toContain(password);
    expect(await closed.log()).not.toContain(password);
  });

  it("PROSODY_AUTHENTICATION: anonymous lets everybody in, under a name of its own", async () => {
    const server = await start({ PROSODY_AUTHENTICATION: "anonymous" });
    expect(await tryLogin(server, "", "")).toBe("ANONYMOUS");
  });

  it("PROSODY_ALLOW_PLAIN: passwords are sent where it is set, through TLS alone", async () => {
    const open = await start({ PROSODY_ALLOW_PLAIN: "true", PROSODY_C2S_REQUIRE_ENCRYPTION: "false" });
    await open.addAccount("alice", password);
    for (const server of [open, closed]) {
      const { features, answer } = await tryWithoutTls(server, "alice", password);
      expect(features).not.toContain("PLAIN");
      expect(answer).not.toContain("<success");
    }
    expect(await readMechanisms(open)).toContain("PLAIN");
    expect(await readMechanisms(closed)).not.toContain("PLAIN");
    expect(await tryLogin(open, "alice", password)).toBe("SCRAM-SHA-1");
  });

  it("PROSODY_PASSWORD_HASH: new passwords are kept by it", async () => {
    const server = await start({ PROSODY_PASSWORD_HASH: "SHA-256" });
    await server.addAccount("alice", password);
    const mechanisms = await readMechanisms(server);
    expect(mechanisms).toContain("SCRAM-SHA-256");
    expect(mechanisms).not.toContain("SCRAM-SHA-1");
  });
});

/** What a client is offered, through TLS. */
async function readMechanisms(server: ProsodyServer): Promise<(string | undefined)[]> {
  const stream = await openStream(server);
  stream.close();
  return [...stream.features.matchAll(/<mechanism>([^<]+)<\/mechanism>/gu)].map(([, mechanism]) => mechanism);
}

/** A server in a network of its own, beside a web server that answers so. */
async function startBeside(
  series: string,
  keep: Keep,
  { answer, env }: { answer: Parameters<typeof serveAnswers>[0]; env: (base: string) => Record<string, string> },
) {
  const network = await keep(makeNetwork());
  const web = await keep(serveAnswers(answer));
  const run = lendModules("mod_auth_http", "mod_auth_oauth_external");
  const own = env(`http://${network.gateway}:${web.port}`);
  return { web, server: await starterOf(series, keep)(own, { network: network.name, run }) };
}

// The modules of these two ways are in the image as it is published, but in no package of Debian's.
describe.skipIf(!hasCommunityModules).each(imageSeries)("by a module that asks a web server, in %s", (series) => {
  const keep = useLeftovers();

  it("PROSODY_AUTH_HTTP_URL: it is asked about passwords, which no log tells", async () => {
    const { web, server } = await startBeside(series, keep, {
      answer: ({ path }) => {
        const asked = new URL(path, "http://localhost").searchParams;
        return { status: 200, text: String(asked.get("user") === "alice" && asked.get("pass") === password) };
      },
      env: (base) => ({ PROSODY_AUTHENTICATION: "http", PROSODY_AUTH_HTTP_URL: `${base}/accounts` }),
    });
    expect(await tryLogin(server, "alice", password)).toBe("PLAIN");
    expect(await tryLogin(server, "alice", "another")).toBe("not-authorized");
    expect(web.asked.map(({ path }) => path.replace(/\?.*/u, ""))).toContain("/accounts/check_password");
    expect((await tryWithoutTls(server, "alice", password)).answer).not.toContain("<success");
    const log = await server.log();
    expect(log).toContain("Making HTTP GET request");
    expect(log).not.toMatch(/pass=|another/u);
  });
});

describe.skipIf(!hasCommunityModules).each(imageSeries.filter((series) => series !== "0.12"))(
  "by OAuth, in %s",
  (series) => {
    const keep = useLeftovers();
    let web: WebAnswers;
    let server: ProsodyServer;

    beforeAll(async () => {
      ({ web, server } = await startBeside(series, keep, { answer: tokens, env: oauth }));
    });

    it("PROSODY_OAUTH_TOKEN_URL, PROSODY_OAUTH_VALIDATION_URL, PROSODY_OAUTH_USERNAME_FIELD: a token is got and tried", async () => {
      expect(await tryLogin(server, "alice", password)).toBe("PLAIN");
      expect(await tryLogin(server, "alice", "another")).toBe("not-authorized");
      expect(await tryLogin(server, "bob", password)).toBe("not-authorized");
      expect(web.asked.map(({ path }) => path)).toStrictEqual(expect.arrayContaining(["/token", "/userinfo"]));
      expect(await server.log()).toContain("Authenticated as alice@example.org");
    });

    it("PROSODY_OAUTH_CLIENT_ID, PROSODY_OAUTH_CLIENT_SECRET: the provider is told them", async () => {
      await tryLogin(server, "alice", password);
      const body = new URLSearchParams(web.asked.find(({ path }) => path === "/token")?.body);
      expect([body.get("client_id"), body.get("client_secret")]).toStrictEqual(["prosody", "secret of the client"]);
      const log = await server.log();
      for (const secret of ["secret of the client", password, "another"]) expect(log).not.toContain(secret);
    });

    it("PROSODY_OAUTH_DISCOVERY_URL: a client with a token that is not valid learns of it", async () => {
      expect(await sendToken(server, "stale")).toContain(`${web.port}/.well-known/openid-configuration`);
      expect(await sendToken(server, tokenOf(password))).toContain("<success");
    });
  },
);

it("says of all options of OAuth that 0.12 has none", async () => {
  const env = oauth("http://localhost");
  const { exitCode, stderr } = await runImage(await ensureProsodyImage("0.12"), env);
  const own = Object.keys(env).filter((name) => name.startsWith("PROSODY_OAUTH_"));
  expect(own).toHaveLength(6);
  for (const name of own) expect(stderr).toContain(`${name} needs Prosody 13.0, and this is 0.12`);
  expect(exitCode).toBe(78);
});

const oauth = (base: string) => ({
  PROSODY_AUTHENTICATION: "oauth_external",
  PROSODY_OAUTH_DISCOVERY_URL: `${base}/.well-known/openid-configuration`,
  PROSODY_OAUTH_VALIDATION_URL: `${base}/userinfo`,
  PROSODY_OAUTH_TOKEN_URL: `${base}/token`,
  PROSODY_OAUTH_USERNAME_FIELD: "nickname",
  PROSODY_OAUTH_CLIENT_ID: "prosody",
  PROSODY_OAUTH_CLIENT_SECRET: "secret of the client",
});

const tokenOf = (text: string): string => Buffer.from(text).toString("hex");

/** An authorization server with one user: a token for a password, and a name for a token. */
function tokens({ path, body, authorization }: WebAnswers["asked"][number]) {
  const token = tokenOf(password);
  if (path === "/userinfo" && authorization === `Bearer ${token}`)
    return { status: 200, text: JSON.stringify({ nickname: "alice", preferred_username: "other" }) };
  if (path === "/userinfo") return { status: 401, text: "" };
  const asked = new URLSearchParams(body);
  const isRight = asked.get("username") === "alice" && asked.get("password") === password;
  if (path === "/token" && asked.get("grant_type") === "password" && isRight)
    return { status: 200, text: JSON.stringify({ token_type: "Bearer", access_token: token }) };
  return { status: 401, text: '{"error":"invalid_grant"}' };
}

/** What the server says to a client that logs in with a token (RFC 7628), in plain text. */
async function sendToken({ address, domain, authority }: ProsodyServer, token: string): Promise<string> {
  const secure = { ca: authority.certificate, ALPNProtocols: ["xmpp-client"] };
  const stream = await openRawStream({ address, port: 5223, domain, secure });
  expect(await stream.until(/<\/stream:features>/u)).toContain("OAUTHBEARER");
  const initial = Buffer.from(`n,,\u0001auth=Bearer ${token}\u0001\u0001`).toString("base64");
  stream.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='OAUTHBEARER'>${initial}</auth>`);
  const answer = await stream.until(/<success|<\/failure>|<\/challenge>/u);
  stream.close();
  const challenge = />([^<]+)<\/challenge>/u.exec(answer)?.[1];
  return challenge === undefined ? answer : Buffer.from(challenge, "base64").toString();
}
