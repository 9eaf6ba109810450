import { readdir, statfs } from "node:fs/promises";
import { type Exec, isUserError } from "@prosody-foundry/kit";
import { type Engine, builderEnv } from "./engine.ts";
import { readAptSources, readMachineOs } from "./read-apt.ts";
import { findEngine, ownHost } from "./read-engine.ts";

/** One thing a machine has or lacks. */
export interface DoctorRow {
  name: string;
  ok: boolean;
  /** Without it some things still work. */
  optional: boolean;
  /** What was found, one line. */
  found: string;
  /** What to do; empty when it is well. */
  hint: string;
}

export interface DoctorOptions {
  exec: Exec;
  env: Readonly<Record<string, string | undefined>>;
  cacheDir: string;
  /** `process.version` of the Node that runs us. */
  nodeVersion: string;
}

/** Looks at all a build needs; changes nothing. */
export async function doctor(options: DoctorOptions): Promise<DoctorRow[]> {
  const engine = await findEngine(options).catch((error: unknown) => {
    if (isUserError(error)) return error;
    throw error;
  });
  const found = engine instanceof Error ? undefined : engine;
  return [
    ...engineRows(engine),
    await baseRow(options, found),
    await mirrorRow(),
    await diskRow(options.cacheDir),
    await qemuRow(),
    await programRow(options.exec, "git", ["--version"]),
    await programRow(options.exec, "hg", ["--version", "--quiet"]),
    nodeRow(options.nodeVersion),
  ];
}

function row(name: string, ok: boolean, text: { found: string; hint: string; optional?: boolean }): DoctorRow {
  return { name, ok, optional: text.optional ?? false, found: text.found, hint: ok ? "" : text.hint };
}

const rowNames: Record<string, string> = {
  BUILDX_MISSING: "buildx",
  ENGINE_NO_CONTAINERD_STORE: "containerd image store",
};

function engineRows(engine: Engine | { code: string; message: string; hint: string | undefined }): DoctorRow[] {
  if ("code" in engine) {
    const name = rowNames[engine.code] ?? "container engine";
    return [row(name, false, { found: engine.message, hint: engine.hint ?? "" })];
  }
  const where = engine.host === ownHost ? ", started by foundry setup" : "";
  return [
    row("container engine", true, { found: `${engine.version}${where}`, hint: "" }),
    row("buildx", true, {
      found: `${engine.buildxVersion}, builder ${engine.builder ?? "default"}, driver ${engine.driver}`,
      hint: "",
    }),
    row("containerd image store", true, { found: "yes", hint: "" }),
  ];
}

async function baseRow(options: DoctorOptions, engine: Engine | undefined): Promise<DoctorRow> {
  const name = "builder base";
  const env = engine === undefined ? {} : builderEnv(engine);
  const inspect = ["buildx", "imagetools", "inspect", "debian:trixie-slim"];
  const asked =
    engine && (await options.exec("docker", inspect, { env, accept: "any", timeout: 8000 }).catch(whenNone));
  if (asked?.exitCode === 0) return row(name, true, { found: "debian:trixie-slim from a registry", hint: "" });
  const tool = await options.exec("mmdebstrap", ["--version"], { accept: "any" }).catch(whenNone);
  const ok = tool?.exitCode === 0;
  const found = ok ? `no registry; bootstrapped with ${tool.stdout.trim()}` : "no registry and no mmdebstrap";
  return row(name, ok, { found, hint: "Install mmdebstrap, or let this machine reach a registry." });
}

function whenNone(error: unknown): undefined {
  if (!isUserError(error, "COMMAND_MISSING", "COMMAND_TIMED_OUT")) throw error;
}

async function mirrorRow(): Promise<DoctorRow> {
  const { codename } = await readMachineOs();
  const own = (await readAptSources()).find(
    (source) => source.suite === codename && source.components.includes("main"),
  );
  const found = own === undefined ? "Debian's own (this machine names none)" : "the one of this machine's apt";
  return row("Debian mirror", true, { found, hint: "" });
}

const enoughSpace = 4 * 1024 ** 3;

async function diskRow(folder: string): Promise<DoctorRow> {
  const disk = await statfs(folder).catch(() => statfs("/"));
  const free = disk.bavail * disk.bsize;
  const found = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
  return row("disk space", free >= enoughSpace, { found, hint: "A build takes up to 4 GiB; free some." });
}

async function qemuRow(): Promise<DoctorRow> {
  const names = await readdir("/proc/sys/fs/binfmt_misc").catch((): string[] => []);
  const ok = names.some((name) => /aarch64|x86_64/u.test(name));
  const hint = "To check images of the other platform, install qemu-user-static; building needs none.";
  return row("qemu for other platforms", ok, { found: ok ? "registered" : "not registered", hint, optional: true });
}

async function programRow(exec: Exec, program: string, args: readonly string[]): Promise<DoctorRow> {
  const ran = await exec(program, args, { accept: "any" }).catch(whenNone);
  const ok = ran?.exitCode === 0;
  const found = ok ? (ran.stdout.trim().split("\n")[0] ?? "") : "not installed";
  const optional = program === "hg";
  const hint = optional ? "Install mercurial to read module history from hg." : `Install ${program}.`;
  return row(program === "hg" ? "mercurial" : program, ok, { found, hint, optional });
}

function nodeRow(version: string): DoctorRow {
  const [major = 0, minor = 0] = version.replace(/^v/u, "").split(".").map(Number);
  const ok = major > 24 || (major === 24 && minor >= 15);
  return row("node", ok, { found: version, hint: "npm ci brings the right one; run commands through npm." });
}
