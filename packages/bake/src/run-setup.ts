import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Exec, type Progress, isUserError, prettyJson, runExclusive, writeFileWhole } from "@prosody-foundry/kit";
import { type Engine, engineMissing } from "./engine.ts";
import { readAptSources, readMachineOs } from "./read-apt.ts";
import { findEngine, ownHost } from "./read-engine.ts";
import { type SetupPlan, daemonConfig, planSetup } from "./setup-plan.ts";

export interface SetupOptions {
  exec: Exec;
  env: Readonly<Record<string, string | undefined>>;
  cacheDir: string;
  progress: Progress;
  /** User id of this process; 0 is root. */
  uid: number;
}

/**
 * Finds an engine, or, as root on Debian or Ubuntu, installs and starts one of our own. The machine's package sources,
 * its own docker daemon and its configuration are left alone.
 * @throws UserError ENGINE_MISSING, BUILDX_MISSING or ENGINE_NO_CONTAINERD_STORE when that is not possible,
 * COMMAND_FAILED when apt cannot install it.
 */
export async function setupEngine(options: SetupOptions): Promise<Engine> {
  const found = await findEngine(options).catch((error: unknown) => {
    if (isUserError(error, "ENGINE_MISSING", "BUILDX_MISSING", "ENGINE_NO_CONTAINERD_STORE")) return error;
    throw error;
  });
  if (!(found instanceof Error)) return found;
  const plan = planSetup(await readMachineOs(), await readAptSources());
  // Somebody who names an engine wants that one.
  if (plan === undefined || options.uid !== 0 || options.env["DOCKER_HOST"] !== undefined) throw found;
  const lock = path.join(options.cacheDir, "setup");
  return runExclusive(lock, () => makeEngine(options, plan), { onWait: options.progress });
}

async function makeEngine(options: SetupOptions, plan: SetupPlan): Promise<Engine> {
  options.progress("No container engine that can build answers: installing and starting one of our own");
  if (!(await hasPrograms(options.exec))) await installPackages(options, plan);
  await startDaemon(options);
  return findEngine(options);
}

async function hasPrograms(exec: Exec): Promise<boolean> {
  const versions = [
    ["dockerd", "--version"],
    ["docker", "buildx", "version"],
    ["containerd", "--version"],
  ] as const;
  for (const [program, ...args] of versions) {
    const ran = await exec(program, args, { accept: "any" }).catch(whenMissing);
    if (ran?.exitCode !== 0) return false;
  }
  return true;
}

function whenMissing(error: unknown): undefined {
  if (!isUserError(error, "COMMAND_MISSING")) throw error;
}

/** apt with sources, preferences, lists and downloads in folders of ours; only dpkg's own records are the machine's. */
async function installPackages(options: SetupOptions, plan: SetupPlan): Promise<void> {
  const folder = path.join(options.cacheDir, "apt");
  await rm(path.join(folder, "etc"), { recursive: true, force: true });
  for (const part of ["etc", "state/lists/partial", "cache/archives/partial"]) {
    await mkdir(path.join(folder, part), { recursive: true });
  }
  const sources = path.join(folder, "etc", "sources.list.d");
  await cp("/etc/apt/sources.list.d", sources, { recursive: true }).catch(() => mkdir(sources));
  const own = await readFile("/etc/apt/sources.list", "utf8").catch(() => "");
  await writeFile(path.join(folder, "etc", "sources.list"), [own.trimEnd(), ...plan.extraSources, ""].join("\n"));
  await writeFile(path.join(folder, "etc", "preferences"), plan.preferences);
  options.progress("Reading the package lists");
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  // A third party's source that is down must not stop us: without the engine's packages the install says so.
  await options.exec("apt-get", [...aptOptions(folder), "update"], { env, accept: "any" });
  options.progress(`Installing ${plan.packages.join(", ")}`);
  const install = ["install", "--yes", "--no-install-recommends", ...plan.packages];
  await options.exec("apt-get", [...aptOptions(folder), ...install], { env });
}

function aptOptions(folder: string): string[] {
  const settings = {
    "Dir::Etc::sourcelist": path.join(folder, "etc", "sources.list"),
    "Dir::Etc::sourceparts": path.join(folder, "etc", "sources.list.d"),
    "Dir::Etc::preferences": path.join(folder, "etc", "preferences"),
    "Dir::State": path.join(folder, "state"),
    "Dir::State::status": "/var/lib/dpkg/status",
    "Dir::Cache": path.join(folder, "cache"),
    "APT::Sandbox::User": "root",
  };
  return ["-qq", ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])];
}

const runFolder = "/run/prosody-foundry";

async function startDaemon(options: SetupOptions): Promise<void> {
  options.progress("Starting the engine");
  await mkdir(runFolder, { recursive: true });
  await mkdir(daemonConfig["data-root"], { recursive: true });
  const config = path.join(path.dirname(daemonConfig["data-root"]), "daemon.json");
  await writeFileWhole(config, prettyJson(daemonConfig));
  await forgetDead(daemonConfig.pidfile, "dockerd");
  await forgetDead(path.join(daemonConfig["exec-root"], "containerd", "containerd.pid"), "containerd");
  await mountBinfmt(options.exec);
  const log = path.join(path.dirname(daemonConfig["data-root"]), "dockerd.log");
  // Detached, so that the engine outlives this command; start-stop-daemon is part of dpkg.
  const start = ["--start", "--background", "--output", log, "--exec", "/usr/sbin/dockerd"];
  await options.exec(
    "start-stop-daemon",
    [...start, "--pidfile", daemonConfig.pidfile, "--", "--config-file", config],
    {
      env: { DOCKER_HOST: undefined },
      accept: [1],
    },
  );
  await waitForDaemon(options.exec, log);
}

/** A pid file that a killed daemon left may name another process by now, and would keep a new one from starting. */
async function forgetDead(pidfile: string, program: string): Promise<void> {
  const pid = await readFile(pidfile, "utf8").catch(() => undefined);
  if (pid === undefined) return;
  const name = await readFile(`/proc/${pid.trim()}/comm`, "utf8").catch(() => "");
  if (name.trim() !== program) await rm(pidfile, { force: true });
}

/** Lets checks of foreign platforms lend the kernel an emulator; without it those are reported as not run. */
async function mountBinfmt(exec: Exec): Promise<void> {
  const mounts = await readFile("/proc/mounts", "utf8").catch(() => "");
  if (/^binfmt_misc /mu.test(mounts)) return;
  const mount = ["-t", "binfmt_misc", "binfmt_misc", "/proc/sys/fs/binfmt_misc"];
  await exec("mount", mount, { accept: "any" }).catch(whenMissing);
}

async function waitForDaemon(exec: Exec, log: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const asked = await exec("docker", ["version"], { env: { DOCKER_HOST: ownHost }, accept: "any" });
    if (asked.exitCode === 0) return;
    if (performance.now() > deadline) throw engineMissing(`the one that was started did not come up; see ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
