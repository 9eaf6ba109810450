import { readFile } from "node:fs/promises";
import path from "node:path";
import { checkShape, parseJson } from "@prosody-foundry/kit";
import { Ledger, type LedgerEntry } from "./ledger.ts";

/**
 * What images/ledger.json of the repository at `root` says was published; nothing where there is none.
 * @throws UserError LEDGER_MALFORMED with line and column, or the path of the field.
 */
export async function readLedger(root: string): Promise<LedgerEntry[]> {
  const file = "images/ledger.json";
  const text = await readFile(path.join(root, file), "utf8").catch(ignoreMissing);
  if (text === undefined) return [];
  const origin = { file, code: "LEDGER_MALFORMED", hint: "Take the committed file back (`git checkout`)." };
  return checkShape(Ledger, parseJson(text, origin), origin).entries;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
