import { readFile } from "node:fs/promises";
import path from "node:path";
import { checkShape, parseJson } from "@prosody-foundry/kit";
import { z } from "zod";

const Package = z.looseObject({ name: z.string(), version: z.string().optional() });

/**
 * Name of each image → name of its workspace package; without those that have none.
 * @throws UserError IMAGE_MALFORMED
 */
export async function readImagePackages(root: string, images: readonly string[]): Promise<Map<string, string>> {
  const packages = new Map<string, string>();
  for (const image of images) {
    const found = await readPackage(root, image);
    if (found !== undefined) packages.set(image, found.name);
  }
  return packages;
}

/** Version of an image's contract with its users: that of its package; null where it has none. */
export async function readContract(root: string, image: string): Promise<string | null> {
  return (await readPackage(root, image))?.version ?? null;
}

async function readPackage(root: string, image: string): Promise<z.infer<typeof Package> | undefined> {
  const file = path.join(root, "images", image, "package.json");
  const text = await readFile(file, "utf8").catch(whenMissing);
  if (text === undefined) return undefined;
  const origin = { file: `images/${image}/package.json`, code: "IMAGE_MALFORMED" };
  return checkShape(Package, parseJson(text, origin), origin);
}

function whenMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
