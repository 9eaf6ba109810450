import type { Platform } from "@prosody-foundry/images";
import { judgeFiles } from "./check-files.ts";
import { judgeLibraries } from "./check-libraries.ts";
import { type Check, checkOf, fileChecks } from "./check-result.ts";
import { readImageFiles } from "./read-image-files.ts";

/**
 * Looks at the files of one image of an OCI layout, without running any. One row for each of `fileChecks`.
 * @throws UserError LAYOUT_BROKEN
 */
export async function checkFiles(
  layout: string,
  { digest, platform }: { digest: string; platform: Platform },
): Promise<Check[]> {
  const { files, program } = await readImageFiles(layout, digest);
  const [libraries, modes] = fileChecks;
  return [checkOf(libraries, judgeLibraries({ platform, files, program })), checkOf(modes, judgeFiles(files))];
}
