import { statfs } from "node:fs/promises";
import { UserError } from "@prosody-foundry/kit";

/** Less than this and nothing of ours finds room. */
const leastBytes = 1024 * 1024;

/**
 * Called when docker failed to bring its result into a folder: it says of a full disk only that its stream ended.
 * @throws UserError DISK_FULL
 */
export async function refuseFullDisk(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize > leastBytes) return;
  throw new UserError("DISK_FULL", `No space is left in ${folder}`, {
    hint: "Make room there, or point FOUNDRY_CACHE elsewhere, and run the command again.",
  });
}
