import { ModuleKey, Revision, Sha256 } from "@prosody-foundry/lockfile";
import { Series } from "@prosody-foundry/kit";
import { z } from "zod";
import { Platform } from "./platform.ts";

/** A Debian suite by its code name. */
export const Suite = z.string().regex(/^[a-z]+$/u, "is no Debian suite");
export const DebianPackage = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/u, "is no Debian package name");
export const DebianVersion = z.string().regex(/^[0-9][\w.+~:-]*$/u, "is no Debian version");

/** `images/<name>/image.json`: one declared image, for all its series. */
export const ImageManifest = z.strictObject({
  $schema: z.string().optional(),
  title: z.string().min(1),
  description: z.string().min(1),
  /** Suffix it is published under (`full`, `jitsi`); empty for the default image. */
  variant: z.string().regex(/^[a-z0-9]*$/u, "is no variant (lower-case letters and digits)"),
  series: z.array(Series).min(1),
  platforms: z.array(Platform).min(1),
  /** Debian packages of the root, beside those the server needs; by suite, `all` for every one. */
  packages: z.record(z.string(), z.array(DebianPackage)),
  /** By name, and `mod_x@source` where the lock has that name from more than one source. */
  modules: z.strictObject({
    /** Shipped and enabled; the plan fails when one of these cannot ship. */
    required: z.array(ModuleKey),
    /** Shipped, and enabled by who wants them; left out, and named, when they cannot ship. */
    optional: z.array(ModuleKey),
  }),
});
export type ImageManifest = z.infer<typeof ImageManifest>;

/** A declared image with the folder it came from. */
export interface Image extends ImageManifest {
  name: string;
  /** SHA-256 of every file under `rootfs/`, by path, with its mode: part of the target's id. */
  rootfs: Record<string, string>;
  /** The same of images/native/, the C modules of all images. */
  native: Record<string, string>;
  /** SHA-256 of the Dockerfile that builds it. */
  dockerfile: string;
}

/** Upstream's source archive; a Debian source package's orig tarball is the same file. */
export const TarballRelease = z.strictObject({
  kind: z.literal("tarball"),
  version: z.string().regex(/^\d+(\.\d+)+$/u, "is no Prosody version"),
  suite: Suite,
  url: z.url(),
  sha256: Sha256,
  mirrors: z.array(z.strictObject({ suite: Suite, package: DebianPackage, version: DebianVersion })),
});
/** A suite's binary package. */
export const DebianRelease = z.strictObject({
  kind: z.literal("debian"),
  /** Debian's full version: `13.0.1-1+deb131u`. */
  version: z.string().regex(/^\d+(\.\d+)+-[\w.+~]+$/u, "is no Debian version"),
  suite: Suite,
  package: DebianPackage,
  sha256: z.partialRecord(Platform, Sha256),
});
/** A revision, for trunk. */
export const RevisionRelease = z.strictObject({
  kind: z.enum(["hg", "git"]),
  /** `trunk-YYYYMMDD-<first 12 digits of the node>`. */
  version: z.string().regex(/^trunk-\d{8}-[0-9a-f]{12}$/u, "is no trunk version"),
  suite: Suite,
  url: z.url(),
  node: Revision,
  /** git tree id of the whole checkout: the same in every conversion. */
  tree: Revision,
});
export const Release = z.discriminatedUnion("kind", [TarballRelease, DebianRelease, RevisionRelease]);
export type Release = z.infer<typeof Release>;
export type TarballRelease = z.infer<typeof TarballRelease>;
export type DebianRelease = z.infer<typeof DebianRelease>;
export type RevisionRelease = z.infer<typeof RevisionRelease>;

/** `images/series.json`: the Prosody releases of each series, newest first, and what their tags are. */
export const SeriesFile = z.strictObject({
  $schema: z.string().optional(),
  /** The series `latest` and `stable` follow. */
  default: Series,
  /** The series `oldstable` follows. */
  oldstable: Series.nullable(),
  series: z.record(
    Series,
    z.strictObject({
      releases: z.array(Release).min(1),
      /** Not planned and published any more; its tags stay where they are. */
      retired: z.boolean().optional(),
    }),
  ),
});
export type SeriesFile = z.infer<typeof SeriesFile>;

/** Prosody's own version of a release: Debian's revision cut off, trunk as it is. */
export function upstreamVersion(release: Release): string {
  return release.kind === "debian" ? release.version.replace(/-[^-]*$/u, "") : release.version;
}
