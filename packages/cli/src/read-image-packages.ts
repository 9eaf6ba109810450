import { readFile } from "node:fs/promises";
import path from "node:path";
import { checkShape, parseJson } from "@prosody-foundry/kit";
import { z } from "zod";

const Package = z.looseObject({ name: z.string() });

/**
 * Name of each image → name of its workspace package; without those that have none.
 * @throws UserError IMAGE_MALFORMED
 */
export async function readImagePackages(root: string, images: readonly string[]): Promise<Map<string, string>> {
  const packages = new Map<string, string>();
  for (const image of images) {
    const file = path.join(root, "images", image, "package.json");
    const text = await readFile(file, "utf8").catch(whenMissing);
    if (text === undefined) continue;
    const origin = { file: `images/${image}/package.json`, code: "IMAGE_MALFORMED" };
    packages.set(image, checkShape(Package, parseJson(text, origin), origin).name);
  }
  return packages;
}

function whenMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
