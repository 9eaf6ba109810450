import { readFile } from "node:fs/promises";
import os from "node:os";
import { runCommand } from "@prosody-foundry/kit";
import { beforeAll, expect, it } from "vitest";
import { startBare } from "../fixtures/bare-server.ts";
import { apparmorName, apparmorProfile, confined } from "../fixtures/confinement.ts";
import { ensurePodmanImage } from "../fixtures/podman-image.ts";
import { ensureProsodyImage, usualSeries } from "../fixtures/prosody-image.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

beforeAll(useEngine);

// Every other server of these tests runs under the profile, too.
it("the seccomp profile is in force: what it does not name does not exist", async () => {
  const data = "--tmpfs=/var/lib/prosody:mode=1777";
  const server = await startBare([...confined, data, await ensureProsodyImage(usualSeries)]);
  try {
    const look = 'for line in io.lines("/proc/1/status") do print(line) end';
    expect((await server.exec(["lua5.4", "-"], { input: look })).stdout).toMatch(/^Seccomp:\t2$/mu);
    const link = 'print((select(3, require("lfs").link("/tmp/a", "/tmp/b", true))))';
    const { stdout } = await server.exec(["lua5.4", "-"], { input: link });
    expect(Number(stdout)).toBe(os.constants.errno.ENOSYS);
  } finally {
    await server.close();
  }
});

it("the AppArmor profile is in force: what it does not name is refused", async ({ skip }) => {
  skip(apparmorName === undefined, "the engine has no AppArmor");
  const data = "--tmpfs=/var/lib/prosody:mode=1777";
  const server = await startBare([...confined, data, await ensureProsodyImage(usualSeries)]);
  try {
    const { stdout } = await runCommand("docker", ["inspect", "--format={{.State.Pid}}", server.name]);
    const label = await readFile(`/proc/${stdout.trim()}/attr/current`, "utf8");
    expect(label.trim()).toBe(`${apparmorName} (enforce)`);
    const open = 'print((select(3, io.open("/dev/full", "w"))))';
    expect(Number((await server.exec(["lua5.4", "-"], { input: open })).stdout)).toBe(os.constants.errno.EACCES);
  } finally {
    await server.close();
  }
});

it("the AppArmor profile is one by Debian's parser, and lets the server run nothing", async () => {
  const words = ["--skip-kernel-load", "--skip-cache", "--abort-on-error"];
  const features = ["--features-file", "/usr/share/apparmor-features/features"];
  const { exitCode, stderr } = await runCommand(
    "docker",
    [
      "run",
      "--rm",
      `--volume=${apparmorProfile}:/profile:ro`,
      await ensurePodmanImage(),
      "apparmor_parser",
      ...words,
      ...features,
      "/profile",
    ],
    { accept: "any" },
  );
  expect([exitCode, stderr]).toEqual([0, ""]);
  const rules = (await readFile(apparmorProfile, "utf8")).split("\n").filter((line) => /^ *[@/]/u.test(line));
  expect(rules.length).toBeGreaterThan(10);
  expect(rules.filter((rule) => !/ [rwmk]+,$/u.test(rule))).toEqual([]);
});
