import { doctor as examine } from "@prosody-foundry/bake";
import type { CommandSpec } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { renderTable } from "../table.ts";

export const doctor: CommandSpec = {
  name: "doctor",
  summary: "what this machine has and what it lacks for building (exit code 3 when something is missing)",
  options: ["json"],
  example: "foundry doctor",
  async run(context) {
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
