import { allSeries, type Series } from "@prosody-foundry/kit";
import { isPin, type Lock, type LockedModule, readLock } from "@prosody-foundry/lockfile";
import type { Changeset } from "@prosody-foundry/source";
import { exitCodes } from "../exit-codes.ts";
import type { Context } from "../context.ts";
import type { CommandSpec } from "../command.ts";
import { lockedNames } from "../locked-names.ts";
import { openSources, sourceOf } from "../open-sources.ts";
import { renderTable } from "../table.ts";

interface OutdatedPin {
  module: string;
  /** Series whose pin is behind. */
  series: Series[];
  from: string;
  to: string;
  date: string;
  /** Changesets of the module between the pin and the newest. */
  behind: number;
  subject: string;
  hold: boolean;
}

export const moduleOutdated: CommandSpec = {
  name: "module outdated",
  summary: "pins that upstream has newer revisions of (exit code 3 when there are some)",
  arguments: "[module...]",
  options: ["json"],
  example: "foundry module outdated",
  async run(context, { args }) {
    const lock = await readLock(context.lockFile);
    const names = lockedNames(lock, args);
    const rows = await findOutdated(context, lock, names);
    const text = rows.length === 0 ? `All ${names.length} pins are at upstream's newest revision.\n` : render(rows);
    return { value: rows, text, exitCode: rows.length === 0 ? exitCodes.done : exitCodes.findings };
  },
};

async function findOutdated(context: Context, lock: Lock, names: readonly string[]): Promise<OutdatedPin[]> {
  const sources = openSources(context, lock);
  const rows: OutdatedPin[] = [];
  for (const name of names) {
    const module = lock.modules[name];
    if (module === undefined) continue;
    context.progress(`Asking for the history of ${name}`);
    const { tree } = sourceOf(sources, module.source);
    const newest = await tree.readNewest();
    rows.push(...comparePins(name, module, await tree.readHistory(name, newest.node)));
  }
  return rows;
}

function comparePins(name: string, module: LockedModule, history: readonly Changeset[]): OutdatedPin[] {
  const [newest] = history;
  if (newest === undefined) return [];
  const behind = new Map<string, Series[]>();
  for (const series of allSeries) {
    const pin = module.pins[series];
    if (!isPin(pin) || pin.node === newest.node) continue;
    behind.set(pin.node, [...(behind.get(pin.node) ?? []), series]);
  }
  return [...behind].map(([from, series]) => ({
    module: name,
    series,
    from,
    to: newest.node,
    date: newest.date.slice(0, 10),
    behind: Math.max(
      1,
      history.findIndex(({ node }) => node === from),
    ),
    subject: newest.subject,
    hold: module.hold,
  }));
}

function render(rows: readonly OutdatedPin[]): string {
  const body = rows.map((row) => [
    row.module,
    row.series.join(" "),
    row.from.slice(0, 12),
    row.to.slice(0, 12),
    row.date,
    String(row.behind),
    `${row.hold ? "(held) " : ""}${row.subject}`,
  ]);
  return renderTable([["module", "series", "pinned", "newest", "of", "behind", "newest change"], ...body]);
}
