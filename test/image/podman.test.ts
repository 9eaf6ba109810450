import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Podman, type Who, startPodman } from "../fixtures/podman.ts";
import { ensureProsodyImage, usualSeries } from "../fixtures/prosody-image.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

let podman: Podman;
let image: string;

beforeAll(async () => {
  await useEngine();
  image = await ensureProsodyImage(usualSeries);
  podman = await startPodman(image);
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

/** Starts a server, and answers its log once it serves or has ended. */
async function start(by: Who, name: string, ...words: string[]): Promise<string> {
  const { exitCode, stderr } = await podman.run(by, "run", "--detach", `--name=${name}`, ...confined, ...words, image);
  if (exitCode !== 0) throw new Error(`podman run: ${stderr}`);
  for (;;) {
    const { stdout, stderr: said } = await podman.run(by, "logs", name);
    const log = said + stdout;
    const state = await podman.run(by, "inspect", "--format={{.State.Running}}", name);
    if (state.stdout.trim() !== "true" || / serves /u.test(log)) return log;
    await wait(100);
  }
}

describe.each<Who>(["root", "rootless"])("Debian's Podman, %s", (by) => {
  it("runs the server on a named volume, as confined as Docker does, and ends it cleanly", async () => {
    const log = await start(by, "named", "--volume=data:/var/lib/prosody", "--tmpfs=/run/prosody:mode=1777");
    expect(log).toMatch(/Prosody \S+ serves /u);
    const health = await podman.run(by, "exec", "named", "foundry", "healthcheck");
    expect(health.stdout).toContain("The server is healthy.");
    const made = await podman.run(by, "exec", "named", "prosodyctl", "register", "me", "localhost", "a long secret");
    expect(made.exitCode).toBe(0);
    await podman.run(by, "stop", "--time=2", "named");
    expect((await podman.run(by, "inspect", "--format={{.State.ExitCode}}", "named")).stdout.trim()).toBe("0");
    await podman.run(by, "rm", "named");
  });

  it("runs it on a folder of whoever calls, once Podman has given it to the server", async () => {
    const owner = by === "root" ? 0 : 1000;
    await podman.shell(
      `mkdir -p /home/${by}/data; chown ${owner}:${owner} /home/${by}/data; chmod 700 /home/${by}/data`,
    );
    const data = `--volume=/home/${by}/data:/var/lib/prosody`;
    const refused = await start(by, "refused", data);
    expect(refused.trim().split("\n")).toHaveLength(1);
    expect(refused).toMatch(/User 999 cannot write to \/var\/lib\/prosody, which belongs to user 0.*mounted with :U/u);
    await podman.run(by, "rm", "refused");
    expect(await start(by, "given", `${data}:U`)).toMatch(/Prosody \S+ serves /u);
    await podman.run(by, "rm", "--force", "--time=2", "given");
  });

  it("runs it on such a folder as user 0, who is nobody outside or may nothing", async () => {
    const owner = by === "root" ? 0 : 1000;
    await podman.shell(`mkdir -p /home/${by}/own; chown ${owner}:${owner} /home/${by}/own; chmod 700 /home/${by}/own`);
    const log = await start(by, "own", "--user=0", `--volume=/home/${by}/own:/var/lib/prosody`);
    expect(log).toMatch(/Prosody \S+ serves /u);
    expect(await podman.shell(`stat -c %u /home/${by}/own/localhost`)).toBe(`${owner}\n`);
    await podman.run(by, "rm", "--force", "--time=2", "own");
  });
});
