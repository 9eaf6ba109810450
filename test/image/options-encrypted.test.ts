import { type Element, xml } from "@xmpp/client";
import { beforeAll, describe, expect, it } from "vitest";
import { hasCommunityModules, lendModules } from "../fixtures/community-modules.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { sendTo } from "../fixtures/messages.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, type ProsodyServer, runImage, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const password = "a long secret";
const texts = {
  PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_CHAT: "chats could be encrypted",
  PROSODY_E2E_POLICY_MESSAGE_REQUIRED_CHAT: "chats have to be encrypted",
  PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_MUC: "rooms could be encrypted",
  PROSODY_E2E_POLICY_MESSAGE_REQUIRED_MUC: "rooms have to be encrypted",
  PROSODY_E2E_POLICY_WHITELIST: "bot@example.org",
};

beforeAll(useEngine);

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

// The module is in the image as it is published, but in no package of Debian's.
describe.skipIf(!hasCommunityModules).each(imageSeries)("end-to-end encryption, in %s", (series) => {
  const keep = useLeftovers();
  let required: ProsodyServer;
  let optional: ProsodyServer;

  beforeAll(async () => {
    const image = await ensureProsodyImage(series);
    const start = async (policy: string): Promise<ProsodyServer> => {
      const env = { PROSODY_E2E_POLICY_CHAT: policy, PROSODY_E2E_POLICY_MUC: policy, ...texts };
      const server = await keep(startProsody({ image, run: lendModules("mod_e2e_policy"), env }));
      for (const user of ["alice", "bob", "bot"]) await server.addAccount(user, password);
      return server;
    };
    required = await start("required");
    optional = await start("optional");
  });

  it("PROSODY_E2E_POLICY_CHAT: a plain message does not arrive, or is warned of", async () => {
    const alice = await required.connect("alice", password);
    const bob = await required.connect("bob", password);
    await bob.send(xml("presence"));
    expect(await sendTo(alice, "bob@example.org", bob)).toBe("policy-violation");
    expect(await told(optional, "chat")).toContain(texts.PROSODY_E2E_POLICY_MESSAGE_OPTIONAL_CHAT);
  });

  it("PROSODY_E2E_POLICY_MUC: nor in a room", async () => {
    expect(await told(required, "groupchat")).toContain("policy-violation");
    expect(await told(optional, "groupchat")).not.toContain("policy-violation");
  });

  it("PROSODY_E2E_POLICY_WHITELIST: but to and from these addresses it does", async () => {
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
  ])("%s", async ([, { server, type, name }]) => {
    expect(await told(server(), type)).toContain(texts[name]);
  });
});

// What these options' effects are not proven with is said by an image without the module.
describe.skipIf(hasCommunityModules).each(imageSeries)("end-to-end encryption without its module, in %s", (series) => {
  it("is refused, by each of its options", async () => {
    const env = { PROSODY_E2E_POLICY_CHAT: "required", PROSODY_E2E_POLICY_MUC: "optional", ...texts };
    const { exitCode, stderr } = await runImage(await ensureProsodyImage(series), env);
    for (const name of Object.keys(env))
      expect(stderr).toContain(`${name} needs mod_e2e_policy, which this image does not have.`);
    expect(exitCode).toBe(78);
  });
});
