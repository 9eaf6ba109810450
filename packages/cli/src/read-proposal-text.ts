import { readFile } from "node:fs/promises";
import { UserError } from "@prosody-foundry/kit";

/**
 * The text of a proposal: that of a file, or the plain one where none is named.
 * @throws UserError REPORT_UNREADABLE
 */
export async function readProposalText(file: string | undefined, plain: string): Promise<string> {
  if (file === undefined) return plain;
  return readFile(file, "utf8").catch((error: unknown) => {
    throw new UserError("REPORT_UNREADABLE", `The file of --report cannot be read: ${String(error)}`, {
      hint: "Name a file with the text of the pull request.",
      cause: error,
    });
  });
}
