import path from "node:path";
import { Platform } from "@prosody-foundry/images";
import { listFaults } from "./check-files.ts";
import { type Finding, bad, good } from "./check-result.ts";
import type { ElfFile } from "./elf.ts";
import type { ImageFiles } from "./image-files.ts";
import { type Libraries, type SharedObject, libraryFolders, openLibraries } from "./libraries.ts";
import { machines } from "./machine.ts";
import { findNamed } from "./named-libraries.ts";

/** An image's files, and what is started in it. */
export interface ImageRoot {
  platform: Platform;
  files: ImageFiles;
  /** Path of the program the image starts. */
  program: string;
}

/**
 * Whether the dynamic linker finds all it is asked for, and is asked for all there is: every ELF file is of the
 * platform's machine; every library, symbol version and symbol that one needs is there; and each is needed by the program
 * that is started, or by something Lua or a library loads by name.
 */
export function judgeLibraries(root: ImageRoot): Finding {
  const libraries = openLibraries(root.files, libraryFolders(root.platform));
  const faults = [
    ...libraries.broken.map((at) => `${at} is a broken ELF file`),
    ...libraries.objects.flatMap((object) => strangeness(object, root.platform)),
  ];
  // What is of another machine defines nothing that would help here.
  if (faults.length > 0) return bad(listFaults(faults));
  const program = libraries.find(root.program);
  if (program === undefined) return bad(`${root.program}, which is started, is no ELF program`);
  const unresolved = libraries.objects.flatMap((object) => lacksOf(libraries, object, program));
  const reached = libraries.closureOf([program, ...findNamed(root.files, libraries)]);
  const orphans = libraries.objects.filter((object) => !reached.has(object));
  const idle = orphans.map(({ at, size }) => `nothing loads ${at} (${size} bytes)`);
  const all = [...unresolved, ...idle];
  return all.length === 0 ? good(describeAll(libraries.objects)) : bad(listFaults(all));
}

function describeAll(objects: readonly SharedObject[]): string {
  const symbols = new Set(objects.flatMap(({ elf }) => elf.undefined));
  return `${objects.length} ELF files, each one needed; all ${symbols.size} symbols they ask for are there`;
}

function strangeness({ at, elf }: SharedObject, platform: Platform): string[] {
  if (!isOf(elf, platform)) return [`${at} is for another machine: ${describeMachine(elf)}`];
  const { mask, value } = machines[platform].abi;
  // Unsigned: the highest bit may be among them.
  if ((elf.flags & mask) >>> 0 === value) return [];
  return [`${at} has another calling convention than ${platform}: flags 0x${elf.flags.toString(16)}`];
}

function isOf(elf: ElfFile, platform: Platform): boolean {
  const wanted = machines[platform];
  return elf.machine === wanted.elf && elf.bits === wanted.bits && elf.endian === wanted.endian;
}

function describeMachine(elf: ElfFile): string {
  const known = Platform.options.find((platform) => isOf(elf, platform));
  return known ?? `ELF machine ${elf.machine}, ${elf.bits} bits, ${elf.endian} endian`;
}

function lacksOf(libraries: Libraries, object: SharedObject, program: SharedObject): string[] {
  const missing = object.elf.needed.filter((name) => libraries.resolve(object, name) === undefined);
  if (missing.length > 0) return missing.map((name) => `${object.at} needs ${name}, which is not there`);
  const versions = object.elf.wantedVersions.filter(({ library, version }) => {
    const found = libraries.resolve(object, library);
    return found?.elf.versions.includes(version) !== true;
  });
  if (versions.length > 0) {
    return versions.map(({ library, version }) => `${object.at} needs ${version} of ${library}, which lacks it`);
  }
  const scope = libraries.closureOf([program, object]);
  const lacking = object.elf.undefined.filter((name) => ![...scope].some(({ elf }) => elf.defined.has(name)));
  if (lacking.length === 0) return [];
  const all =
    lacking.length > 3 ? `${lacking.slice(0, 3).join(", ")} and ${lacking.length - 3} more` : lacking.join(", ");
  return [`${path.posix.basename(object.at)} asks for ${all}, which nothing it needs defines`];
}
