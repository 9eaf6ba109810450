import type { Check } from "@prosody-foundry/bake";

/** What is checked of a published image. */
export type ImageCheckName =
  | "index"
  | "content"
  | "signature"
  | "signed provenance"
  | "attestations"
  | "provenance"
  | "SBOM"
  | "module pins"
  | "module files"
  | "packages";

/** What one look found: why it fails, one sentence each; or, when there is none, what is in order. */
export interface Judged {
  faults: readonly string[];
  good: string;
}

const mostFaults = 5;

export function checkOf(name: ImageCheckName, { faults, good }: Judged): Check {
  if (faults.length === 0) return { name, status: "passed", detail: good };
  const more = faults.length > mostFaults ? [`and ${faults.length - mostFaults} more`] : [];
  return { name, status: "failed", detail: [...faults.slice(0, mostFaults), ...more].join("; ") };
}

export function notChecked(name: ImageCheckName, because: string): Check {
  return { name, status: "notRun", detail: because };
}

/** `1 module`, `2 modules`. */
export function countOf(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
