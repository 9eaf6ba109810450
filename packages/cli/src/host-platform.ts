import type { Platform } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";

const platforms: Readonly<Partial<Record<string, Platform>>> = { x64: "linux/amd64", arm64: "linux/arm64" };

/**
 * The OCI platform of containers on this machine (on a Mac or Windows they run in a Linux of the same architecture).
 * @throws UserError HOST_PLATFORM on a machine we make no image for.
 */
export function hostPlatform(architecture: string = process.arch): Platform {
  const platform = platforms[architecture];
  if (platform !== undefined) return platform;
  throw new UserError("HOST_PLATFORM", `No image is made for ${architecture} machines`, {
    hint: `Images can be built here all the same, with --platform ${Object.values(platforms).join(" or ")}.`,
  });
}
