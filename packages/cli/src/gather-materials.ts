import path from "node:path";
import type { Materials } from "@prosody-foundry/bake";
import { findDockerfile, modulesLua, type ShippedModule, type Target } from "@prosody-foundry/images";
import { isPin, keyFor, type Lock } from "@prosody-foundry/lockfile";
import { ensureContent, patchModule, shippingFiles } from "@prosody-foundry/source";
import type { Context } from "./context.ts";
import { type OpenSource, sourceOf } from "./open-sources.ts";
import { describeOrigins } from "./origins.ts";
import { readLockedPatches } from "./read-locked-patches.ts";

export interface MaterialRequest {
  lock: Lock;
  sources: ReadonlyMap<string, OpenSource>;
  /** Name in the build's `server/` folder → path, as fetchRelease gives it. */
  server: Readonly<Record<string, string>>;
  /** Image whose rootfs and Dockerfile are used; the target's own unless given. */
  image?: string;
}

/**
 * Everything a target is made of, at hand and checked by hash.
 * @throws UserError CONTENT_UNREACHABLE, CONTENT_REFUSED, CACHE_CORRUPT, PATCH_CHANGED, PATCH_FAILED of a module.
 */
export async function gatherMaterials(context: Context, target: Target, request: MaterialRequest): Promise<Materials> {
  const modules: Materials["modules"][number][] = [];
  const origins: string[] = [];
  for (const module of target.modules) {
    context.progress(`Fetching ${module.name}`);
    const source = sourceOf(request.sources, module.source);
    const { content, from } = await ensureContent(module, source.all, context);
    origins.push(from);
    const key = keyFor(request.lock, module);
    const patches = await readLockedPatches(context.root, key, request.lock.modules[key]);
    const files = shippingFiles(patchModule(content, patches));
    modules.push({ name: module.name, files, ...describeModule(module, { target, lock: request.lock, source }) });
  }
  for (const line of describeOrigins(origins)) context.say(line);
  const image = request.image ?? target.image;
  return {
    dockerfile: await findDockerfile(context.root, image),
    server: request.server,
    modules,
    native: path.join(context.root, "images/native"),
    rootfs: path.join(context.root, "images", image, "rootfs"),
    generated: { "usr/lib/prosody-foundry/modules.lua": modulesLua(target, request.lock) },
  };
}

/** What the bill of materials says of a module beside its pin: the licence, and its folder at the pinned revision. */
function describeModule(
  module: ShippedModule,
  { target, lock, source }: { target: Target; lock: Lock; source: OpenSource },
): { licence?: string; download?: string } {
  const pin = lock.modules[keyFor(lock, module)]?.pins[target.series];
  const { kind, url, folder } = source.locked;
  const isTree = kind === "hg" || kind === "git";
  const place = [folder, module.name].filter((part) => part !== "").join("/");
  return {
    ...(isPin(pin) ? { licence: pin.licence } : {}),
    ...(isTree ? { download: `${kind}+${url}@${module.node}#${place}` } : {}),
  };
}
