import type { LedgerEntry } from "./ledger.ts";
import { immutableTag } from "./tags.ts";

/**
 * What a release on GitHub says of its image, in Markdown: its notes, or in their place which image it is and how to get
 * it; then what everybody has to compare who does not take a name's word.
 * @param notes - as `renderNotes` gives them; empty where there are none
 */
export function releaseText(entry: LedgerEntry, reference: string, notes: string): string {
  const tagged = `${reference.split("@")[0]}:${immutableTag(entry)}`;
  return `${notes === "" ? leadOf(entry, tagged) : notes}\n${proofOf(entry, { reference, tagged })}`;
}

function leadOf(entry: LedgerEntry, tagged: string): string {
  const contract = entry.contract === null ? "" : `, contract ${entry.contract} of \`${entry.image}\``;
  return `Prosody ${entry.version}, image revision ${entry.rev}${contract}.\n\n\`\`\`sh\ndocker pull ${tagged}\n\`\`\`\n`;
}

function proofOf(entry: LedgerEntry, { reference, tagged }: { reference: string; tagged: string }): string {
  const rows = Object.entries(entry.platforms).map(([platform, { digest }]) => `| ${platform} | \`${digest}\` |\n`);
  return [
    `## Proof\n\n\`${reference}\`\n`,
    rows.length === 0 ? "" : `\n| platform | manifest |\n| --- | --- |\n${rows.join("")}`,
    `\n\`foundry verify-image ${tagged}\` checks signature, provenance, SBOM and modules, and says how to do it without foundry.\n`,
  ].join("");
}
