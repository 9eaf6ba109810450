import { randomBytes } from "node:crypto";
import { access, constants, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Platform } from "@prosody-foundry/images";
import { type Exec, isUserError } from "@prosody-foundry/kit";
import { binfmtRule, machines } from "./machine.ts";

/** Whether a platform's programs run on the engine; `undo` leaves the machine as it was. */
export type Runnable = { runs: true; undo: () => Promise<void> } | { runs: false; because: string };

export interface Emulator {
  /** Folder with `qemu-<machine>-static`. */
  programs: string;
  /** Where the kernel takes interpreters. */
  binfmt: string;
  /** Path of a static `qemu-<machine>` for a machine that `programs` lacks; none unless given. */
  fetch?: (machine: string) => Promise<string>;
}

const hostEmulator: Emulator = { programs: "/usr/bin", binfmt: "/proc/sys/fs/binfmt_misc" };

interface Trial {
  exec: Exec;
  image: string;
  platform: Platform;
}

const nothing = async (): Promise<void> => undefined;

/**
 * Finds out whether programs of a platform run on the engine, and if not, lends it an emulator for as long as the check
 * takes. That helps only an engine on this machine, and needs root and binfmt_misc.
 */
export async function prepareRun(trial: Trial, given: Partial<Emulator> = {}): Promise<Runnable> {
  const emulator = { ...hostEmulator, ...given };
  const prefix = `prosody-foundry-${machines[trial.platform].qemu}-`;
  // What another check was lent is taken back when that one ends, so it is nothing to rely on.
  const names = await sweepLent(emulator.binfmt);
  const isLent = names.some((name) => name.startsWith(prefix));
  if (!isLent && (await canRun(trial))) return { runs: true, undo: nothing };
  const lent = await lend(trial.platform, emulator, prefix);
  if (!lent.runs) return isLent && (await canRun(trial)) ? { runs: true, undo: nothing } : lent;
  const runs = await canRun(trial).catch(async (error: unknown) => {
    await lent.undo();
    throw error;
  });
  if (runs) return lent;
  await lent.undo();
  return cannot(trial.platform, "it did not take this machine's emulator; is it on another machine?");
}

/** Takes back what killed commands have lent. Names of the rules that are left. */
async function sweepLent(binfmt: string): Promise<string[]> {
  const names = await readdir(binfmt).catch((): string[] => []);
  const dead = names.filter((name) => {
    const pid = /^prosody-foundry-[^-]+-(\d+)-[0-9a-f]{8}$/u.exec(name)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  });
  for (const name of dead) await takeBack(path.join(binfmt, name)).catch(ignoreRefusal);
  return names.filter((name) => !dead.includes(name));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is somebody else's.
    return error instanceof Error && "code" in error && error.code !== "ESRCH";
  }
}

async function takeBack(rule: string): Promise<void> {
  await writeFile(rule, "-1", { flag: "r+" });
}

function ignoreRefusal(error: unknown): void {
  if (!isRefusal(error)) throw error;
}

/** Any other failure than a foreign format is left to the check itself, which can say more. */
async function canRun(trial: Trial): Promise<boolean> {
  const args = ["run", "--rm", "--pull", "never", "--platform", trial.platform, "--network", "none"];
  const lua = ["--entrypoint", "/usr/bin/lua5.4", trial.image, "-e", ""];
  const { stdout, stderr } = await trial.exec("docker", [...args, ...lua], { accept: "any" });
  return !/exec format error/iu.test(stdout + stderr);
}

function cannot(platform: string, because: string): { runs: false; because: string } {
  return { runs: false, because: `the engine cannot run ${platform}: ${because}` };
}

async function lend(platform: Platform, emulator: Emulator, prefix: string): Promise<Runnable> {
  const register = path.join(emulator.binfmt, "register");
  const program = await findProgram(machines[platform].qemu, emulator).catch((error: unknown) => {
    if (!isUserError(error)) throw error;
    return { lacking: error.message };
  });
  if (typeof program !== "string") return cannot(platform, program.lacking);
  const { magic, mask } = binfmtRule(platform);
  const name = `${prefix}${process.pid}-${randomBytes(4).toString("hex")}`;
  try {
    // F: the kernel opens the program now, so it is found from inside every container.
    await writeFile(register, `:${name}:M::${magic}:${mask}:${program}:F`);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return cannot(platform, `${emulator.binfmt} takes no emulator (${error.code})`);
  }
  return { runs: true, undo: () => takeBack(path.join(emulator.binfmt, name)) };
}

async function findProgram(machine: string, emulator: Emulator): Promise<string | { lacking: string }> {
  const own = path.join(emulator.programs, `qemu-${machine}-static`);
  if (await can(own, constants.X_OK)) return own;
  if (emulator.fetch === undefined) return { lacking: `${own} is not installed (qemu-user-static)` };
  // Not fetched for nothing.
  if (await can(path.join(emulator.binfmt, "register"), constants.W_OK)) return emulator.fetch(machine);
  return { lacking: `${own} is not installed, and this user cannot lend it one (${emulator.binfmt}/register)` };
}

function isRefusal(error: unknown): error is NodeJS.ErrnoException {
  const codes = ["ENOENT", "EACCES", "EPERM", "EROFS", "EINVAL", "EEXIST", "ENOTDIR"];
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

async function can(file: string, what: number): Promise<boolean> {
  return access(file, what).then(
    () => true,
    () => false,
  );
}
