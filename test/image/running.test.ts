import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

const containers: string[] = [];
const images = new Map<string, string>();

beforeAll(async () => {
  await useEngine();
  for (const series of imageSeries) images.set(series, await ensureProsodyImage(series));
});

afterAll(async () => {
  await runCommand("docker", ["rm", "--force", "--volumes", ...containers], { accept: "any" });
});

/** Runs to the end. */
async function run(options: readonly string[], args: readonly string[] = [], series = "13.0") {
  const command = ["run", "--rm", "--network=none", ...options, images.get(series) ?? "", ...args];
  return runCommand("docker", command, { accept: "any" });
}

/** Runs in the background, until it says that it serves. */
async function start(options: readonly string[], series: string): Promise<string> {
  const { stdout } = await runCommand("docker", [
    "run",
    "--detach",
    "--network=none",
    ...options,
    images.get(series) ?? "",
  ]);
  const container = stdout.trim();
  containers.push(container);
  for (;;) {
    const log = await runCommand("docker", ["logs", container]);
    if (log.stdout.includes(" serves ")) return container;
    const state = await runCommand("docker", ["inspect", "--format={{.State.Running}}", container]);
    if (state.stdout.trim() !== "true") throw new Error(`It ended: ${log.stderr}${log.stdout}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function stop(container: string): Promise<{ exitCode: string; log: string }> {
  await runCommand("docker", ["stop", "-t", "2", container]);
  const state = await runCommand("docker", ["inspect", "--format={{.State.ExitCode}}", container]);
  const { stdout, stderr } = await runCommand("docker", ["logs", container]);
  return { exitCode: state.stdout.trim(), log: stderr + stdout };
}

const environment = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings).map(([name, value]) => `--env=${name}=${value}`);

describe.each(imageSeries)("the image of %s", (series) => {
  it.each([
    ["as itself", []],
    ["as any user of group 0", ["--user=12345:0"]],
    ["as any user", ["--user=12345:12345"]],
    [
      "read-only, without capabilities",
      ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--tmpfs=/var/lib/prosody", "--tmpfs=/run"],
    ],
    ["with SQLite", ["--env=PROSODY_STORAGE=sqlite"]],
    ["with memory only", ["--env=PROSODY_STORAGE=memory"]],
    ["without modules that were left out", ["--env=PROSODY_DISABLE_MODULES=mod_mam,muc_mam"]],
  ])("starts without a network and stops by itself, %s", async (_, options) => {
    const container = await start([...options, "--env=PROSODY_DOMAIN=Example.org"], series);
    const { exitCode, log } = await stop(container);
    expect(log).toMatch(/Prosody \S+ serves conference\.example\.org example\.org upload\.example\.org[;\n]/u);
    expect(log).toContain("Shutdown complete");
    expect(log).not.toMatch(/\serror\t/u);
    expect(exitCode).toBe("0");
  });

  it("stops when it has only just been started", async () => {
    const { stdout } = await runCommand("docker", ["run", "--detach", "--network=none", images.get(series) ?? ""]);
    containers.push(stdout.trim());
    expect((await stop(stdout.trim())).exitCode).toBe("0");
  });

  it("runs prosodyctl with the same configuration", async () => {
    const options = environment({ PROSODY_DOMAIN: "example.org", PROSODY_LOGLEVEL: "warn" });
    const container = await start(environment({ PROSODY_DOMAIN: "example.org" }), series);
    const entrypoint = ["/usr/bin/lua5.4", "/usr/lib/prosody-foundry/entrypoint.lua"];
    const status = await runCommand("docker", ["exec", container, ...entrypoint, "prosodyctl", "status"]);
    expect(status.stdout).toContain("PID 1");
    await stop(container);
    expect((await run(options, ["about"], series)).stdout).toMatch(/^Prosody \d/u);
    const both = await run(options, ["prosodyctl", "check", "disabled"], series);
    expect(both.stdout + both.stderr).toContain("All checks passed");
  });

  it("uses no option that Prosody warns of", async () => {
    const container = await start(
      environment({ PROSODY_ADMINS: "me@example.org", PROSODY_DOMAIN: "example.org" }),
      series,
    );
    expect((await stop(container)).log).not.toMatch(/Configuration warning|deprecated/u);
  });
});
