import { access, writeFile } from "node:fs/promises";
import path from "node:path";

const binfmt = "/proc/sys/fs/binfmt_misc";
const name = "prosody-foundry-bench-aarch64";
const program = "/usr/bin/qemu-aarch64-static";

// First bytes of an arm64 program, as qemu-user-static has them.
const magic = String.raw`\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00`;
const mask = String.raw`\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff`;

const nothing = async (): Promise<void> => undefined;

/**
 * Lends an engine on this machine QEMU for arm64; the answer takes it back. Where that cannot be done nothing happens:
 * the engine may have an emulator of its own, and the probe tells.
 */
export async function lendEmulator(): Promise<() => Promise<void>> {
  try {
    await access(program);
    await unregister();
    // F: the kernel opens the program now, so it is found from inside every container.
    await writeFile(path.join(binfmt, "register"), `:${name}:M::${magic}:${mask}:${program}:F`);
    return unregister;
  } catch {
    return nothing;
  }
}

/** Also what a killed run left. */
async function unregister(): Promise<void> {
  await writeFile(path.join(binfmt, name), "-1", { flag: "r+" }).catch(() => undefined);
}
