import { type AptSource, linesForSuite } from "./apt-sources.ts";
import type { MachineOs } from "./read-apt.ts";

/** How an engine of our own is installed on a machine, without a change to its package sources. */
export interface SetupPlan {
  packages: string[];
  /** Lines added to the machine's own sources, in an apt state of ours. */
  extraSources: string[];
  /** apt_preferences(5) that let only the engine's packages come from those lines. */
  preferences: string;
}

/** Debian's own engine is new enough from trixie (13) on. */
const firstDebianWithBuildx = 13;
const enginePackages = ["docker.io", "docker-cli", "docker-buildx", "containerd"];

/** Pure: what `setupEngine` installs on this machine; undefined where it cannot help. */
export function planSetup(machine: MachineOs, sources: readonly AptSource[]): SetupPlan | undefined {
  if (machine.id === "ubuntu") {
    return { packages: ["docker.io", "docker-buildx", "mmdebstrap", "debian-archive-keyring"], ...nothingExtra };
  }
  if (machine.id !== "debian") return undefined;
  const packages = [...enginePackages, "mmdebstrap"];
  const isOld = machine.version > 0 && machine.version < firstDebianWithBuildx;
  if (!isOld) return { packages, ...nothingExtra };
  const extraSources = linesForSuite(sources, machine.codename, "trixie").filter((line) =>
    line.endsWith(" trixie main"),
  );
  return { packages, extraSources, preferences: pinEngine("trixie") };
}

const nothingExtra = { extraSources: [], preferences: "" };

function pinEngine(suite: string): string {
  return [
    `Package: *\nPin: release n=${suite}\nPin-Priority: 50\n`,
    `Package: ${enginePackages.join(" ")}\nPin: release n=${suite}\nPin-Priority: 900\n`,
  ].join("\n");
}

/** The daemon's configuration; everything it writes is in folders of ours. */
export const daemonConfig = {
  features: { "containerd-snapshotter": true },
  "data-root": "/var/lib/prosody-foundry/docker",
  "exec-root": "/run/prosody-foundry/docker",
  hosts: ["unix:///run/prosody-foundry/docker.sock"],
  pidfile: "/run/prosody-foundry/docker.pid",
};
