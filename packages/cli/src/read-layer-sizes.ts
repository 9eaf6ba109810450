import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { modulesLua } from "@prosody-foundry/images";
import { isUserError } from "@prosody-foundry/kit";
import type { Lock } from "@prosody-foundry/lockfile";
import { type ChangedTarget, type LayerFile, layerBytes, type LayerSizes } from "@prosody-foundry/release";
import type { Context } from "./context.ts";
import { gatherMaterials } from "./gather-materials.ts";
import type { OpenSource } from "./open-sources.ts";

export interface SizesRequest {
  lock: Lock;
  sources: ReadonlyMap<string, OpenSource>;
}

/** How large the layers that change will be, from their very content; null for those with content nobody has. */
export async function readLayerSizes(
  context: Context,
  changed: ChangedTarget,
  request: SizesRequest,
): Promise<LayerSizes> {
  const buckets = new Map<number, number | null>();
  for (const bucket of changed.buckets)
    buckets.set(bucket, await readBucketSize(context, { changed, bucket }, request));
  const configuration = changed.configuration ? await readConfigurationSize(context, changed, request.lock) : null;
  return { buckets, configuration };
}

async function readBucketSize(
  context: Context,
  { changed: { target }, bucket }: { changed: ChangedTarget; bucket: number },
  { lock, sources }: SizesRequest,
): Promise<number | null> {
  const modules = target.modules.filter((module) => module.bucket === bucket);
  try {
    const quiet = { ...context, say: context.progress };
    const materials = await gatherMaterials(quiet, { ...target, modules }, { lock, sources, server: {} });
    const files = materials.modules.flatMap(({ name, files: own }) =>
      own.map((file) => ({ ...file, path: `usr/lib/prosody-modules/${name}/${file.path}` })),
    );
    return await layerBytes(files);
  } catch (error) {
    if (!isUserError(error, "CONTENT_UNREACHABLE", "PATCH_CHANGED")) throw error;
    return null;
  }
}

async function readConfigurationSize(context: Context, { target }: ChangedTarget, lock: Lock): Promise<number> {
  const folder = path.join(context.root, "images", target.image, "rootfs");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const files = await Promise.all(names.map((name) => readLayerFile(folder, name)));
  const generated = { path: "usr/lib/prosody-foundry/modules.lua", bytes: Buffer.from(modulesLua(target, lock)) };
  const all = [...files, { ...generated, executable: false }];
  return layerBytes(all.toSorted((a, b) => (a.path < b.path ? -1 : 1)));
}

async function readLayerFile(folder: string, name: string): Promise<LayerFile> {
  const executable = ((await stat(name)).mode & 0o100) !== 0;
  return { path: path.relative(folder, name), executable, bytes: await readFile(name) };
}
