import { buffer } from "node:stream/consumers";
import { type Platform, platformWord } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";
import { type Pack, pack as packTar } from "tar-stream";
import { type BakeContext, engineEnv } from "./engine.ts";
import { ImageManifestFile, blobPath, describePlatform, mediaTypes } from "./layout.ts";
import { readBlob, readJsonBlob } from "./read-layout.ts";
import { buildFolder } from "./read-report.ts";
import type { Report } from "./report.ts";
import path from "node:path";

/**
 * Brings one platform's image of a build into the engine's store and says its name there,
 * `prosody-foundry/<image>:<release>-<architecture>-<id>`. Does nothing when the engine has it.
 * @throws UserError PLATFORM_NOT_BUILT, LAYOUT_BROKEN
 */
export async function loadTarget(context: BakeContext, report: Report, platform: Platform): Promise<string> {
  const image = report.platforms[platform];
  if (image === undefined) throw notBuilt(report, platform);
  const reference = referenceOf(report, platform);
  const env = engineEnv(context.engine);
  const present = await context.exec("docker", ["image", "inspect", "--format={{.Id}}", reference], {
    env,
    accept: "any",
  });
  if (present.stdout.trim() === image.digest) return reference;
  const layout = path.join(buildFolder(context.cacheDir, report.id), "layout");
  const input = await packImage(layout, { digest: image.digest, reference, platform });
  await context.exec("docker", ["load", "--quiet"], { env, input });
  return reference;
}

/** Docker takes no `+` and no `~` in a tag. */
function referenceOf(report: Report, platform: Platform): string {
  const version = report.release.replace(/[^\w.-]/gu, "-");
  // With the id: every checkout and cache that uses this engine would otherwise move each other's names.
  return `prosody-foundry/${report.image}:${version}-${platformWord(platform)}-${report.id.slice(0, 12)}`;
}

interface NamedImage {
  digest: string;
  reference: string;
  platform: Platform;
}

/** A tar of an OCI layout that holds this one image; the engine names it after the index's annotation. */
async function packImage(layout: string, image: NamedImage): Promise<Buffer> {
  const manifestBytes = await readBlob(layout, image.digest);
  const manifest = await readJsonBlob(layout, { digest: image.digest, shape: ImageManifestFile });
  const tar = packTar();
  const bytes = buffer(tar);
  tar.entry({ name: "oci-layout" }, JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  tar.entry({ name: "index.json" }, JSON.stringify(indexOf(image, manifestBytes.length)));
  tar.entry({ name: blobPath(image.digest) }, manifestBytes);
  await packBlobs(tar, layout, new Set([manifest.config.digest, ...manifest.layers.map((layer) => layer.digest)]));
  tar.finalize();
  return bytes;
}

async function packBlobs(tar: Pack, layout: string, digests: ReadonlySet<string>): Promise<void> {
  for (const digest of digests) tar.entry({ name: blobPath(digest) }, await readBlob(layout, digest));
}

function indexOf(image: NamedImage, size: number): object {
  const annotations = {
    "io.containerd.image.name": `docker.io/${image.reference}`,
    "org.opencontainers.image.ref.name": image.reference.split(":")[1],
  };
  const platform = describePlatform(image.platform);
  const manifest = { mediaType: mediaTypes.manifest, digest: image.digest, size, platform, annotations };
  return { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [manifest] };
}

function notBuilt(report: Report, platform: Platform): UserError {
  return new UserError("PLATFORM_NOT_BUILT", `${report.name} was not built for ${platform}`, {
    hint: `It was for ${Object.keys(report.platforms).join(", ")}.`,
  });
}
