import { Buffer } from "node:buffer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { communityModules } from "../fixtures/community-modules.ts";
import { tryLogin, tryWithoutTls } from "../fixtures/login.ts";
import { type PeerNetwork, makeNetwork } from "../fixtures/peer.ts";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { openStream } from "../fixtures/raw-stream.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { type WebAnswers, serveAnswers } from "../fixtures/web-answers.ts";

// This client sends no other letters with PLAIN.
const password = "pass word & 100% +/=?";
const servers: ProsodyServer[] = [];

beforeAll(useEngine);
afterAll(async () => {
  for (const server of servers) await server.close();
});

async function start(env: Readonly<Record<string, string>>, more: Partial<Parameters<typeof startProsody>[0]> = {}) {
  const image = await ensureProsodyImage(usualSeries);
  const server = await startProsody({ image, env: { PROSODY_LOGLEVEL: "debug", ...env }, ...more });
  servers.push(server);
  return server;
}

it.each(imageSeries)("PROSODY_AUTHENTICATION: internal_hashed keeps no password, in %s", async (series) => {
  const server = await start({}, { image: await ensureProsodyImage(series) });
  await server.addAccount("alice", password);
  expect(await tryLogin(server, "alice", password)).toMatch(/^SCRAM-SHA-/u);
  expect(await tryLogin(server, "alice", "another")).toBe("not-authorized");
  const kept = await server.exec(["/usr/bin/lua5.4", "-e", "print(io.open(arg[1]):read('a'))", "-", kept0]);
  expect(kept.stdout).toContain("stored_key");
  expect(kept.stdout).not.toContain(password);
  expect(await server.log()).not.toContain(password);
});
/** What offers the ways to log in. */
const handler = "prosody.hosts['example.org'].users.get_sasl_handler({})";

const kept0 = "/var/lib/prosody/example%2eorg/accounts/alice.dat";

it("PROSODY_AUTHENTICATION: anonymous lets everybody in, under a name of its own", async () => {
  const server = await start({ PROSODY_AUTHENTICATION: "anonymous" });
  expect(await tryLogin(server, "", "")).toBe("ANONYMOUS");
});

it("PROSODY_ALLOW_PLAIN: passwords are sent where it is set, through TLS alone", async () => {
  const open = await start({ PROSODY_ALLOW_PLAIN: "true", PROSODY_C2S_REQUIRE_ENCRYPTION: "false" });
  const closed = await start({});
  for (const server of [open, closed]) {
    await server.addAccount("alice", password);
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

/** What a client is offered, through TLS. */
async function readMechanisms(server: ProsodyServer): Promise<(string | undefined)[]> {
  const stream = await openStream(server);
  stream.close();
  return [...stream.features.matchAll(/<mechanism>([^<]+)<\/mechanism>/gu)].map(([, mechanism]) => mechanism);
}

// These two are in the image, but in no package of Debian's: see FOUNDRY_TEST_MODULES.
describe.skipIf(communityModules === undefined)("modules that ask a web server", () => {
  let network: PeerNetwork;
  const webs: WebAnswers[] = [];

  beforeAll(async () => {
    network = await makeNetwork();
  });
  afterAll(async () => {
    for (const server of servers.splice(0)) await server.close();
    for (const web of webs) web.close();
    await network.close();
  });

  async function startBeside(
    answer: Parameters<typeof serveAnswers>[0],
    env: (base: string) => Record<string, string>,
  ) {
    const web = await serveAnswers(answer);
    webs.push(web);
    const server = await start(
      { ...env(`http://${network.gateway}:${web.port}`), PROSODY_PLUGIN_PATHS: "/opt/modules" },
      { network: network.name, run: ["mod_auth_http", "mod_auth_oauth_external"].map(mount) },
    );
    return { web, server };
  }

  it("PROSODY_AUTH_HTTP_URL: it is asked about passwords", async () => {
    const { web, server } = await startBeside(
      ({ path }) => {
        const asked = new URL(path, "http://localhost").searchParams;
        return { status: 200, text: String(asked.get("user") === "alice" && asked.get("pass") === password) };
      },
      (base) => ({ PROSODY_AUTHENTICATION: "http", PROSODY_AUTH_HTTP_URL: `${base}/accounts` }),
    );
    expect(await tryLogin(server, "alice", password)).toBe("PLAIN");
    expect(await tryLogin(server, "alice", "another")).toBe("not-authorized");
    expect(web.asked.map(({ path }) => path.replace(/\?.*/u, ""))).toContain("/accounts/check_password");
    expect((await tryWithoutTls(server, "alice", password)).answer).not.toContain("<success");
  });

  it("PROSODY_OAUTH_TOKEN_URL, PROSODY_OAUTH_VALIDATION_URL, PROSODY_OAUTH_USERNAME_FIELD: a token is got and tried", async () => {
    const { web, server } = await startBeside(tokens, oauth);
    expect(await tryLogin(server, "alice", password)).toBe("PLAIN");
    expect(await tryLogin(server, "alice", "another")).toBe("not-authorized");
    expect(web.asked.map(({ path }) => path)).toStrictEqual(expect.arrayContaining(["/token", "/userinfo"]));
  });

  it("PROSODY_OAUTH_CLIENT_ID, PROSODY_OAUTH_CLIENT_SECRET: the provider is told them", async () => {
    const { web, server } = await startBeside(tokens, oauth);
    await tryLogin(server, "alice", password);
    const body = new URLSearchParams(web.asked.find(({ path }) => path === "/token")?.body);
    expect([body.get("client_id"), body.get("client_secret")]).toStrictEqual(["prosody", "secret of the client"]);
    expect(await server.log()).not.toContain("secret of the client");
  });

  it("PROSODY_OAUTH_DISCOVERY_URL: a client with a token that is not valid learns of it", async () => {
    const { server } = await startBeside(tokens, oauth);
    const answer = await server.ask(
      `${handler}.profile and select(3, ${handler}.profile.oauthbearer({ profile = ${handler}.profile }, '')).oidc_discovery_url`,
    );
    expect(answer).toContain("/.well-known/openid-configuration");
  });
});

const mount = (module: string) => `--volume=${communityModules}/${module}:/opt/modules/${module}:ro`;

const oauth = (base: string) => ({
  PROSODY_AUTHENTICATION: "oauth_external",
  PROSODY_OAUTH_DISCOVERY_URL: `${base}/.well-known/openid-configuration`,
  PROSODY_OAUTH_VALIDATION_URL: `${base}/userinfo`,
  PROSODY_OAUTH_TOKEN_URL: `${base}/token`,
  PROSODY_OAUTH_USERNAME_FIELD: "nickname",
  PROSODY_OAUTH_CLIENT_ID: "prosody",
  PROSODY_OAUTH_CLIENT_SECRET: "secret of the client",
});

/** An authorization server with one user: a token for a password, and a name for a token. */
function tokens({ path, body, authorization }: WebAnswers["asked"][number]) {
  const token = Buffer.from(password).toString("hex");
  if (path === "/userinfo" && authorization === `Bearer ${token}`)
    return { status: 200, text: JSON.stringify({ nickname: "alice", preferred_username: "other" }) };
  const asked = new URLSearchParams(body);
  if (path === "/token" && asked.get("grant_type") === "password" && asked.get("password") === password)
    return { status: 200, text: JSON.stringify({ token_type: "Bearer", access_token: token }) };
  return { status: 401, text: '{"error":"invalid_grant"}' };
}
