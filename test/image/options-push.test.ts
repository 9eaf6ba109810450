import { type Element, xml } from "@xmpp/client";
import { beforeAll, describe, expect, it } from "vitest";
import { hasCommunityModules, lendModules } from "../fixtures/community-modules.ts";
import { type Keep, useLeftovers } from "../fixtures/leftovers.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, runImage, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const password = "a long secret";

beforeAll(useEngine);

/** What a push service is told when somebody writes to a client that is away; here the service is a client, too. */
async function readPush(series: string, keep: Keep, env: Record<string, string>): Promise<string> {
  const run = series === "0.12" ? lendModules("mod_cloud_notify") : [];
  const server = await keep(startProsody({ image: await ensureProsodyImage(series), env, run }));
  for (const user of ["alice", "carol", "service"]) await server.addAccount(user, password);
  const service = await server.connect("service", password);
  const alice = await server.connect("alice", password);
  await enablePush(alice, service.jid?.toString() ?? "");
  await alice.stop();
  const pushed = new Promise<Element>((resolve) => {
    service.on("stanza", (stanza: Element) => {
      if (stanza.getChild("pubsub") !== undefined) resolve(stanza);
    });
  });
  const carol = await server.connect("carol", password);
  await carol.send(xml("message", { to: "alice@example.org", type: "chat" }, xml("body", {}, "meet me at noon")));
  return (await pushed).toString();
}

async function enablePush(user: LoggedIn, service: string): Promise<void> {
  const enable = xml("enable", { xmlns: "urn:xmpp:push:0", jid: service, node: "alice's phone" });
  await user.iqCaller.request(xml("iq", { type: "set" }, enable), 20_000);
}

// 0.12 has no mod_cloud_notify of its own, nor has Debian one that works there.
const able = imageSeries.filter((series) => hasCommunityModules || series !== "0.12");

describe.each(able)("push, in %s", (series) => {
  const keep = useLeftovers();

  it("PROSODY_PUSH_WITH_BODY: the push service is told the text, and not otherwise", async () => {
    const told = await readPush(series, keep, { PROSODY_PUSH_WITH_BODY: "true" });
    expect(told).toContain("meet me at noon");
    expect(told).not.toContain("carol@example.org");
  });

  it("PROSODY_PUSH_WITH_SENDER: the push service is told who wrote, and not otherwise", async () => {
    const told = await readPush(series, keep, { PROSODY_PUSH_WITH_SENDER: "true" });
    expect(told).toContain("carol@example.org");
    expect(told).not.toContain("meet me at noon");
  });
});

describe.skipIf(hasCommunityModules)("push without its module", () => {
  it("is refused by 0.12, by each of its options", async () => {
    const env = { PROSODY_PUSH_WITH_BODY: "true", PROSODY_PUSH_WITH_SENDER: "true" };
    const { exitCode, stderr } = await runImage(await ensureProsodyImage("0.12"), env);
    for (const name of Object.keys(env))
      expect(stderr).toContain(`${name} needs mod_cloud_notify, which this image does not have.`);
    expect(exitCode).toBe(78);
  });
});
