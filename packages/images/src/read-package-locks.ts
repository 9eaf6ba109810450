import { readFile } from "node:fs/promises";
import path from "node:path";
import { UserError, checkShape, parseJson } from "@prosody-foundry/kit";
import { PackageLock } from "./package-lock.ts";

/** The package locks of a repository. */
export interface PackageLocks {
  /** What all images are built with. */
  builder: PackageLock;
  /** What the root of each image is made of, by the image's name. */
  images: Readonly<Record<string, PackageLock>>;
}

/** Path of a package lock in the repository: an image's, or without a name the builder's. */
export function packageLockFile(image?: string): string {
  return image === undefined ? "images/packages.lock.json" : `images/${image}/packages.lock.json`;
}

/** A lock with nothing in it. */
export function emptyPackageLock(): PackageLock {
  return { lockVersion: 1, suites: {} };
}

/**
 * The package locks of these images and of the builder.
 * @throws UserError PACKAGES_MISSING, PACKAGES_MALFORMED with the path of the field.
 */
export async function readPackageLocks(root: string, images: readonly string[]): Promise<PackageLocks> {
  const [builder, ...own] = await Promise.all([undefined, ...images].map((image) => readStrictly(root, image)));
  if (builder === undefined) throw new Error("There is one lock more than there are images");
  return { builder, images: Object.fromEntries(own.map((lock, at) => [images[at] ?? "", lock])) };
}

/**
 * One package lock; one with nothing in it where there is no file yet.
 * @throws UserError PACKAGES_MALFORMED with the path of the field.
 */
export async function readPackageLock(root: string, image?: string): Promise<PackageLock> {
  return (await readPresent(root, image)) ?? emptyPackageLock();
}

async function readStrictly(root: string, image?: string): Promise<PackageLock> {
  const lock = await readPresent(root, image);
  if (lock !== undefined) return lock;
  throw new UserError("PACKAGES_MISSING", `There is no ${packageLockFile(image)}`, {
    hint: `Run \`${updateCommand(image)}\`, or take the committed file back (\`git checkout\`).`,
  });
}

async function readPresent(root: string, image?: string): Promise<PackageLock | undefined> {
  const file = packageLockFile(image);
  const text = await readFile(path.join(root, file), "utf8").catch(undefinedWhenMissing);
  if (text === undefined) return undefined;
  const hint = `Take the committed file back (\`git checkout\`), or remove it and run \`${updateCommand(image)}\`.`;
  const origin = { file, code: "PACKAGES_MALFORMED", hint };
  return checkShape(PackageLock, parseJson(text, origin), origin);
}

function updateCommand(image?: string): string {
  return image === undefined ? "foundry packages update" : `foundry packages update ${image}`;
}

function undefinedWhenMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
