import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Element, xml } from "@xmpp/client";
import { type TestContext, beforeAll, describe, expect, it } from "vitest";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { sendTo } from "../fixtures/messages.ts";
import { ensureProsodyImage, isWhole, usualSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, type ProsodyServer, runImage, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

// Debian has no mod_e2e_policy. Where FOUNDRY_TEST_MODULES names a clone of prosody-modules, the real one is mounted, and the
// effect of each option is tried; elsewhere these tests are skipped, once the image has said what is missing.
const modules = process.env["FOUNDRY_TEST_MODULES"];
const password = "a long secret";
const texts = {
  PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_CHAT: "chats could be encrypted",
  PROSODY_E2E_POLICY_MESSAGE_REQUIRED_CHAT: "chats have to be encrypted",
  PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_MUC: "rooms could be encrypted",
  PROSODY_E2E_POLICY_MESSAGE_REQUIRED_MUC: "rooms have to be encrypted",
  PROSODY_E2E_POLICY_WHITELIST: "bot@example.org",
};
const keep = useLeftovers();
let image: string;
let required: ProsodyServer;
let optional: ProsodyServer;

beforeAll(async () => {
  await useEngine();
  image = await ensureProsodyImage(usualSeries);
  if (modules === undefined && !isWhole) return;
  const files = modules === undefined ? {} : await readModule(modules);
  const start = async (policy: string): Promise<ProsodyServer> => {
    const env = { PROSODY_E2E_POLICY_CHAT: policy, PROSODY_E2E_POLICY_MUC: policy, ...texts };
    const server = await keep(startProsody({ image, files, env }));
    for (const user of ["alice", "bob", "bot"]) await server.addAccount(user, password);
    return server;
  };
  required = await start("required");
  optional = await start("optional");
});

async function readModule(from: string): Promise<Record<string, string>> {
  const text = await readFile(path.join(from, "mod_e2e_policy/mod_e2e_policy.lua"), "utf8");
  return { "/etc/prosody/modules/mod_e2e_policy.lua": text };
}

/** Leaves the test where there is nothing to try, after a look at what the image says to it then. */
async function requireModule({ skip }: TestContext, name: string, value: string): Promise<void> {
  if (modules !== undefined || isWhole) return;
  const { exitCode, stderr } = await runImage(image, { PROSODY_E2E_POLICY_CHAT: "required", [name]: value });
  expect(stderr).toContain(`${name} needs mod_e2e_policy, which this image does not have.`);
  expect(exitCode).toBe(78);
  skip("The effect needs mod_e2e_policy: FOUNDRY_TEST_MODULES names no clone of prosody-modules");
}

/** What a client is told, in messages and errors, when it sends something in plain text. */
async function told(server: ProsodyServer, type: "chat" | "groupchat"): Promise<string> {
  const alice = await server.connect("alice", password);
  const to = type === "chat" ? "bob@example.org" : "den@conference.example.org";
  if (type === "groupchat") await join(alice, to);
  const answer = new Promise<string>((resolve) => {
    alice.on("stanza", (stanza: Element) => {
      if (/could be|have to be/u.test(stanza.toString())) resolve(stanza.toString());
    });
  });
  await alice.send(xml("message", { to, type }, xml("body", {}, "in plain text")));
  return answer;
}

async function join(user: LoggedIn, room: string): Promise<void> {
  const joined = new Promise((resolve) => user.on("stanza", resolve));
  await user.send(xml("presence", { to: `${room}/alice` }, xml("x", { xmlns: "http://jabber.org/protocol/muc" })));
  await joined;
}

describe("end-to-end encryption", () => {
  it("PROSODY_E2E_POLICY_CHAT: a plain message does not arrive, or is warned of", async (context) => {
    await requireModule(context, "PROSODY_E2E_POLICY_CHAT", "required");
    const alice = await required.connect("alice", password);
    const bob = await required.connect("bob", password);
    await bob.send(xml("presence"));
    expect(await sendTo(alice, "bob@example.org", bob)).toBe("policy-violation");
    expect(await told(optional, "chat")).toContain(texts.PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_CHAT);
  });

  it("PROSODY_E2E_POLICY_MUC: nor in a room", async (context) => {
    await requireModule(context, "PROSODY_E2E_POLICY_MUC", "required");
    expect(await told(required, "groupchat")).toContain("policy-violation");
    expect(await told(optional, "groupchat")).not.toContain("policy-violation");
  });

  it("PROSODY_E2E_POLICY_WHITELIST: but to and from these addresses it does", async (context) => {
    await requireModule(context, "PROSODY_E2E_POLICY_WHITELIST", "bot@example.org");
    const alice = await required.connect("alice", password);
    const bot = await required.connect("bot", password);
    await bot.send(xml("presence"));
    expect(await sendTo(alice, "bot@example.org", bot)).toBe("arrived");
  });

  it.for<[string, { server: () => ProsodyServer; type: "chat" | "groupchat"; name: keyof typeof texts }]>([
    [
      "PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_CHAT: a chat is told so",
      { server: () => optional, type: "chat", name: "PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_CHAT" },
    ],
    [
      "PROSODY_E2E_POLICY_MESSAGE_REQUIRED_CHAT: a chat is told so",
      { server: () => required, type: "chat", name: "PROSODY_E2E_POLICY_MESSAGE_REQUIRED_CHAT" },
    ],
    [
      "PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_MUC: a room is told so",
      { server: () => optional, type: "groupchat", name: "PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_MUC" },
    ],
    [
      "PROSODY_E2E_POLICY_MESSAGE_REQUIRED_MUC: a room is told so",
      { server: () => required, type: "groupchat", name: "PROSODY_E2E_POLICY_MESSAGE_REQUIRED_MUC" },
    ],
  ])("%s", async ([, { server, type, name }], context) => {
    await requireModule(context, name, texts[name]);
    expect(await told(server(), type)).toContain(texts[name]);
  });
});
