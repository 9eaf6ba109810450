/**
 * Text that others wrote, made harmless: it mentions nobody, refers to no issue and closes none (neither as Markdown nor
 * in a commit message that a pull request's text becomes), and what cannot be seen or turns the reading order around is
 * shown.
 */
export function defuse(text: string): string {
  return (
    text
      .toWellFormed()
      // Line feeds and tabs are fine; the invisible rest is written out.
      .replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`)
      .replaceAll(/(?<!\w)@(?=\w)/gu, `@${invisible}`)
      .replaceAll(/#(?=\d)/gu, `#${invisible}`)
      .replaceAll(/\bGH-(?=\d)/giu, (word) => `${word}${invisible}`)
      // A whole address of an issue is a reference too.
      .replaceAll(/:\/\/(?=(?:www\.)?github\.com)/giu, `:${invisible}//`)
  );
}

// Zero width: it keeps GitHub from seeing a reference, and nobody sees it.
const invisible = "\u{200b}";

/** One line of others' text as a code span, cut after `length` characters. */
export function code(text: string, length = 160): string {
  const line = text.replaceAll(/\s+/gu, " ").trim();
  const characters = Array.from(line.slice(0, 2 * length + 2));
  const cut = characters.length > length ? `${characters.slice(0, length).join("")}…` : line;
  const safe = defuse(cut);
  if (safe === "") return "(empty)";
  const ticks = "`".repeat(longestRun(safe) + 1);
  const pad = safe.startsWith("`") || safe.endsWith("`") ? " " : "";
  return `${ticks}${pad}${safe}${pad}${ticks}`;
}

/** Others' text as a code block that it cannot end. */
export function fence(text: string, language: string): string {
  const safe = defuse(text);
  const ticks = "`".repeat(Math.max(3, longestRun(safe) + 1));
  return `${ticks}${language}\n${safe}${safe.endsWith("\n") ? "" : "\n"}${ticks}\n`;
}

function longestRun(text: string): number {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/gu)) longest = Math.max(longest, run.length);
  return longest;
}

/** Powers of 1000, as registries count. */
export function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** The same for sizes of any magnitude: kB, and MB from a million on. */
export function sizeText(bytes: number): string {
  return bytes < 1_000_000 ? kilobytes(bytes) : `${(bytes / 1_000_000).toFixed(2)} MB`;
}

/** At most `count` of some items, and how many more there are. */
export function capped(items: readonly string[], count = 20): string[] {
  if (items.length <= count) return [...items];
  return [...items.slice(0, count), `and ${items.length - count} more`];
}

export function sumOf(numbers: readonly number[]): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}
