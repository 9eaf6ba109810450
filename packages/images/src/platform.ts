import { z } from "zod";

/** An OCI platform Debian has packages for and Prosody runs on, in `os/architecture[/variant]` form. */
export const Platform = z.enum([
  "linux/386",
  "linux/amd64",
  "linux/arm/v7",
  "linux/arm64",
  "linux/ppc64le",
  "linux/riscv64",
  "linux/s390x",
]);
export type Platform = z.infer<typeof Platform>;

/** What one platform is called elsewhere. */
interface PlatformNames {
  /** Debian's architecture. */
  debian: string;
  /** Debian's multiarch triplet: folder of the libraries, prefix of the cross compiler. */
  triplet: string;
}

export const platformNames: Readonly<Record<Platform, PlatformNames>> = {
  "linux/386": { debian: "i386", triplet: "i386-linux-gnu" },
  "linux/amd64": { debian: "amd64", triplet: "x86_64-linux-gnu" },
  "linux/arm/v7": { debian: "armhf", triplet: "arm-linux-gnueabihf" },
  "linux/arm64": { debian: "arm64", triplet: "aarch64-linux-gnu" },
  "linux/ppc64le": { debian: "ppc64el", triplet: "powerpc64le-linux-gnu" },
  "linux/riscv64": { debian: "riscv64", triplet: "riscv64-linux-gnu" },
  "linux/s390x": { debian: "s390x", triplet: "s390x-linux-gnu" },
};

/** A platform as a word for names that allow no slash: `linux/arm/v7` → `arm-v7`. */
export function platformWord(platform: Platform): string {
  return platform.slice("linux/".length).replaceAll("/", "-");
}

/** The platform of an OCI descriptor; undefined for one we do not build, and for attestations (`unknown/unknown`). */
export function platformOf(described: { os: string; architecture: string; variant?: string }): Platform | undefined {
  // arm64 is v8 with or without saying so.
  const variant = described.architecture === "arm" && described.variant !== undefined ? `/${described.variant}` : "";
  const platform = Platform.safeParse(`${described.os}/${described.architecture}${variant}`);
  return platform.success ? platform.data : undefined;
}
