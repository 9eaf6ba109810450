import { allSeries, type Series, UserError } from "@prosody-foundry/kit";
import {
  diffLocks,
  formatDiff,
  isPin,
  type Lock,
  type LockDiff,
  readLock,
  updateLock,
} from "@prosody-foundry/lockfile";
import type { Flags, Outcome } from "./command.ts";
import type { Context } from "./context.ts";
import { gatherPins, type PinsRequest, type Stay } from "./gather-pins.ts";

/** Newer contents that a pin passes over, newest first. */
interface PassedOver {
  key: string;
  series: Series;
  refused: Array<{ node: string; because: string }>;
}

/** Gathers, then writes the lock (unless `dryRun`) and tells what became different. */
export async function changePins(context: Context, request: PinsRequest & { dryRun: boolean }): Promise<Outcome> {
  const gathered = await gatherPins(context, request);
  const { before, after } = request.dryRun
    ? await foresee(context, gathered.apply)
    : await updateLock(context.lockFile, gathered.apply, { onWait: (message) => context.say(message) });
  const diff = diffLocks(before, after);
  const passedOver = findPassedOver(diff, after);
  const { stays } = gathered;
  const more = [...passedOver.map(describePassedOver), ...stays.map(describeStay)];
  return { value: { ...diff, passedOver, stays }, text: describeDiff(diff).text + more.join("") };
}

/** What became of the lock, for programs and for people. */
export function describeDiff(diff: LockDiff): Outcome {
  return { value: diff, text: formatDiff(diff) || "Nothing changed.\n" };
}

/** What `--to` named, unless it is too short to mean one revision for ever. */
export function namedRevision({ to }: Flags): string | undefined {
  if (to === undefined || /^[0-9a-f]{12,40}$/u.test(to)) return to;
  throw new UserError("REVISION_UNKNOWN", `${JSON.stringify(to)} is no revision to pin`, {
    hint: "Give 12 to 40 hex digits, as upstream's history shows them.",
  });
}

/** Keeps pins where they are from now on: `update` passes them over until it is told otherwise. */
export async function holdPins(context: Context, keys: readonly string[], dryRun: boolean): Promise<Outcome> {
  const hold = (lock: Lock): Lock => {
    const held = keys.flatMap((key) => {
      const module = lock.modules[key];
      return module === undefined ? [] : [[key, { ...module, hold: true }] as const];
    });
    return { ...lock, modules: { ...lock.modules, ...Object.fromEntries(held) } };
  };
  const { before, after } = dryRun
    ? await foresee(context, hold)
    : await updateLock(context.lockFile, hold, { onWait: (message) => context.say(message) });
  return describeDiff(diffLocks(before, after));
}

async function foresee(context: Context, apply: (lock: Lock) => Lock): Promise<{ before: Lock; after: Lock }> {
  const before = await readLock(context.lockFile, { missing: "empty" });
  return { before, after: apply(before) };
}

/** Of the modules of a diff. */
function findPassedOver({ modules }: LockDiff, after: Lock): PassedOver[] {
  return modules.flatMap(({ name: key }) =>
    allSeries.flatMap((series) => {
      const pin = after.modules[key]?.pins[series];
      return isPin(pin) && pin.refused.length > 0 ? [{ key, series, refused: pin.refused }] : [];
    }),
  );
}

/** As many reasons as people read; the lock has all of them. */
const shown = 3;

function describePassedOver({ key, series, refused }: PassedOver): string {
  const lines = refused.slice(0, shown).map(({ node, because }) => `    ${node.slice(0, 12)}: ${because}\n`);
  const more =
    refused.length > shown ? `    and ${refused.length - shown} more, see \`foundry module show ${key}\`\n` : "";
  return `${key} on ${series} passes over newer contents that do not work:\n${lines.join("")}${more}`;
}

function describeStay({ key, series, because }: Stay): string {
  return `${key} stays as it is${series === null ? "" : ` on ${series}`}: ${because}\n`;
}
