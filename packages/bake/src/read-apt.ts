import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import type { Exec } from "@prosody-foundry/kit";
import { type AptFile, type AptSource, parseAptSources } from "./apt-sources.ts";

/** What this machine is, by /etc/os-release. */
export interface MachineOs {
  /** `debian`, `ubuntu`, …; empty when it cannot be told. */
  id: string;
  codename: string;
  /** Debian's number (12), Ubuntu's (24.04); 0 for testing. */
  version: number;
}

export async function readMachineOs(file = "/etc/os-release"): Promise<MachineOs> {
  const text = await readFile(file, "utf8").catch(() => "");
  const value = (key: string): string => new RegExp(`^${key}="?([^"\n]*)"?$`, "mu").exec(text)?.[1] ?? "";
  return { id: value("ID"), codename: value("VERSION_CODENAME"), version: Number(value("VERSION_ID")) || 0 };
}

/** This machine's own apt sources; none where it has no apt. */
export async function readAptSources(folder = "/etc/apt"): Promise<AptSource[]> {
  const parts = path.join(folder, "sources.list.d");
  const names = (await readdir(parts).catch((): string[] => [])).toSorted();
  const files = names.filter((name) => /\.(?:list|sources)$/u.test(name)).map((name) => path.join(parts, name));
  const read = await Promise.all([path.join(folder, "sources.list"), ...files].map(readAptFile));
  return parseAptSources(read);
}

/**
 * What this machine's apt is told about the age of Release files, as apt options. A mirror that is kept frozen on purpose
 * needs `Acquire::Check-Valid-Until "false"`; that is for the machine's administrator to say, not for us.
 */
export async function readReleaseRules(exec: Exec): Promise<string[]> {
  const dumped = await exec("apt-config", ["dump", "Acquire"], { accept: "any" }).catch(() => undefined);
  const lines = dumped?.stdout.split("\n") ?? [];
  return lines.filter((line) => /^Acquire::Check-(?:Valid-Until|Date) "[a-z0-9]+";$/u.test(line)).toSorted();
}

async function readAptFile(name: string): Promise<AptFile> {
  return { name, text: await readFile(name, "utf8").catch(() => "") };
}
