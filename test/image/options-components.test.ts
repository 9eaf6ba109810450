import { randomBytes } from "node:crypto";
import { xml } from "@xmpp/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startComponent } from "../fixtures/component.ts";
import { knowHosts } from "../fixtures/known-hosts.ts";
import { query, sendTo } from "../fixtures/messages.ts";
import { type Peer, type TestNetwork, makeNetwork } from "../fixtures/network-peer.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type LoggedIn, type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { enter, listItems, newRoom } from "../fixtures/rooms.ts";
import { useEngine } from "../fixtures/runnable-image.ts";
import { connectSocks, readBytes } from "../fixtures/socks.ts";
import { askSlot, download, upload } from "../fixtures/upload.ts";

const password = "a long secret";
const files = "files.elsewhere.org";
const file = randomBytes(100_000);

beforeAll(useEngine);

// One server that has everything, and one that has as little as can be.
describe.each(imageSeries)("components of %s", (series) => {
  let network: TestNetwork;
  let full: ProsodyServer;
  let bare: ProsodyServer;
  let forget: () => void;
  const peers: Peer[] = [];
  const people = new Map<string, LoggedIn>();
  const person = (name: string) => (): LoggedIn => {
    const found = people.get(name);
    if (found === undefined) throw new Error(`There is no ${name}`);
    return found;
  };
  const [admin, second, third] = [person("admin"), person("second"), person("third")];

  beforeAll(async () => {
    network = await makeNetwork();
    const image = await ensureProsodyImage(series);
    [full, bare] = await Promise.all([
      startProsody({
        image,
        network: network.name,
        names: ["*.example.org", files],
        files: {
          "/run/secrets/components":
            "gateway.example.org:one, and: two\nbridge.elsewhere.org\ndoor.example.org:three\n",
          "/run/secrets/shared": "two\n",
        },
        env: {
          PROSODY_ADMINS: "admin@example.org",
          PROSODY_UPLOAD_DOMAIN: files,
          PROSODY_UPLOAD_LIMIT_MB: "0.1",
          PROSODY_UPLOAD_DAILY_QUOTA_MB: "0.25",
          PROSODY_UPLOAD_STORAGE_GB: "0.0004",
          PROSODY_UPLOAD_EXPIRY_DAYS: "0.00002",
          PROSODY_PROXY65_DOMAIN: "proxy.example.org",
          PROSODY_PROXY65_PORT: "6000",
          PROSODY_PUBSUB_DOMAIN: "news.example.org",
          PROSODY_COMPONENTS: "talk.example.org:muc,more.example.org:pubsub",
          PROSODY_EXTERNAL_COMPONENTS_FILE: "/run/secrets/components",
          PROSODY_COMPONENT_SECRET_FILE: "/run/secrets/shared",
          PROSODY_COMPONENT_PORTS: "6347",
          PROSODY_COMPONENT_INTERFACES: "*",
        },
      }),
      startProsody({
        image,
        domain: "bare.example",
        network: network.name,
        env: { PROSODY_UPLOAD_DOMAIN: "none", PROSODY_EXTERNAL_COMPONENTS: "gateway.bare.example:one" },
      }),
    ]);
    forget = knowHosts({ [files]: full.address });
    for (const user of ["admin", "second", "third"]) {
      await full.addAccount(user, password);
      people.set(user, await full.connect(user, password));
    }
  });
  afterAll(async () => {
    forget();
    await Promise.all([...peers, full, bare].map((each) => each.close()));
    await network.close();
  });

  async function join(where: Parameters<typeof startComponent>[0]): Promise<boolean> {
    const [peer, isIn] = await startComponent(where);
    peers.push(peer);
    return isIn;
  }

  it("PROSODY_UPLOAD_DOMAIN: files go there, or there are none", async () => {
    expect(await listItems(admin(), "example.org")).toContain(files);
    const { status, url } = await upload(admin(), files, file);
    expect(status).toBe(201);
    expect(new URL(url).hostname).toBe(files);
    expect(await download(url)).toEqual(file);
    await bare.addAccount("alice", password);
    const items = await listItems(await bare.connect("alice", password), "bare.example");
    expect(items).toEqual(expect.arrayContaining(["conference.bare.example"]));
    expect(items).not.toContain("upload.bare.example");
  });

  it("PROSODY_UPLOAD_LIMIT_MB: a larger file gets no slot", async () => {
    // The sixteen bytes that encryption adds to a file come on top.
    await expect(askSlot(third(), files, 104_857 + 17)).rejects.toThrow("not-acceptable - File too large");
  });

  it("PROSODY_UPLOAD_DAILY_QUOTA_MB: an account has so much a day", async () => {
    for (let count = 0; count < 2; count += 1) expect((await upload(second(), files, file)).status).toBe(201);
    await expect(askSlot(second(), files, 100_000)).rejects.toThrow("Daily quota reached");
  });

  it("PROSODY_UPLOAD_STORAGE_GB, PROSODY_UPLOAD_EXPIRY_DAYS: all of them together have so much, and older ones are removed", async () => {
    const taken: string[] = [];
    for (const user of [second(), second(), third(), third()]) {
      const { status, url } = await upload(user, files, file).catch(() => ({ status: 0, url: "" }));
      if (status === 201) taken.push(url);
    }
    expect(taken).not.toEqual([]);
    await expect(askSlot(admin(), files, 100_000)).rejects.toThrow("Server global storage quota reached");
    // Two seconds; the day at which the server looks is not waited for.
    await full.ask("require('socket').sleep(3)");
    const module = `prosody.hosts['${files}'].modules.http_file_share.module`;
    await full.ask(
      `(function() for _, task in ipairs(${module}:get_host_items('task')) do
      if task.name:find('expired') then task:run(os.time()) end end end)()`.replaceAll("\n", " "),
    );
    expect(await Promise.all(taken.map(download))).toEqual(taken.map(() => 404));
    // What they took is free again.
    const { url } = await upload(admin(), files, file);
    expect(await download(url)).toEqual(file);
  });

  it("PROSODY_PROXY65_DOMAIN, PROSODY_PROXY65_PORT: two clients send each other a file through it", async () => {
    const bytestreams = "http://jabber.org/protocol/bytestreams";
    const answer = await query(admin(), { to: "proxy.example.org" }, xml("query", { xmlns: bytestreams }));
    const host = answer.getChild("query")?.getChild("streamhost")?.attrs;
    expect(host).toMatchObject({ jid: "proxy.example.org", host: "proxy.example.org", port: "6000" });
    const transfer = { sid: "one", initiator: admin().jid?.toString() ?? "", target: second().jid?.toString() ?? "" };
    const target = await connectSocks(full.address, 6000, transfer);
    const initiator = await connectSocks(full.address, 6000, transfer);
    const activate = xml("activate", {}, transfer.target);
    await query(
      admin(),
      { to: "proxy.example.org", type: "set" },
      xml("query", { xmlns: bytestreams, sid: "one" }, activate),
    );
    const received = readBytes(target, file.length);
    initiator.end(file);
    expect(await received).toEqual(file);
    target.destroy();
  });

  it("PROSODY_PUBSUB_DOMAIN: what is published reaches who subscribed", async () => {
    expect(await publish(admin(), second(), "news.example.org")).toBe("news of the day");
  });

  it("PROSODY_COMPONENTS: rooms and nodes under any name, in place of the usual ones", async () => {
    expect(await enter(second(), newRoom("talk.example.org"))).toEqual({ history: [] });
    expect(await listItems(second(), "example.org")).not.toContain("conference.example.org");
    expect(await publish(admin(), second(), "more.example.org")).toBe("news of the day");
  });

  it("PROSODY_EXTERNAL_COMPONENTS, PROSODY_COMPONENT_SECRET, PROSODY_COMPONENT_PORTS: programs connect with their secrets", async () => {
    const at = { host: full.address, port: 6347, network: network.name };
    expect(await join({ ...at, domain: "gateway.example.org", secret: "two" })).toBe(false);
    expect(await join({ ...at, domain: "gateway.example.org", secret: "one" })).toBe(false);
    expect(await join({ ...at, domain: "gateway.example.org", secret: "one, and: two" })).toBe(true);
    expect(await join({ ...at, domain: "bridge.elsewhere.org", secret: "two" })).toBe(true);
    expect(await sendTo(admin(), "anything@gateway.example.org")).toBe("arrived");
    expect(await sendTo(admin(), "anything@bridge.elsewhere.org")).toBe("arrived");
    expect(await listItems(admin(), "example.org")).toEqual(
      expect.arrayContaining(["gateway.example.org", "bridge.elsewhere.org"]),
    );
  });

  it("PROSODY_COMPONENT_INTERFACES: from there alone, and by itself from within the container", async () => {
    const from = { domain: "gateway.bare.example", secret: "one", port: 5347 };
    expect(await join({ ...from, host: bare.address, network: network.name })).toBe(false);
    expect(await join({ ...from, host: "127.0.0.1", network: `container:${bare.name}` })).toBe(true);
    const door = { domain: "door.example.org", secret: "three", port: 6347 };
    expect(await join({ ...door, host: full.address, network: network.name })).toBe(true);
  });
});

/** Makes a node, has the other one subscribe, publishes, and answers what that one got. */
async function publish(from: LoggedIn, to: LoggedIn, service: string): Promise<string | null | undefined> {
  const set = { to: service, type: "set" };
  await to.send(xml("presence"));
  await query(from, set, pubsub(xml("create", { node: "news" })));
  await query(to, set, pubsub(xml("subscribe", { node: "news", jid: to.jid?.bare().toString() ?? "" })));
  const told = new Promise<string | null | undefined>((resolve) => {
    to.on("stanza", (stanza: ReturnType<typeof xml>) => {
      if (stanza.attrs["from"] !== service || stanza.getChild("event") === undefined) return;
      resolve(stanza.getChild("event")?.getChild("items")?.getChild("item")?.getChildText("title"));
    });
  });
  const title = xml("title", { xmlns: "urn:example:news" }, "news of the day");
  await query(from, set, pubsub(xml("publish", { node: "news" }, xml("item", { id: "1" }, title))));
  return told;
}

function pubsub(...content: ReturnType<typeof xml>[]): ReturnType<typeof xml> {
  return xml("pubsub", { xmlns: "http://jabber.org/protocol/pubsub" }, ...content);
}
