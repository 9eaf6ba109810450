import { createSocket } from "node:dgram";
import { once } from "node:events";
import { xml } from "@xmpp/client";
import { runCommand } from "@prosody-foundry/kit";
import { beforeAll, describe, expect, it } from "vitest";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { ensurePeersImage } from "../fixtures/peers-image.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { type ProsodyServer, startProsody } from "../fixtures/prosody-server.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const password = "a long secret";

beforeAll(useEngine);

async function readMetrics(server: ProsodyServer): Promise<{ status: number; text: string }> {
  const answer = await fetch(`http://${server.address}:5280/metrics`, { headers: { host: "example.org" } });
  return { status: answer.status, text: await answer.text() };
}

/** The status that another container on the same network gets. */
async function readMetricsFromElsewhere(server: ProsodyServer): Promise<number> {
  const script = `import urllib.request, urllib.error
try: print(urllib.request.urlopen("http://${server.address}:5280/metrics").status)
except urllib.error.HTTPError as error: print(error.code)`;
  const args = ["run", "--rm", "--entrypoint=/usr/bin/python3", await ensurePeersImage(), "-c", script];
  return Number((await runCommand("docker", args)).stdout);
}

/** Whether the metrics know of a room that was made just now. */
async function countsRoom(server: ProsodyServer): Promise<boolean> {
  await server.addAccount("alice", password);
  const alice = await server.connect("alice", password);
  const joined = new Promise((resolve) => alice.on("stanza", resolve));
  await alice.send(
    xml("presence", { to: "den@conference.example.org/a" }, xml("x", { xmlns: "http://jabber.org/protocol/muc" })),
  );
  await joined;
  const { text } = await readMetrics(server);
  return /^prosody_mod_muc__live_room\{[^}]*\} 1\b/mu.test(text);
}

describe.each(imageSeries)("logs, statistics, memory, in %s", (series) => {
  const keep = useLeftovers();
  let usual: ProsodyServer;
  let measured: ProsodyServer;
  let rarely: ProsodyServer;
  let begin: number;
  let gateway: string;

  beforeAll(async () => {
    const image = await ensureProsodyImage(series);
    const format = "{{(index .IPAM.Config 0).Gateway}}";
    const { stdout } = await runCommand("docker", ["network", "inspect", "bridge", `--format=${format}`]);
    gateway = stdout.trim();
    const metrics = { PROSODY_STATISTICS: "internal", PROSODY_METRICS_NETWORK: `${gateway}/32` };
    usual = await keep(startProsody({ image }));
    const own = { PROSODY_STATISTICS_INTERVAL: "manual", PROSODY_LOGLEVEL: "debug", PROSODY_GC: "incremental" };
    measured = await keep(startProsody({ image, env: { ...metrics, ...own } }));
    const timed = { PROSODY_LOG_TIMESTAMPS: "true", TZ: "XXX-14" };
    begin = Date.now();
    rarely = await keep(startProsody({ image, env: { ...metrics, ...timed, PROSODY_STATISTICS_INTERVAL: "1d" } }));
  });

  it("PROSODY_LOGLEVEL: the log has what is as important, and more", async () => {
    expect(await usual.log()).toMatch(/\sinfo\t/u);
    expect(await usual.log()).not.toMatch(/\sdebug\t/u);
    expect(await measured.log()).toMatch(/\sdebug\t/u);
  });

  it("PROSODY_LOG_TIMESTAMPS: each line begins with its time, in UTC, whoever wrote it", async () => {
    const log = await rarely.log();
    expect(log).toMatch(/^\S+Z prosody-foundry\twarn\tTZ is not read/mu);
    const lines = log.split("\n").filter((line) => line !== "");
    const times = lines.map((line) => Date.parse(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) \S/u.exec(line)?.[1] ?? ""));
    // Seconds are whole.
    const own = times.map((time) => time > begin - 1000 && time <= Date.now());
    expect(lines.filter((_, index) => own[index] !== true)).toEqual([]);
    expect(await usual.log()).not.toMatch(/^\d{4}-/mu);
  });

  it("PROSODY_STATISTICS: what happens is counted, and served", async () => {
    const { status, text } = await readMetrics(measured);
    expect(status).toBe(200);
    expect(text).toMatch(/^# TYPE prosody_mod_c2s__connections/mu);
    expect((await readMetrics(usual)).status).toBe(404);
  });

  it("PROSODY_STATISTICS: what happens is sent to a server of statsd", async () => {
    const listener = createSocket("udp4").bind(0);
    await once(listener, "listening");
    const address = `statsd_server = "${gateway}", statsd_port = ${listener.address().port}`;
    const heard = once(listener, "message");
    await keep(
      startProsody({
        image: await ensureProsodyImage(series),
        files: { "/etc/prosody/conf.d/own.cfg.lua": `statistics_config = { ${address} }\n` },
        env: { PROSODY_STATISTICS: "statsd", PROSODY_STATISTICS_INTERVAL: "1" },
      }),
    );
    expect(String((await heard)[0])).toMatch(/^\S+:[\d.]+\|[cgms]+/u);
    listener.close();
  });

  it("PROSODY_METRICS_NETWORK: it is served to that network alone", async () => {
    expect((await readMetrics(measured)).status).toBe(200);
    expect(await readMetricsFromElsewhere(measured)).toBe(403);
  });

  it("PROSODY_STATISTICS_INTERVAL: it is summed up when it is read, or as often as that", async () => {
    expect(await countsRoom(measured)).toBe(true);
    expect(await countsRoom(rarely)).toBe(false);
  });

  it("PROSODY_GC: memory is given back in that way", async () => {
    // Lua answers the way that was in use before.
    expect(await measured.ask("collectgarbage('incremental')")).toBe("incremental");
    expect(await usual.ask("collectgarbage('generational')")).toBe("generational");
  });
});
