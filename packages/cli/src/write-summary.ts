import { appendFile } from "node:fs/promises";

/** GitHub takes no more of one step, in bytes, and drops the whole of what is longer. */
const largest = 1024 * 1024;

/** Appends Markdown to the page of a workflow's run; does nothing where there is none. */
export async function writeSummary(file: string | undefined, summary: string | undefined): Promise<void> {
  if (file === undefined || file === "" || summary === undefined) return;
  const bytes = Buffer.from(summary);
  const note = "\n\nCut: GitHub shows no longer summary.\n";
  const fits = bytes.length <= largest;
  await appendFile(file, fits ? summary : bytes.subarray(0, largest - note.length - 4).toString() + note);
}

/** Tells later steps of a workflow; does nothing where there is none. */
export async function writeOutputs(
  file: string | undefined,
  outputs: Readonly<Record<string, string>> = {},
): Promise<void> {
  if (file === undefined || file === "") return;
  const lines = Object.entries(outputs).map(([name, value]) => `${name}=${value.replaceAll(/[\r\n]+/gu, " ")}\n`);
  if (lines.length > 0) await appendFile(file, lines.join(""));
}
