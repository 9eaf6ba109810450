import type { Platform } from "@prosody-foundry/images";

/** How programs of a platform are told apart, and what emulates them. */
export interface Machine {
  /** e_machine of an ELF file. */
  elf: number;
  bits: 32 | 64;
  endian: "little" | "big";
  /** Bits of e_flags that say which calling convention a file has, and what they have to be. */
  abi: { mask: number; value: number };
  /** QEMU's name: `qemu-<name>` runs its programs. */
  qemu: string;
}

const any = { mask: 0, value: 0 };

export const machines: Readonly<Record<Platform, Machine>> = {
  "linux/386": { elf: 3, bits: 32, endian: "little", abi: any, qemu: "i386" },
  "linux/amd64": { elf: 62, bits: 64, endian: "little", abi: any, qemu: "x86_64" },
  // Version 5, and not soft-float: the dynamic linker passes those over.
  "linux/arm/v7": { elf: 40, bits: 32, endian: "little", abi: { mask: 0xff000200, value: 0x05000000 }, qemu: "arm" },
  "linux/arm64": { elf: 183, bits: 64, endian: "little", abi: any, qemu: "aarch64" },
  // ELFv2.
  "linux/ppc64le": { elf: 21, bits: 64, endian: "little", abi: { mask: 3, value: 2 }, qemu: "ppc64le" },
  // Double-precision registers.
  "linux/riscv64": { elf: 243, bits: 64, endian: "little", abi: { mask: 6, value: 4 }, qemu: "riscv64" },
  "linux/s390x": { elf: 22, bits: 64, endian: "big", abi: any, qemu: "s390x" },
};

/**
 * How many times longer a platform's programs may take on a machine: an emulator is ten to thirty times slower.
 * @param architecture - of the machine, as Node names it
 */
export function slownessOf(platform: Platform, architecture: string): number {
  return native[architecture]?.includes(platform) === true ? 1 : 15;
}

const native: Readonly<Record<string, readonly Platform[]>> = {
  x64: ["linux/amd64", "linux/386"],
  ia32: ["linux/386"],
  arm64: ["linux/arm64", "linux/arm/v7"],
  arm: ["linux/arm/v7"],
  ppc64: ["linux/ppc64le"],
  riscv64: ["linux/riscv64"],
  s390x: ["linux/s390x"],
};

/** The kernel's rule for a machine, as binfmt_misc takes it: which first bytes of a file are a program of it. */
export interface BinfmtRule {
  magic: string;
  mask: string;
}

/** The same rules as those of Debian's qemu-user packages. */
export function binfmtRule(platform: Platform): BinfmtRule {
  const { elf, bits, endian } = machines[platform];
  const half = (value: number): number[] =>
    endian === "little" ? [value & 255, value >> 8] : [value >> 8, value & 255];
  const magic = [
    0x7f,
    0x45,
    0x4c,
    0x46,
    bits / 32,
    endian === "little" ? 1 : 2,
    1,
    ...zeros(9),
    ...half(2),
    ...half(elf),
  ];
  const mask = Array.from({ length: 20 }, () => 255);
  mask[7] = looseAbi[platform] ?? 0;
  // 2 is a program, 3 one that can be anywhere.
  mask[endian === "little" ? 16 : 17] = 0xfe;
  Object.assign(mask, oddMasks[platform]);
  return { magic: escape(magic), mask: escape(mask) };
}

/** Bits of the ABI byte that count. */
const looseAbi: Readonly<Partial<Record<Platform, number>>> = {
  "linux/386": 0xfc,
  "linux/amd64": 0xfc,
  "linux/ppc64le": 0xfc,
  "linux/s390x": 0xfc,
};

const oddMasks: Readonly<Partial<Record<Platform, Record<number, number>>>> = {
  "linux/386": { 5: 0xfe, 6: 0xfe },
  "linux/amd64": { 5: 0xfe, 6: 0xfe },
  "linux/ppc64le": { 19: 0 },
};

function zeros(count: number): number[] {
  return Array.from({ length: count }, () => 0);
}

function escape(bytes: readonly number[]): string {
  return bytes.map((byte) => String.raw`\x${byte.toString(16).padStart(2, "0")}`).join("");
}
