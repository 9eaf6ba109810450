import { writeFileSync } from "node:fs";
import { access } from "node:fs/promises";
import path from "node:path";
import { type BakeContext, findEmulator } from "@prosody-foundry/bake";
import type { Platform } from "@prosody-foundry/images";
import { binfmtRule, machines } from "../../packages/bake/src/machine.ts";

const binfmt = "/proc/sys/fs/binfmt_misc";

/**
 * Lends an engine on this machine QEMU for a platform until this process ends. Where that cannot be done nothing happens:
 * the engine may have an emulator of its own, and the probe tells.
 */
export async function lendEmulator(context: BakeContext, platform: Platform): Promise<void> {
  const { qemu } = machines[platform];
  const name = `prosody-foundry-bench-${qemu}`;
  takeBack(name);
  try {
    await access(path.join(binfmt, "register"));
    const program = await findEmulator(context, qemu);
    const { magic, mask } = binfmtRule(platform);
    // F: the kernel opens the program now, so it is found from inside every container.
    writeFileSync(path.join(binfmt, "register"), `:${name}:M::${magic}:${mask}:${program}:F`);
    process.once("exit", () => takeBack(name));
  } catch {
    // Not root, no binfmt_misc, no QEMU.
  }
}

/** Also what a killed run left. */
function takeBack(name: string): void {
  try {
    writeFileSync(path.join(binfmt, name), "-1", { flag: "r+" });
  } catch {
    // It is not there.
  }
}
