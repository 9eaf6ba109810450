import { doctor as examine } from "@prosody-foundry/bake";
import { checkPublished } from "@prosody-foundry/release";
import type { CommandSpec, Flags, Outcome } from "../command.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { openPublishing } from "../open-publishing.ts";
import { renderTable } from "../table.ts";

export const doctor: CommandSpec = {
  name: "doctor",
  summary: "what this machine lacks for building, or what the registry lacks (exit code 3 when something is missing)",
  options: ["published", "repository", "sign", "insecure", "json"],
  example: "foundry doctor",
  async run(context, { flags }) {
    if (flags.published === true) return examinePublished(context, flags);
    const rows = await examine({ ...context, nodeVersion: process.version });
    const missing = rows.filter((row) => !row.ok && !row.optional);
    const body = rows.map((row) => [
      row.ok ? "ok" : row.optional ? "-" : "no",
      row.name,
      row.found,
      row.ok ? "" : row.hint,
    ]);
    return {
      value: rows,
      text: renderTable(body),
      exitCode: missing.length === 0 ? exitCodes.done : exitCodes.findings,
    };
  },
};

/** The ledger against the registry. */
async function examinePublished(context: Context, flags: Flags): Promise<Outcome> {
  const { repository, policy, signing, readFacts } = await openPublishing(context, flags);
  const rows = await checkPublished({ repository, policy, signing, ...(await readFacts([])) });
  const table = rows.map(({ name, ok, found }) => [ok ? "ok" : "no", name, found]);
  const isGood = rows.every(({ ok }) => ok);
  return { value: rows, text: renderTable(table), exitCode: isGood ? exitCodes.done : exitCodes.findings };
}
