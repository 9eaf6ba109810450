import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { UserError, runExclusive } from "@prosody-foundry/kit";
import { extract } from "tar-stream";
import type { BakeContext } from "./engine.ts";
import { machines } from "./machine.ts";
import { keepFile, readCached } from "./read-cached.ts";
import { withDebianFiles } from "./read-debian.ts";

/** The first suite whose qemu-user is linked statically, as a program has to be that runs inside a container. */
const suite = "trixie";

/**
 * Path of a static `qemu-<machine>` of this machine's own architecture, out of Debian's package qemu-user. All that any
 * platform needs are unpacked into the cache at once; nothing is installed.
 * @throws UserError INPUT_UNREACHABLE, BASE_UNREACHABLE, EMULATOR_MISSING for a machine Debian's package does not emulate.
 */
export async function findEmulator(context: BakeContext, machine: string): Promise<string> {
  const architecture = os.arch() === "x64" ? "amd64" : os.arch();
  const folder = path.join(context.cacheDir, "tools", `qemu-user_${architecture}`);
  const present = (): Promise<string | undefined> => readCached(path.join(folder, machine)).then((file) => file?.path);
  const found =
    (await present()) ??
    (await runExclusive(folder, async () => (await present()) ?? fetchAll(context, folder, { architecture, machine }), {
      onWait: context.progress,
    }));
  if (found !== undefined) return found;
  throw new UserError("EMULATOR_MISSING", `Debian's package qemu-user has no emulator for ${machine}`, {
    hint: "Check that platform on a machine of its own.",
  });
}

async function fetchAll(
  context: BakeContext,
  folder: string,
  { architecture, machine }: { architecture: string; machine: string },
): Promise<string | undefined> {
  const wish = { suite, package: "qemu-user", version: undefined, architectures: [architecture], pinned: false };
  await withDebianFiles(context, wish, (fetched) =>
    keepPrograms(context, path.join(fetched, `${architecture}.tar`), folder),
  );
  return (await readCached(path.join(folder, machine)))?.path;
}

async function keepPrograms(context: BakeContext, tar: string, folder: string): Promise<void> {
  const wanted = new Map(Object.values(machines).map(({ qemu }) => [`./usr/bin/qemu-${qemu}`, qemu]));
  const scratch = await mkdtemp(path.join(path.dirname(tar), "unpacked-"));
  await mkdir(folder, { recursive: true });
  for await (const entry of createReadStream(tar).pipe(extract())) {
    const machine = wanted.get(entry.header.name);
    const bytes = await buffer(entry);
    if (machine !== undefined) await keepProgram(bytes, scratch, path.join(folder, machine));
  }
  await rm(scratch, { recursive: true });
}

async function keepProgram(bytes: Buffer, scratch: string, file: string): Promise<void> {
  const unpacked = path.join(scratch, path.basename(file));
  await writeFile(unpacked, bytes, { mode: 0o755 });
  await keepFile(unpacked, file, `Debian ${suite}'s qemu-user`);
}
