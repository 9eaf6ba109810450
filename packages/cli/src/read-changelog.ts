import { readFile } from "node:fs/promises";
import path from "node:path";

/** Text of an image's CHANGELOG.md; empty where there is none. */
export async function readChangelog(root: string, image: string): Promise<string> {
  return readFile(path.join(root, "images", image, "CHANGELOG.md"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return "";
  });
}
