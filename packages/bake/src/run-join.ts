import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { indexAnnotations, indexBlob } from "./assemble.ts";
import { type LayoutPart, readParts } from "./read-layout.ts";
import { buildFolder, readReport } from "./read-report.ts";
import type { Divided, PartOptions } from "./run-parts.ts";
import { keepBuild, scratchPrefix } from "./write-build.ts";
import { writeLayout } from "./write-layout.ts";

/**
 * Joins the kept parts of a target by digest into one layout with one index; no byte of an image or an attestation
 * changes. A target of one platform is its own part, and stands already.
 */
export async function joinParts(
  cacheDir: string,
  { target, parts }: Divided,
  { origin, now }: Pick<PartOptions, "origin" | "now">,
): Promise<void> {
  if (parts.some((part) => part.id === target.id)) return;
  const joined: LayoutPart[] = [];
  const taken = new Map<string, string>();
  for (const part of parts) {
    const layout = path.join(buildFolder(cacheDir, part.id), "layout");
    const found = await readParts(layout);
    joined.push(...found);
    for (const digest of found.flatMap(({ ofImage, ofAttestation }) => [...ofImage, ...ofAttestation]))
      taken.set(digest, layout);
  }
  const index = indexBlob(joined, indexAnnotations(target, origin, await readMoment(cacheDir, parts)));
  const scratch = await mkdtemp(path.join(cacheDir, scratchPrefix));
  try {
    const folder = path.join(scratch, target.id);
    await writeLayout(path.join(folder, "layout"), { top: index.descriptor, blobs: [index], taken });
    await keepBuild(cacheDir, target, { folder, now });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** When the last of the parts was built, so that joining them again gives the same index. */
async function readMoment(cacheDir: string, parts: readonly { id: string }[]): Promise<Date> {
  const reports = await Promise.all(parts.map(({ id }) => readReport(cacheDir, id)));
  return new Date(Math.max(...reports.map((report) => Date.parse(report?.builtAt ?? "1970-01-01"))));
}
