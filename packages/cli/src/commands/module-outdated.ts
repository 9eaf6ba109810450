import { allSeries } from "@prosody-foundry/kit";
import { readLock } from "@prosody-foundry/lockfile";
import { compareText } from "@prosody-foundry/kit";
import type { CommandSpec } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { findOutdated, type OutdatedPin } from "../find-outdated.ts";
import { lockedNames } from "../locked-names.ts";
import { renderTable } from "../table.ts";

export const moduleOutdated: CommandSpec = {
  name: "module outdated",
  summary: "pins that upstream has newer revisions of, or has dropped (exit code 3 when there are some)",
  arguments: "[module...]",
  options: ["series", "json"],
  example: "foundry module outdated",
  async run(context, { args, flags }) {
    const lock = await readLock(context.lockFile);
    const names = lockedNames(lock, args).toSorted(compareText);
    const rows = await findOutdated(context, { lock, names, series: flags.series ?? allSeries });
    const text = rows.length === 0 ? `All ${names.length} pins are at upstream's newest revision.\n` : render(rows);
    return { value: rows, text, exitCode: rows.length === 0 ? exitCodes.done : exitCodes.findings };
  },
};

function render(rows: readonly OutdatedPin[]): string {
  const behind = rows.filter(({ dropped }) => !dropped);
  const body = behind.map((row) => [
    row.module,
    row.series.join(" "),
    row.from.slice(0, 12),
    row.to.slice(0, 12),
    row.date,
    String(row.behind ?? "?"),
    `${row.hold ? "(held) " : ""}${row.subject}`,
  ]);
  const table = renderTable([["module", "series", "pinned", "newest", "of", "behind", "newest change"], ...body]);
  const lines = rows.map(describeUnusual).filter((line) => line !== undefined);
  return `${behind.length === 0 ? "" : table}${lines.map((line) => `${line}\n`).join("")}`;
}

function describeUnusual(row: OutdatedPin): string | undefined {
  if (row.dropped) {
    const now = row.renamedTo === null ? "" : `, where it became ${row.renamedTo}`;
    return `${row.module}: upstream dropped it in ${row.to.slice(0, 12)} of ${row.date}${now}. Its pin stays as it is.`;
  }
  if (row.behind !== null) return undefined;
  const of = `${row.module} on ${row.series.join(", ")}`;
  return `${of}: upstream's history has no revision ${row.from.slice(0, 12)} any more. The pin holds while somebody has its content.`;
}
