import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Podman, type Who, startPodman } from "../fixtures/podman.ts";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

let podman: Podman;
const images = new Map<string, string>();

beforeAll(async () => {
  await useEngine();
  for (const series of imageSeries) images.set(series, await ensureProsodyImage(series));
  podman = await startPodman([...images.values()]);
});
afterAll(async () => podman.close());

const confined = [
  "--cgroups=disabled",
  "--network=none",
  "--read-only",
  "--cap-drop=ALL",
  "--security-opt=no-new-privileges",
  "--security-opt=seccomp=/seccomp.json",
];

/** What the README has Podman told, since it leaves out the health check of the image. */
async function readHealthWords(): Promise<string[]> {
  const readme = await readFile(path.resolve(import.meta.dirname, "../../images/prosody/README.md"), "utf8");
  const command = /`--health-cmd '([^'`]+)'`/u.exec(readme)?.[1];
  if (command === undefined) throw new Error("The README has no health check for Podman");
  return ["--health-cmd", command];
}

/** Starts a server of an image, and answers its log once it serves or has ended. */
const startOf =
  (image: string) =>
  async (by: Who, name: string, ...words: string[]): Promise<string> => {
    const { exitCode, stderr } = await podman.run(
      by,
      "run",
      "--detach",
      `--name=${name}`,
      ...confined,
      ...words,
      image,
    );
    if (exitCode !== 0) throw new Error(`podman run: ${stderr}`);
    for (;;) {
      const { stdout, stderr: said } = await podman.run(by, "logs", name);
      const log = said + stdout;
      const state = await podman.run(by, "inspect", "--format={{.State.Running}}", name);
      if (state.stdout.trim() !== "true" || / serves /u.test(log)) return log;
      await wait(100);
    }
  };

const scenes = imageSeries.flatMap((series) => (["root", "rootless"] as const).map((by) => [by, series] as const));

describe.each(scenes)("Debian's Podman, %s, with %s", (by, series) => {
  const start = async (who: Who, name: string, ...words: string[]): Promise<string> =>
    startOf(images.get(series) ?? "")(who, name, ...words);
  /** What Podman's own check says: its exit code, and what it thinks of the server from then on. */
  const judge = async (): Promise<[number, string]> => {
    const { exitCode } = await podman.run(by, "healthcheck", "run", "named");
    const { stdout } = await podman.run(by, "inspect", "--format={{.State.Health.Status}}", "named");
    return [exitCode, stdout.trim()];
  };
  const home = `/home/${by}/${series}`;

  it("runs the server on a named volume, as confined as Docker does, and ends it cleanly", async () => {
    const places = [`--volume=data-${series}:/var/lib/prosody`, "--tmpfs=/run/prosody:mode=1777"];
    const log = await start(by, "named", ...places, ...(await readHealthWords()));
    expect(log).toMatch(/Prosody \S+ serves /u);
    const health = await podman.run(by, "exec", "named", "foundry", "healthcheck");
    expect(health.stdout).toContain("The server is healthy.");
    expect(await judge()).toEqual([0, "healthy"]);
    const made = await podman.run(by, "exec", "named", "prosodyctl", "register", "me", "localhost", "a long secret");
    expect(made.exitCode).toBe(0);
    // Three times, as Podman wants it.
    await podman.run(by, "exec", "named", "prosodyctl", "shell", "port", "close", "5222");
    for (let times = 0; times < 3; times += 1) expect((await judge())[0]).toBe(1);
    expect(await judge()).toEqual([1, "unhealthy"]);
    await podman.run(by, "stop", "--time=2", "named");
    expect((await podman.run(by, "inspect", "--format={{.State.ExitCode}}", "named")).stdout.trim()).toBe("0");
    await podman.run(by, "rm", "named");
  });

  it("runs it on a folder of whoever calls, once Podman has given it to the server", async () => {
    const owner = by === "root" ? 0 : 1000;
    await podman.shell(`mkdir -p ${home}/data; chown ${owner}:${owner} ${home}/data; chmod 700 ${home}/data`);
    const data = `--volume=${home}/data:/var/lib/prosody`;
    const refused = await start(by, "refused", data);
    expect(refused.trim().split("\n")).toHaveLength(1);
    expect(refused).toMatch(/User 999 cannot write to \/var\/lib\/prosody, which belongs to user 0.*mounted with :U/u);
    await podman.run(by, "rm", "refused");
    expect(await start(by, "given", `${data}:U`)).toMatch(/Prosody \S+ serves /u);
    await podman.run(by, "rm", "--force", "--time=2", "given");
  });

  it("runs it on such a folder as user 0, who is nobody outside or may nothing", async () => {
    const owner = by === "root" ? 0 : 1000;
    await podman.shell(`mkdir -p ${home}/own; chown ${owner}:${owner} ${home}/own; chmod 700 ${home}/own`);
    const log = await start(by, "own", "--user=0", `--volume=${home}/own:/var/lib/prosody`);
    expect(log).toMatch(/Prosody \S+ serves /u);
    expect(await podman.shell(`stat -c %u ${home}/own/localhost`)).toBe(`${owner}\n`);
    await podman.run(by, "rm", "--force", "--time=2", "own");
  });
});
