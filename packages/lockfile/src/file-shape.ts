import { Series, allSeries, canonicalJson, sha256 } from "@prosody-foundry/kit";
import { z } from "zod";
import { FileJudgements, gatherJudgements, spreadJudgements } from "./judgements.ts";
import { parseModuleKey } from "./module-keys.ts";
import { type Lock, LockedModule, LockedRelease, LockedSource, ModuleKey, NoPin, Pin, SourceName } from "./schema.ts";

/** First 16 hex digits of the SHA-256 over an entry's kind, key and content: a changed entry is named. */
const Check = z.string().regex(/^[0-9a-f]{16}$/u, "is no check (16 hex digits)");
const AnyPin = z.union([Pin, NoPin]);
const FilePins = z.partialRecord(z.enum([...Series.options, "all"]), AnyPin);

const FileModule = z.strictObject({
  ...LockedModule.omit({ judgements: true }).shape,
  ...FileJudgements.shape,
  pins: FilePins,
  check: Check,
});

/** modules.lock.json as it is written: the lock in memory, with nothing said twice, and a check on each entry. */
export const LockFile = z.strictObject({
  lockVersion: z.literal(1),
  /** What `all` means in the pins below. */
  series: z.array(Series),
  sources: z.record(SourceName, z.strictObject({ ...LockedSource.shape, check: Check })),
  releases: z.record(z.string(), z.strictObject({ ...LockedRelease.shape, check: Check })),
  modules: z.record(ModuleKey, FileModule).superRefine(refuseKeys),
});
export type LockFile = z.infer<typeof LockFile>;

/** An entry stands under one key: `mod_x@source` only for that source, and only where `mod_x` is from another one. */
function refuseKeys(modules: Record<string, { source: string }>, context: z.RefinementCtx): void {
  for (const [key, module] of Object.entries(modules)) {
    const { name, source } = parseModuleKey(key);
    if (source === null || (source === module.source && modules[name]?.source !== source)) continue;
    context.addIssue({ code: "custom", path: [key], message: `is an entry for ${name} of ${module.source}` });
  }
}

type Section = "sources" | "releases" | "modules";

/** Memory to file. */
export function toFile(lock: Lock): LockFile {
  const series = allSeries.filter((one) =>
    Object.values(lock.modules).some((module) => module.pins[one] !== undefined),
  );
  return {
    lockVersion: 1,
    series,
    sources: mapEntries(lock.sources, (source, name) => ({ ...source, check: checkOf("sources", name, source) })),
    releases: mapEntries(lock.releases, (release, name) => ({ ...release, check: checkOf("releases", name, release) })),
    modules: mapEntries(lock.modules, (module, name) => {
      const { judgements, pins, ...rest } = module;
      const check = checkOf("modules", name, module);
      return { ...rest, ...spreadJudgements(judgements), pins: collapsePins(pins, series), check };
    }),
  };
}

/** File to memory; the checks are not looked at, see `changedEntries`. */
export function fromFile(file: LockFile): Lock {
  return {
    lockVersion: 1,
    sources: mapEntries(file.sources, ({ check: _check, ...source }) => source),
    releases: mapEntries(file.releases, ({ check: _check, ...release }) => release),
    modules: mapEntries(file.modules, ({ check: _check, pins, evidence, verdicts, ...module }) => ({
      ...module,
      pins: expandPins(pins, file.series),
      judgements: gatherJudgements({ evidence, verdicts }),
    })),
  };
}

/** Entries whose check is not that of their content, as `modules.mod_x`. */
export function changedEntries(file: LockFile): string[] {
  const lock = fromFile(file);
  const sections: Section[] = ["sources", "releases", "modules"];
  return sections.flatMap((section) =>
    Object.entries(file[section])
      .filter(([name, entry]) => checkOf(section, name, lock[section][name]) !== entry.check)
      .map(([name]) => `${section}.${name}`),
  );
}

// Over the memory shape: what `all` means is part of every module's check.
function checkOf(section: Section, name: string, entry: unknown): string {
  return sha256(canonicalJson([section, name, entry])).slice(0, 16);
}

function collapsePins(pins: LockedModule["pins"], series: readonly Series[]): z.infer<typeof FilePins> {
  const texts = new Set(series.map((one) => canonicalJson(pins[one] ?? null)));
  const [first] = series;
  const shared = texts.size === 1 && first !== undefined ? pins[first] : undefined;
  return shared === undefined ? pins : { all: shared };
}

function expandPins(pins: z.infer<typeof FilePins>, series: readonly Series[]): LockedModule["pins"] {
  const { all, ...own } = pins;
  if (all === undefined) return own;
  return { ...Object.fromEntries(series.map((one) => [one, all])), ...own };
}

function mapEntries<A, B>(record: Record<string, A>, make: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, make(value, name)]));
}
