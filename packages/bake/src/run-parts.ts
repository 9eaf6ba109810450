import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import type { Target } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";
import { attestationBlobs, indexAnnotations, indexBlob } from "./assemble.ts";
import { type BakeOptions, type Bakeable, bakeDefinition, partName, platformOfPart } from "./definition.ts";
import type { BakeContext } from "./engine.ts";
import type { Origin } from "./origin.ts";
import { checkRecords } from "./package-record.ts";
import { provenanceOf } from "./provenance.ts";
import { type LayoutPart, layoutManifests, readParts, readStatements } from "./read-layout.ts";
import { readRecords } from "./read-records.ts";
import { runBake } from "./run-bake.ts";
import { baseSuiteOf, ensureBase, placeBase } from "./run-base.ts";
import { sbomOf } from "./sbom.ts";
import { type Statement, predicateTypes, statementOf } from "./statement.ts";
import { keepBuild, scratchPrefix } from "./write-build.ts";
import { type Materials, writeContext } from "./write-context.ts";
import { writeLayout } from "./write-layout.ts";

export interface PartOptions extends BakeOptions {
  /** Brings a target's materials together; asked once for each target of which something has to be built. */
  materials: (target: Target) => Promise<Materials>;
  /** Who builds, from where: goes into provenance and index, not into the images. */
  origin: Origin;
  now: () => Date;
}

/** A target, and parts of it: itself for one platform each. */
export interface Divided {
  target: Target;
  parts: readonly Target[];
}

/** A part that is being made, and with what. */
interface Making extends Bakeable {
  materials: Materials;
}

/** Bakes parts of some targets in one bake, and keeps each under its own id. */
export async function bakeParts(
  context: BakeContext,
  divided: readonly Divided[],
  options: PartOptions,
): Promise<void> {
  const folder = await mkdtemp(path.join(context.cacheDir, scratchPrefix));
  try {
    const making: Making[] = [];
    for (const each of divided) making.push(...(await placeParts({ ...context, folder }, each, options)));
    await runBake(context, bakeDefinition(making, options), folder);
    for (const part of making) await finishPart({ ...context, folder }, part, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type BakePlace = BakeContext & { folder: string };

async function placeParts(place: BakePlace, { target, parts }: Divided, options: PartOptions): Promise<Making[]> {
  if (parts.length === 0) return [];
  const materials = await options.materials(target);
  const context = `contexts/${target.name}`;
  await writeContext(path.join(place.folder, context), target, materials);
  const base = await placeBase(await ensureBase(place, baseSuiteOf(target.release)), place.folder);
  return parts.map((part) => ({ target: part, context, layout: `made/${partName(part)}`, base, materials }));
}

/** What the engine made becomes a build: its image as it is, its provenance in our form, and a bill of materials. */
async function finishPart(place: BakePlace, making: Making, { origin, now }: PartOptions): Promise<void> {
  const { target } = making;
  const raw = path.join(place.folder, making.layout);
  const [part] = await readParts(raw);
  if (part === undefined) throw new Error(`The bake of ${partName(target)} left no image`);
  const statements = [await readProvenance(raw, part, { target, origin }), await makeSbom(raw, part, making)];
  const blobs = attestationBlobs(part.image, statements);
  const attestation = blobs.at(-1)?.descriptor ?? part.attestation;
  const index = indexBlob([{ ...part, attestation }], indexAnnotations(target, origin, now()));
  const folder = path.join(place.folder, "kept", target.id);
  const taken = new Map(part.ofImage.map((digest) => [digest, raw]));
  await writeLayout(path.join(folder, "layout"), { top: index.descriptor, blobs: [...blobs, index], taken });
  await keepBuild(place.cacheDir, target, { folder, now });
}

async function readProvenance(
  raw: string,
  part: LayoutPart,
  { target, origin }: { target: Target; origin: Origin },
): Promise<Statement> {
  for (const statement of await readStatements(raw, part.attestation)) {
    if (!isProvenance(statement)) continue;
    const about = { name: partName(target), predicateType: predicateTypes.provenance };
    return statementOf(part.image, { ...about, predicate: provenanceOf(statement, origin) });
  }
  throw new UserError("PROVENANCE_UNKNOWN", `The builder wrote no provenance of ${partName(target)}`, {
    hint: "Build with another builder (--builder), or an engine and buildx of another version.",
  });
}

function isProvenance(statement: unknown): boolean {
  if (typeof statement !== "object" || statement === null || !("predicateType" in statement)) return false;
  return String(statement.predicateType).startsWith("https://slsa.dev/provenance/");
}

async function makeSbom(raw: string, part: LayoutPart, { target, materials }: Making): Promise<Statement> {
  const platform = platformOfPart(target);
  const image = (await layoutManifests(raw)).platforms[platform];
  const records = image === undefined ? [] : await readRecords(raw, image);
  checkRecords(target, platform, records);
  const modules = Object.fromEntries(materials.modules.map((module) => [module.name, module]));
  const predicate = sbomOf(target, platform, { records, modules });
  return statementOf(part.image, { name: partName(target), predicateType: predicateTypes.sbom, predicate });
}
