import { canonicalJson, compareText } from "@prosody-foundry/kit";

/** Longest value that stays on one line. */
const width = 400;

/**
 * JSON for large files and diffs: keys sorted, final newline; a value that fits stands on one line, a longer one has a
 * line for each of its parts.
 */
export function printCompact(value: unknown): string {
  return `${printValue(value, "")}\n`;
}

function printValue(value: unknown, indent: string): string {
  const flat = canonicalJson(value);
  if (flat.length <= width || value === null || typeof value !== "object") return flat;
  const inner = `${indent} `;
  if (Array.isArray(value)) {
    const items = value.map((item) => `${inner}${printValue(item, inner)}`);
    return `[\n${items.join(",\n")}\n${indent}]`;
  }
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => compareText(a, b));
  const lines = entries.map(([key, item]) => `${inner}${JSON.stringify(key)}:${printValue(item, inner)}`);
  return `{\n${lines.join(",\n")}\n${indent}}`;
}
