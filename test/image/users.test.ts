import { runCommand } from "@prosody-foundry/kit";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type BareServer, makeVolume, prepareVolume, startBare } from "../fixtures/bare-server.ts";
import { confined, profiles } from "../fixtures/confinement.ts";
import { useLeftovers } from "../fixtures/leftovers.ts";
import { ensurePeersImage } from "../fixtures/peers-image.ts";
import { ensureProsodyImage, imageSeries, usualSeries } from "../fixtures/prosody-image.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const keep = useLeftovers(afterEach);
let peers: string;

beforeAll(async () => {
  await useEngine();
  peers = await ensurePeersImage();
});

async function start(words: readonly string[], until: "serves" | "ended" = "serves"): Promise<BareServer> {
  return keep(startBare(words, until));
}

/** A volume whose content a line of shell in /v makes. */
async function volume(prepare?: string): Promise<string> {
  return (await keep(makeVolume(peers, prepare))).name;
}

/** What the server says of itself, but for the certificates: nothing here has one that is trusted. */
async function healthOf(server: BareServer): Promise<string> {
  const { stdout } = await server.exec(["foundry", "healthcheck"]);
  const lines = stdout.trim().split("\n");
  return lines.filter((line) => !line.startsWith("Warning: ")).join("\n");
}

const ownData = "--tmpfs=/var/lib/prosody:mode=1777";
const fsGroup = ["--user=10001:10001", "--group-add=2000"];

describe.each(imageSeries)("%s starts and is healthy", (series) => {
  it.each<[string, readonly string[]]>([
    ["as itself, with a whole /run of its own", [ownData, "--tmpfs=/run:mode=0755,uid=999"]],
    ["as any user of group 0", [ownData, "--user=12345:0", "--tmpfs=/run"]],
    ["as any user and group", [ownData, "--user=12345:12345", "--tmpfs=/run"]],
    ["as user 0 without capabilities", [ownData, "--user=0:0", "--tmpfs=/run:mode=0755"]],
    ["with nothing to write to but the data", [ownData]],
    ["without a network", [ownData, "--network=none", "--tmpfs=/run"]],
    ["with what Kubernetes calls emptyDir, and an fsGroup", [...fsGroup, ownData, "--tmpfs=/run:mode=2777,gid=2000"]],
    ["with nothing in /etc/prosody", [ownData, "--tmpfs=/run", "--tmpfs=/etc/prosody"]],
    ["with nothing in /etc/prosody/conf.d", [ownData, "--tmpfs=/run", "--tmpfs=/etc/prosody/conf.d"]],
  ])("%s", async (_, words) => {
    const image = await ensureProsodyImage(series);
    const server = await start([...confined, ...words, "--env=PROSODY_DOMAIN=example.org", image]);
    expect(await healthOf(server)).toBe("The server is healthy.");
    expect(await server.log()).not.toMatch(/\serror\t/u);
    expect((await server.exec(["prosodyctl", "register", "me", "example.org", "a long secret"])).exitCode).toBe(0);
    expect((await server.exec(["prosodyctl", "shell", "user", "list", "example.org"])).stdout).toContain(
      "me@example.org",
    );
  });

  it("with a volume that Kubernetes gave to a group", async () => {
    const image = await ensureProsodyImage(series);
    const data = await volume("chown 0:2000 /v; chmod 2775 /v");
    const words = [
      ...confined,
      ...fsGroup,
      "--tmpfs=/run:mode=2777,gid=2000",
      `--volume=${data}:/var/lib/prosody:nocopy`,
    ];
    const first = await start([...words, "--env=PROSODY_DOMAIN=example.org", image]);
    expect(await healthOf(first)).toBe("The server is healthy.");
    await first.exec(["prosodyctl", "register", "me", "example.org", "a long secret"]);
    await first.close();
    // The next pod may get another user; the kubelet gives the group its rights again.
    await prepareVolume(data, peers, "chgrp -R 2000 /v; chmod -R g+rwX /v");
    const other = words.map((word) => word.replace("10001:10001", "10002:10002"));
    const second = await start([...other, "--env=PROSODY_DOMAIN=example.org", image]);
    expect((await second.exec(["prosodyctl", "shell", "user", "list", "example.org"])).stdout).toContain("me@");
  });

  it.each([[[]], [["--security-opt=no-new-privileges"]]])(
    "as user 0 with capabilities: it becomes the one whose data it is %j",
    async (more) => {
      const image = await ensureProsodyImage(series);
      const data = await volume("chown 4321:4321 /v; chmod 700 /v");
      const server = await start(["--user=0", ...profiles, ...more, `--volume=${data}:/var/lib/prosody:nocopy`, image]);
      expect(await prepareVolume(data, peers, "stat -c %u /v/localhost")).toBe("4321\n");
      const { stdout } = await server.exec(["lua5.4", "-"], { input: 'print(io.open("/proc/1/status"):read("a"))' });
      expect(stdout).toMatch(/^Uid:\t4321\t4321\t4321\t4321$/mu);
      expect(stdout).toMatch(/^CapEff:\t0+$/mu);
      expect((await server.exec(["prosodyctl", "status"], { user: "0" })).stdout).toContain("PID 1");
    },
  );
});

/** Starts on a volume, and answers the one sentence that ended it. */
async function refusal(words: readonly string[]): Promise<string> {
  const server = await start([...confined, ...words, await ensureProsodyImage(usualSeries)], "ended");
  expect(await server.end()).toBe(78);
  const log = (await server.log()).trim();
  expect(log.split("\n")).toHaveLength(1);
  await server.close();
  return log;
}

describe("data that it may not write to", () => {
  it("of root: the sentence says the command that mends it", async () => {
    const data = await volume("chown 0:0 /v; chmod 755 /v");
    const mount = `--volume=${data}:/var/lib/prosody:nocopy`;
    const sentence = await refusal([mount]);
    expect(sentence).toMatch(
      /User 999 cannot write to \/var\/lib\/prosody, which belongs to user 0, group 0: run `chown/u,
    );
    const [, program = "", ...args] = /`(\S+) (\S+) (\S+) (\S+)`/u.exec(sentence) ?? [];
    await runCommand(program, args);
    await start([...confined, mount, await ensureProsodyImage(usualSeries)]);
  });

  it("of another user: it can be started as that one", async () => {
    const image = await ensureProsodyImage(usualSeries);
    const data = await volume("chown 4321:4322 /v; chmod 750 /v");
    const mount = `--volume=${data}:/var/lib/prosody:nocopy`;
    const user =
      /or start with `(--user) (\d+:\d+)`/u
        .exec(await refusal([mount]))
        ?.slice(1)
        .join("=") ?? "";
    expect(user).toBe("--user=4321:4322");
    const owner = await start([...confined, user, mount, image]);
    await owner.exec(["prosodyctl", "register", "me", "localhost", "a long secret"]);
    await owner.close();
    await prepareVolume(data, peers, "chown 999:999 /v");
    expect(await refusal([mount])).toMatch(/cannot write to \/var\/lib\/prosody\/\S+, which belongs to user 4321/u);
    await prepareVolume(data, peers, "chown -R 999:999 /v");
    const mended = await start([...confined, mount, image]);
    expect((await mended.exec(["prosodyctl", "shell", "user", "list", "localhost"])).stdout).toContain("me@localhost");
  });

  it("that is read-only: a volume or tmpfs is asked for", async () => {
    const sentence = await refusal(["--tmpfs=/var/lib/prosody:ro,mode=1777"]);
    expect(sentence).toContain("which is read-only: mount a volume or a tmpfs at /var/lib/prosody.");
  });
});

it("a whole configuration in /etc/prosody is not ignored in silence", async () => {
  const folder = await volume("echo 'VirtualHost \"a.example\"' > /v/prosody.cfg.lua");
  const image = await ensureProsodyImage(usualSeries);
  const server = await start([`--volume=${folder}:/etc/prosody`, image], "ended");
  expect(await server.end()).toBe(78);
  expect(await server.log()).toContain("/etc/prosody/prosody.cfg.lua is not read");
});
