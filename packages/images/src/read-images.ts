import { readFile, readdir, readlink, stat } from "node:fs/promises";
import path from "node:path";
import { UserError, checkShape, compareText, parseJson, sha256 } from "@prosody-foundry/kit";
import { checkImages, mendImage } from "./images.ts";
import { type Image, ImageManifest, SeriesFile } from "./manifest.ts";
import { checkSeries } from "./releases.ts";

/**
 * All declared images of the repository at `root`, by name: each folder of images/ that has an image.json.
 * @throws UserError IMAGE_MALFORMED with the path of the field, DOCKERFILE_MISSING.
 */
export async function readImages(root: string): Promise<Image[]> {
  const names = await listImages(root);
  return checkImages(await Promise.all(names.map((name) => readImage(root, name))));
}

/**
 * images/series.json of the repository at `root`.
 * @throws UserError SERIES_MISSING, SERIES_MALFORMED with the path of the field.
 */
export async function readSeries(root: string): Promise<SeriesFile> {
  const file = "images/series.json";
  const text = await readText(path.join(root, file));
  if (text === undefined) {
    throw new UserError("SERIES_MISSING", `There is no ${file} in ${root}`, {
      hint: "Go to the top folder of the repository.",
    });
  }
  const origin = { file, code: "SERIES_MALFORMED", hint: "Mend it, or take the committed file back (`git checkout`)." };
  return checkSeries(checkShape(SeriesFile, parseJson(text, origin), origin), file);
}

async function listImages(root: string): Promise<string[]> {
  const folders = await readdir(path.join(root, "images"), { withFileTypes: true }).catch(emptyWhenMissing);
  const found = await Promise.all(
    folders
      .filter((folder) => folder.isDirectory())
      .map(async ({ name }) => ((await isFile(path.join(root, "images", name, "image.json"))) ? [name] : [])),
  );
  return found.flat().toSorted(compareText);
}

async function readImage(root: string, name: string): Promise<Image> {
  const folder = path.join(root, "images", name);
  const origin = { file: `images/${name}/image.json`, code: "IMAGE_MALFORMED", hint: mendImage };
  const text = await readFile(path.join(folder, "image.json"), "utf8");
  const manifest = checkShape(ImageManifest, parseJson(text, origin), origin);
  const [rootfs, native, dockerfile] = await Promise.all([
    readTree(path.join(folder, "rootfs")),
    readTree(path.join(root, "images/native")),
    hashDockerfile(root, name),
  ]);
  return { ...manifest, name, rootfs, native, dockerfile };
}

async function hashDockerfile(root: string, name: string): Promise<string> {
  return sha256(await readFile(await findDockerfile(root, name), "utf8"));
}

/** Path of the Dockerfile that builds an image: its own, or that of all. @throws UserError DOCKERFILE_MISSING */
export async function findDockerfile(root: string, name: string): Promise<string> {
  for (const folder of [name, ""]) {
    const file = path.join(root, "images", folder, "Dockerfile");
    if (await isFile(file)) return file;
  }
  throw new UserError(
    "DOCKERFILE_MISSING",
    `Nothing builds ${name}: neither images/${name}/Dockerfile nor images/Dockerfile`,
    { hint: "Take images/Dockerfile back (`git checkout`), or give the image one of its own." },
  );
}

// Of the mode only what git keeps, so that the umask of a checkout is no input.
async function readTree(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(emptyWhenMissing);
  const hashes = await Promise.all(
    entries
      .filter((entry) => !entry.isDirectory())
      .map(async (entry): Promise<[string, string]> => {
        const file = path.join(entry.parentPath, entry.name);
        const name = path.relative(folder, file).replaceAll(path.sep, "/");
        return [name, entry.isSymbolicLink() ? `link ${await readlink(file)}` : await hashFile(file)];
      }),
  );
  return Object.fromEntries(hashes.toSorted(([a], [b]) => compareText(a, b)));
}

async function hashFile(file: string): Promise<string> {
  const [data, { mode }] = await Promise.all([readFile(file), stat(file)]);
  return `${(mode & 0o100) === 0 ? "0644" : "0755"} ${sha256(data)}`;
}

async function readText(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch(undefinedWhenMissing);
}

async function isFile(file: string): Promise<boolean> {
  const found = await stat(file).catch(undefinedWhenMissing);
  return found?.isFile() === true;
}

function undefinedWhenMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

function emptyWhenMissing(error: NodeJS.ErrnoException): [] {
  if (error.code !== "ENOENT") throw error;
  return [];
}
