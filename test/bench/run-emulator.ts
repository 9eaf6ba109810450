import { accessSync, writeFileSync } from "node:fs";
import path from "node:path";

const binfmt = "/proc/sys/fs/binfmt_misc";
const name = "prosody-foundry-bench-aarch64";
const program = "/usr/bin/qemu-aarch64-static";

// First bytes of an arm64 program, as qemu-user-static has them.
const magic = String.raw`\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`;
const mask = String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`;

/**
 * Lends an engine on this machine QEMU for arm64 until this process ends. Where that cannot be done nothing happens: the
 * engine may have an emulator of its own, and the probe tells.
 */
export function lendEmulator(): void {
  takeBack();
  try {
    accessSync(program);
    // F: the kernel opens the program now, so it is found from inside every container.
    writeFileSync(path.join(binfmt, "register"), `:${name}:M::${magic}:${mask}:${program}:F`);
    process.once("exit", takeBack);
  } catch {
    // Not root, no binfmt_misc, no QEMU.
  }
}

/** Also what a killed run left. */
function takeBack(): void {
  try {
    writeFileSync(path.join(binfmt, name), "-1", { flag: "r+" });
  } catch {
    // It is not there.
  }
}
