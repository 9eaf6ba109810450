import { KeptLog, keepRows, type LogPart, toTreeLog } from "./log-record.ts";
import type { TreeLog } from "./log.ts";
import type { TreeShape } from "./flat.ts";
import { readAnswer } from "./read-cache.ts";
import type { SourceContext } from "./source.ts";
import { writeAnswer } from "./write-cache.ts";

/** The newest changeset somebody knows, and where the upstream had it. */
export interface KnownNewest {
  node: string;
  position: number;
}

/** What a way of reading a tree brings for its log. */
export interface LogReading {
  /**
   * Changesets that are not known yet, newest first; all of them when nothing is known. Undefined when upstream no longer
   * has what is known as it was. Null when this cannot be had on this machine.
   */
  readAfter(known: KnownNewest | undefined): Promise<LogPart | undefined | null>;
  readShape(node: string): Promise<TreeShape>;
}

/**
 * The log of a tree, kept in the cache and continued: a rewritten or stripped upstream is noticed, said, and read anew.
 * @param place - kind, address and folder
 */
export async function keepLog(reading: LogReading, place: string, context: SourceContext): Promise<TreeLog | null> {
  // The number changes with what rows say, so that those of before are read anew.
  const question = `log 2\n${place}`;
  const kept = await readAnswer(context.cacheDir, question, KeptLog);
  const part = await readPart(reading, kept, { place, context });
  if (part === null) return null;
  if (kept !== undefined && part.known && part.rows.length === 0) return toTreeLog(kept);
  const shape = await reading.readShape(part.rows[0]?.[0] ?? "");
  const log = keepRows(part, part.known ? (kept?.rows ?? []) : [], shape);
  await writeAnswer(context.cacheDir, question, log);
  return toTreeLog(log);
}

/** What is new, and whether what was known still holds. */
async function readPart(
  reading: LogReading,
  kept: KeptLog | undefined,
  { place, context }: { place: string; context: SourceContext },
): Promise<(LogPart & { known: boolean }) | null> {
  const node = kept?.rows[0]?.[0];
  if (kept !== undefined && node !== undefined) {
    const part = await reading.readAfter({ node, position: kept.position });
    if (part === null) return null;
    if (part !== undefined) return { ...part, known: true };
    const say = context.say ?? context.progress;
    say(`${place} was rewritten: it no longer has ${node.slice(0, 12)} as it was. Its whole history is read anew.`);
  }
  const whole = await reading.readAfter(undefined);
  return whole === null || whole === undefined ? null : { ...whole, known: false };
}
