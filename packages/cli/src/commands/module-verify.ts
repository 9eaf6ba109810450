import { readLock } from "@prosody-foundry/lockfile";
import { checkPins, findWrong, type PinCheck } from "../check-pins.ts";
import type { CommandSpec, Outcome } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { lockedNames } from "../locked-names.ts";
import { type MendReport, runMend } from "../run-mend.ts";
import { withScratch } from "../run-scratch.ts";
import { renderTable } from "../table.ts";

export const moduleVerify: CommandSpec = {
  name: "module verify",
  summary: "every pin against its source and its mirrors, asked anew (exit code 3 when one is wrong or nowhere)",
  arguments: "[module...]",
  options: ["fix", "json"],
  example: "foundry module verify mod_firewall",
  async run(context, { args, flags }) {
    const mended = flags.fix === true ? await runMend(context) : null;
    if (mended !== null) return describeMend(mended);
    const lock = await readLock(context.lockFile);
    const keys = lockedNames(lock, args);
    // With a cache of its own: what was fetched before proves nothing about the mirrors of today.
    const checks = await withScratch(context.cacheDir, (cacheDir) => checkPins({ ...context, cacheDir }, lock, keys));
    const wrong = findWrong(checks);
    return { ...describeChecks(checks, wrong), value: { checks, wrong } };
  },
};

function describeChecks(checks: readonly PinCheck[], wrong: readonly string[]): Omit<Outcome, "value"> {
  const rows = checks.map((check) => [check.module, check.node.slice(0, 12), check.source, check.result, check.detail]);
  const summary =
    wrong.length === 0 ? "Every pin is to be had, byte for byte.\n" : `Not in order: ${wrong.join(", ")}.\n`;
  return {
    text: (rows.length === 0 ? "" : renderTable([["module", "revision", "source", "result", ""], ...rows])) + summary,
    exitCode: wrong.length === 0 ? exitCodes.done : exitCodes.findings,
  };
}

const origins: Record<MendReport["from"], string> = {
  index: "merged from what git's index has of both sides",
  heads: "merged from the two heads of the merge",
  markers: "merged from the text between the conflict markers",
  form: "written in its own form again",
};

function describeMend({ lock: _lock, ...report }: MendReport): Outcome {
  const { conflicts, from, checks, wrong, unproven, emptied } = report;
  const lines = [
    `modules.lock.json was ${origins[from]}.`,
    ...conflicts.map(({ entry, part, taken }) => {
      const what = part === null ? entry : `${entry}, ${part}`;
      return `  ${what}: both sides changed it, ${taken} was taken`;
    }),
    ...unproven.map(
      (key) => `  ${key}: changed by hand; its source has what it says. Judge it with \`foundry compat ${key}\``,
    ),
    ...emptied.map(
      (key) =>
        `  ${key}: its hosts, refused revisions and their count were left out, its day is as written: nobody can tell. ` +
        `\`foundry module update ${key}\` finds them anew`,
    ),
  ];
  const described = describeChecks(checks, wrong);
  const next = from === "form" ? "" : "Look at it, then `git add modules.lock.json`.\n";
  return {
    value: report,
    text: lines.map((line) => `${line}\n`).join("") + described.text + next,
    exitCode: described.exitCode,
  };
}
