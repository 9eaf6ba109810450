import { Platform } from "@prosody-foundry/images";
import { Series } from "@prosody-foundry/kit";
import { z } from "zod";

const PlatformImage = z.strictObject({
  digest: z.string(),
  size: z.number().int().positive(),
  layers: z.array(z.strictObject({ digest: z.string(), size: z.number().int().nonnegative() })),
});

/** `report.json` beside a layout: what a build of a target made. */
export const Report = z.strictObject({
  reportVersion: z.literal(1),
  /** The target's id. */
  id: z.string(),
  /** The target's name: `prosody-13-0`. */
  name: z.string(),
  image: z.string(),
  series: Series,
  /** Version of the release. */
  release: z.string(),
  /** Digest of the index over all platforms and their attestations; differs between equal builds. */
  index: z.string(),
  /** Manifest digests, equal for equal plans, and compressed sizes in bytes. */
  platforms: z.partialRecord(Platform, PlatformImage),
  /** What the id was made of, so that the next plan can say what changed. */
  inputs: z.record(z.string(), z.string()),
  /** ISO 8601, UTC. */
  builtAt: z.iso.datetime(),
});
export type Report = z.infer<typeof Report>;
