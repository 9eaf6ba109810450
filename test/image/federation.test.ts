import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Federation, type Member, startFederation } from "../fixtures/federation.ts";
import { sendTo } from "../fixtures/messages.ts";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { runImage } from "../fixtures/prosody-server.ts";
import { isOpen } from "../fixtures/probe.ts";
import { enter, newRoom } from "../fixtures/rooms.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const noTls = { PROSODY_S2S_REQUIRE_ENCRYPTION: "false", PROSODY_S2S_SECURE_AUTH: "false" };

// Strangers have certificates of an authority that nobody knows. They themselves take others as they come.
const members = (series: string): Record<string, Member> => ({
  "home.example": { isTrusted: true },
  "friend.example": {
    isTrusted: true,
    also: ["conference.friend.example"],
    port: 6269,
    env: { PROSODY_S2S_PORTS: "6269" },
  },
  // The container's own resolver, which knows its neighbours.
  "alias.example": { isTrusted: true, env: { PROSODY_DNS_RESOLVERS: "" } },
  "stranger.example": { isTrusted: false, env: { PROSODY_S2S_SECURE_AUTH: "false" } },
  "other.example": { isTrusted: false, env: { PROSODY_S2S_SECURE_AUTH: "false" } },
  "open.example": {
    isTrusted: true,
    also: ["conference.open.example"],
    env: {
      PROSODY_S2S_SECURE_AUTH: "no",
      PROSODY_S2S_SECURE_DOMAINS: "other.example",
      PROSODY_MUC_CREATION: "everybody",
    },
  },
  "picky.example": { isTrusted: true, env: { PROSODY_S2S_INSECURE_DOMAINS: "stranger.example" } },
  "alone.example": { isTrusted: true, env: { PROSODY_S2S: "false" } },
  "bare.example": { isTrusted: true, env: noTls },
  "naked.example": {
    isTrusted: true,
    env: { ...noTls, PROSODY_DISABLE_MODULES: "tls", PROSODY_C2S_REQUIRE_ENCRYPTION: "false" },
  },
  "six.example": { isTrusted: true, isSixAlone: true },
  "four.example": { isTrusted: true, env: { PROSODY_IPV6: "false" } },
  "listed.example": {
    isTrusted: true,
    also: ["conference.listed.example", "open.listed.example"],
    env: { PROSODY_COMPONENTS: "conference.listed.example:muc,open.listed.example:muc" },
    files: {
      "/etc/prosody/conf.d/own.cfg.lua": `Component "conference.listed.example" "muc"
  modules_enabled = { "muc_mam" }
Component "open.listed.example" "muc"
  restrict_room_creation = false\n`,
    },
  },
  // 0.12 asks DNS about servers it connects to, not about those that connect to it.
  "dane.example": { isTrusted: series === "0.12", hasTlsa: true, env: { PROSODY_USE_DANE: "true" } },
  "signed.example": {
    isTrusted: false,
    hasTlsa: true,
    env: { PROSODY_USE_DANE: "true", PROSODY_S2S_SECURE_AUTH: series === "0.12" ? "false" : "true" },
  },
});

const refused =
  /remote-server-not-found|not-acceptable|remote-server-timeout|not-authorized|service-unavailable|not-allowed/u;

beforeAll(useEngine);

describe.each(imageSeries)("servers of %s", (series) => {
  let all: Federation;
  beforeAll(async () => {
    all = await startFederation(await ensureProsodyImage(series), members(series));
  });
  afterAll(async () => all.close());

  const both = async (a: string, b: string): Promise<string[]> => [await all.send(a, b), await all.send(b, a)];
  const [arrived, no] = [
    ["arrived", "arrived"],
    [expect.stringMatching(refused), expect.stringMatching(refused)],
  ];

  it("PROSODY_TRUSTED_CAS: whom our authority vouches for is spoken with", async () => {
    expect(await both("home.example", "friend.example")).toEqual(arrived);
  });

  it("PROSODY_DNS_RESOLVERS: names are asked of that server alone", async () => {
    // The port is in its SRV records and nowhere else.
    expect(await all.send("home.example", "friend.example")).toBe("arrived");
    expect(await sendTo(await all.someoneOf("home.example"), "someone@nowhere.example")).toMatch(refused);
    // Without it, of those of the container.
    expect(await all.send("alias.example", "home.example")).toBe("arrived");
    expect(await all.send("alias.example", "friend.example")).toMatch(refused);
  });

  it("PROSODY_S2S_SECURE_AUTH: a server that nobody vouches for is refused, unless it is false", async () => {
    expect(await both("home.example", "stranger.example")).toEqual(no);
    expect(await both("open.example", "stranger.example")).toEqual(arrived);
  });

  it("PROSODY_S2S_SECURE_DOMAINS: those are held to it all the same", async () => {
    expect(await both("open.example", "other.example")).toEqual(no);
  });

  it("PROSODY_S2S_INSECURE_DOMAINS: those alone are let in by dialback", async () => {
    expect(await both("picky.example", "stranger.example")).toEqual(arrived);
    expect(await both("picky.example", "other.example")).toEqual(no);
  });

  it("PROSODY_S2S: without it there is no other server, and no port for one", async () => {
    expect(await both("alone.example", "home.example")).toEqual(no);
    expect(await isOpen(all.server("alone.example").address, 5269)).toBe(false);
    expect(await isOpen(all.server("alone.example").address, 5270)).toBe(false);
    expect(await isOpen(all.server("home.example").address, 5269)).toBe(true);
    expect(await isOpen(all.server("home.example").address, 5270)).toBe(true);
  });

  it("PROSODY_S2S_REQUIRE_ENCRYPTION: a server without TLS is refused, unless it is false", async () => {
    expect(await both("bare.example", "naked.example")).toEqual(arrived);
    expect(await all.send("open.example", "naked.example")).toMatch(refused);
    expect(await all.send("home.example", "naked.example")).toMatch(refused);
  });

  it("PROSODY_C2S_REQUIRE_ENCRYPTION: a client without TLS logs in only where it is false", async () => {
    expect((await all.someoneOf("naked.example")).isSecure()).toBe(false);
    expect((await all.someoneOf("home.example")).isSecure()).toBe(true);
  });

  it("PROSODY_MUC_CREATION: everybody makes rooms, or accounts of the server alone", async () => {
    const visitor = await all.someoneOf("home.example");
    expect(await enter(visitor, newRoom("conference.open.example"))).toEqual({ history: [] });
    expect(await enter(visitor, newRoom("conference.friend.example"))).toBe("not-allowed");
    // A raw file has modules of its own there, or says otherwise.
    expect(await enter(visitor, newRoom("conference.listed.example"))).toBe("not-allowed");
    expect(await enter(visitor, newRoom("open.listed.example"))).toEqual({ history: [] });
  });

  it("PROSODY_IPV6: other servers are reached over it, unless it is false", async () => {
    expect(await all.send("home.example", "six.example")).toBe("arrived");
    expect(await all.send("four.example", "home.example")).toBe("arrived");
    expect(await all.send("four.example", "six.example")).toMatch(refused);
  });

  it("PROSODY_USE_DANE: who is vouched for by DNSSEC is spoken with, and no other", async () => {
    expect(await both("dane.example", "signed.example")).toEqual(arrived);
    expect(await both("dane.example", "stranger.example")).toEqual(no);
    expect(await all.send("home.example", "signed.example")).toMatch(refused);
  });
});

it.each([
  ["/nowhere.pem", /PROSODY_TRUSTED_CAS cannot be read: \/nowhere\.pem: No such file/u],
  ["/etc", /PROSODY_TRUSTED_CAS cannot be read: \/etc: is a folder/u],
  ["/etc/passwd", /PROSODY_TRUSTED_CAS=\/etc\/passwd holds no certificate \(PEM\)/u],
])("PROSODY_TRUSTED_CAS: %s stops the start with a sentence", async (file, sentence) => {
  const { exitCode, stderr } = await runImage(await ensureProsodyImage(usualSeries), { PROSODY_TRUSTED_CAS: file });
  expect(stderr).toMatch(sentence);
  expect(exitCode).toBe(78);
});
