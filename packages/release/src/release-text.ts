import type { LedgerEntry } from "./ledger.ts";
import { immutableTag } from "./tags.ts";

/** What every release on GitHub says of its image: how to get it, and what it is made of. Markdown. */
export function releaseText(entry: LedgerEntry, reference: string): string {
  const tagged = `${reference.split("@")[0]}:${immutableTag(entry)}`;
  const rows = Object.entries(entry.platforms).map(
    ([platform, { digest, size }]) => `| ${platform} | ${(size / 1_000_000).toFixed(1)} MB | \`${digest}\` |\n`,
  );
  return [
    `Prosody ${entry.version}, image revision ${entry.rev}`,
    entry.contract === null ? ".\n" : `, contract ${entry.contract} of \`${entry.image}\`.\n`,
    `\n\`\`\`sh\ndocker pull ${tagged}\ndocker pull ${reference}\n\`\`\`\n`,
    rows.length === 0 ? "" : `\n| platform | a user pulls | manifest |\n| --- | --- | --- |\n${rows.join("")}`,
    `\n\`foundry verify-image ${tagged}\` checks its signature, provenance, SBOM and modules.\n`,
  ].join("");
}
