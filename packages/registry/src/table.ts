const begin = "<!-- agreement: begin -->\n";
const end = "<!-- agreement: end -->\n";

/** A Markdown table. */
export function renderMarkdown([header = [], ...rows]: ReadonlyArray<readonly string[]>): string {
  const rule = header.map((_, column) => (column === 0 ? "---" : "---:"));
  return [header, rule, ...rows].map((row) => `| ${row.join(" | ")} |\n`).join("");
}

/** The text with new content between the marks; the text itself when it has none. */
export function fillTable(text: string, content: string): string {
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) return text;
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
}
