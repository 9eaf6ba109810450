import { access, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Exec } from "@prosody-foundry/kit";

/** Whether a platform's programs run on the engine; `undo` leaves the machine as it was. */
export type Runnable = { runs: true; undo: () => Promise<void> } | { runs: false; because: string };

export interface Emulator {
  /** Folder with `qemu-<machine>-static`. */
  programs: string;
  /** Where the kernel takes interpreters. */
  binfmt: string;
}

const hostEmulator: Emulator = { programs: "/usr/bin", binfmt: "/proc/sys/fs/binfmt_misc" };

const nothing = async (): Promise<void> => undefined;

/** The kernel's rule for each machine: which first bytes of a file are a program of it. From qemu-user-static. */
const machines: Readonly<Record<string, { name: string; magic: string; mask: string }>> = {
  "linux/arm64": machine("aarch64", String.raw`\xb7\x00`),
  "linux/amd64": machine("x86_64", String.raw`\x3e\x00`),
};

function machine(name: string, id: string): { name: string; magic: string; mask: string } {
  const head = String.raw`\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00`;
  const mask = String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`;
  return { name, magic: head + id, mask };
}

/**
 * Finds out whether programs of a platform run on the engine, and if not, lends it this machine's qemu for as long as
 * the check takes. That helps only an engine on this machine, and needs root and binfmt_misc.
 */
export async function prepareRun(
  trial: { exec: Exec; image: string; platform: string },
  emulator: Emulator = hostEmulator,
): Promise<Runnable> {
  if (await canRun(trial)) return { runs: true, undo: nothing };
  const rule = machines[trial.platform];
  if (rule === undefined) return { runs: false, because: `no emulator is known for ${trial.platform}` };
  const program = path.join(emulator.programs, `qemu-${rule.name}-static`);
  if (!(await exists(program))) return cannot(trial.platform, `${program} is not installed (qemu-user-static)`);
  const undo = await register(rule, program, emulator.binfmt);
  if (typeof undo === "string") return cannot(trial.platform, undo);
  if (await canRun(trial)) return { runs: true, undo };
  await undo();
  return cannot(trial.platform, "it did not take this machine's emulator; is it on another machine?");
}

/** Any other failure than a foreign format is left to the check itself, which can say more. */
async function canRun(trial: { exec: Exec; image: string; platform: string }): Promise<boolean> {
  const args = ["run", "--rm", "--pull", "never", "--platform", trial.platform, "--network", "none"];
  const lua = ["--entrypoint", "/usr/bin/lua5.4", trial.image, "-e", ""];
  const { stdout, stderr } = await trial.exec("docker", [...args, ...lua], { accept: "any" });
  return !/exec format error/iu.test(stdout + stderr);
}

function cannot(platform: string, because: string): Runnable {
  return { runs: false, because: `the engine cannot run ${platform}: ${because}` };
}

async function register(
  rule: { name: string; magic: string; mask: string },
  program: string,
  binfmt: string,
): Promise<(() => Promise<void>) | string> {
  const name = `prosody-foundry-${rule.name}`;
  // F: the kernel opens the program now, so it is found from inside every container.
  const line = `:${name}:M::${rule.magic}:${rule.mask}:${program}:F`;
  try {
    await writeFile(path.join(binfmt, "register"), line);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return `${binfmt} takes no emulator (${error.code})`;
  }
  return () => writeFile(path.join(binfmt, name), "-1");
}

function isRefusal(error: unknown): error is NodeJS.ErrnoException {
  const codes = ["ENOENT", "EACCES", "EPERM", "EROFS", "EINVAL", "EEXIST", "ENOTDIR"];
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
