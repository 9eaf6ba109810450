import { xml } from "@xmpp/client";
import { beforeAll, describe, expect, it } from "vitest";
import { discover, featuresOf, itemsOf } from "../fixtures/disco.ts";
import { type Keep, useLeftovers } from "../fixtures/leftovers.ts";
import { query } from "../fixtures/messages.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { addAccountAt, connectTo } from "../fixtures/second-domain.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const password = "a long secret";
const roles = ["abuse", "admin", "feedback", "sales", "security", "support", "status"];

/** A module that shows by disco where it is loaded. */
const shows = (feature: string): string =>
  `${feature === "kind" ? 'module:depends("disco")' : ""} module:add_feature("urn:test:${feature}")`;

beforeAll(useEngine);

interface Scene {
  server: ProsodyServer;
  boss: LoggedIn;
  alice: LoggedIn;
  /** Of the second domain. */
  bob: LoggedIn;
}

async function openScene(series: string, keep: Keep): Promise<Scene> {
  const contacts = roles.map((role) => [
    `PROSODY_CONTACT_${role.toUpperCase()}`,
    `mailto:${role}@example.org xmpp:${role}@example.org`,
  ]);
  const modules = ["host", "kind", "rooms", "files", "nodes"].map((name) => [
    `/etc/prosody/own/mod_test_${name}.lua`,
    shows(name),
  ]);
  const server = await keep(
    startProsody({
      image: await ensureProsodyImage(series),
      names: ["*.example.org", "example.net", "*.example.net"],
      files: Object.fromEntries(modules),
      env: {
        PROSODY_VIRTUAL_HOSTS: "example.net",
        PROSODY_NETWORK_HOSTNAME: "machine.example.org",
        PROSODY_ADMINS: "boss@example.org",
        PROSODY_TURN_SECRET: "a secret",
        PROSODY_PUBSUB_DOMAIN: "nodes.example.org",
        PROSODY_PLUGIN_PATHS: "/etc/prosody/own",
        PROSODY_ENABLE_MODULES: "mod_test_host,announce",
        PROSODY_DISABLE_MODULES: "time,muc_mam",
        PROSODY_COMPONENTS: "own.example.org:test_kind",
        PROSODY_MUC_MODULES: "test_rooms",
        PROSODY_UPLOAD_MODULES: "test_files",
        PROSODY_PUBSUB_MODULES: "test_nodes",
        ...Object.fromEntries(contacts),
      },
    }),
  );
  for (const user of ["boss", "alice"]) await server.addAccount(user, password);
  await addAccountAt(server, "bob@example.net", password);
  const bob = await connectTo(server, "bob@example.net", password);
  await keep(async () => bob.stop());
  const [boss, alice] = [await server.connect("boss", password), await server.connect("alice", password)];
  return { server, boss, alice, bob };
}

async function askUpload(user: LoggedIn, to: string): Promise<string> {
  const request = xml("request", { xmlns: "urn:xmpp:http:upload:0", filename: "a.txt", size: "3" });
  const slot = (await query(user, { to }, request)).getChild("slot", "urn:xmpp:http:upload:0");
  return slot?.getChild("put")?.attrs["url"] ?? "";
}

async function addressesOf(alice: LoggedIn, role: string): Promise<string[]> {
  const form = (await discover(alice, "example.org")).getChildren("x", "jabber:x:data");
  const fields = form.flatMap((each) => each.getChildren("field"));
  const field = fields.find((each) => each.attrs["var"] === `${role}-addresses`);
  return (field?.getChildren("value") ?? []).map((value) => value.text());
}

describe.each(imageSeries)("in %s", (series) => {
  const keep = useLeftovers();
  let server: ProsodyServer;
  let boss: LoggedIn;
  let alice: LoggedIn;
  let bob: LoggedIn;

  beforeAll(async () => {
    ({ server, boss, alice, bob } = await openScene(series, keep));
  });

  describe("domain, accounts", () => {
    it("PROSODY_DOMAIN: addresses are of that domain", () => {
      expect(alice.jid?.bare().toString()).toBe("alice@example.org");
    });

    it("PROSODY_DOMAIN: without one, the server is for the hostname of its container", async () => {
      const named = await keep(
        startProsody({
          image: await ensureProsodyImage(series),
          env: { PROSODY_DOMAIN: "" },
          domain: "chat.example.org",
          run: ["--hostname=chat.example.org"],
        }),
      );
      expect(await named.log()).toContain(
        "This server is for chat.example.org, the hostname of its container: set PROSODY_DOMAIN",
      );
      await named.addAccount("alice", password);
      expect(`${(await named.connect("alice", password)).jid?.bare().toString()}`).toBe("alice@chat.example.org");
    });

    it("PROSODY_VIRTUAL_HOSTS: there are addresses of other domains, with rooms and uploads of their own", async () => {
      expect(bob.jid?.bare().toString()).toBe("bob@example.net");
      expect((await itemsOf(bob, "example.net")).toSorted()).toEqual(
        ["conference.example.net", "nodes.example.org", "own.example.org", "upload.example.net"].toSorted(),
      );
      const joined = new Promise((resolve) => bob.on("stanza", resolve));
      await bob.send(
        xml(
          "presence",
          { to: "den@conference.example.net/bob" },
          xml("x", { xmlns: "http://jabber.org/protocol/muc" }),
        ),
      );
      expect(String(await joined)).toContain('affiliation="owner"');
      expect(await askUpload(bob, "upload.example.net")).toMatch(/^https:\/\/upload\.example\.net:/u);
    });

    it("PROSODY_NETWORK_HOSTNAME: uploads and calls are led to the machine", async () => {
      expect(await askUpload(alice, "upload.example.org")).toMatch(/^https:\/\/machine\.example\.org:/u);
      const answer = await query(alice, { to: "example.org" }, xml("services", { xmlns: "urn:xmpp:extdisco:2" }));
      expect(answer.toString()).toContain('host="machine.example.org"');
    });

    it("PROSODY_ADMINS: they are offered what administrators can do, and nobody else is", async () => {
      const commands = "http://jabber.org/protocol/commands";
      const theirs = "http://jabber.org/protocol/admin#get-online-users-list";
      expect(await itemsOf(boss, "example.org", commands)).toContain(theirs);
      expect(await itemsOf(alice, "example.org", commands)).not.toContain(theirs);
    });
  });

  describe("contact", () => {
    it.each([
      ["PROSODY_CONTACT_ABUSE: it is told to who asks", "abuse"],
      ["PROSODY_CONTACT_ADMIN: it is told to who asks", "admin"],
      ["PROSODY_CONTACT_FEEDBACK: it is told to who asks", "feedback"],
      ["PROSODY_CONTACT_SALES: it is told to who asks", "sales"],
      ["PROSODY_CONTACT_SECURITY: it is told to who asks", "security"],
      ["PROSODY_CONTACT_SUPPORT: it is told to who asks", "support"],
      ["PROSODY_CONTACT_STATUS: it is told to who asks", "status"],
    ])("%s", async (_, role) => {
      expect((await addressesOf(alice, role)).toSorted()).toEqual([
        `mailto:${role}@example.org`,
        `xmpp:${role}@example.org`,
      ]);
    });
  });

  describe("modules", () => {
    it("PROSODY_PLUGIN_PATHS: modules of one's own are found there", async () => {
      expect(await featuresOf(alice, "example.org")).toContain("urn:test:host");
      expect(await featuresOf(alice, "own.example.org")).toContain("urn:test:kind");
    });

    it("PROSODY_ENABLE_MODULES: they are loaded for the domains, with or without mod_", async () => {
      expect(await featuresOf(alice, "example.org")).toContain("urn:test:host");
      expect(await featuresOf(bob, "example.net")).toContain("urn:test:host");
      expect(await featuresOf(alice, "conference.example.org")).not.toContain("urn:test:host");
      const commands = await itemsOf(boss, "example.org", "http://jabber.org/protocol/commands");
      expect(commands).toContain("http://jabber.org/protocol/admin#announce");
    });

    it("PROSODY_DISABLE_MODULES: they are loaded nowhere", async () => {
      const features = await featuresOf(alice, "example.org");
      expect(features).toContain("jabber:iq:version");
      expect(features).not.toContain("urn:xmpp:time");
      await expect(query(alice, { to: "example.org" }, xml("time", { xmlns: "urn:xmpp:time" }))).rejects.toThrow(
        /service-unavailable/u,
      );
      expect(await server.ask("prosody.hosts['conference.example.org'].modules.muc_mam == nil")).toBe("true");
    });

    it.each([
      ["PROSODY_MUC_MODULES: they are loaded for the rooms", "conference.example.org", "rooms"],
      ["PROSODY_UPLOAD_MODULES: they are loaded for the uploads", "upload.example.org", "files"],
      ["PROSODY_PUBSUB_MODULES: they are loaded for the nodes", "nodes.example.org", "nodes"],
    ])("%s, and nowhere else", async (_, place, feature) => {
      expect(await featuresOf(alice, place)).toContain(`urn:test:${feature}`);
      expect(await featuresOf(alice, "example.org")).not.toContain(`urn:test:${feature}`);
    });
  });
});
