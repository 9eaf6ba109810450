/** A line of a README: its text and its number, from 1. */
export interface Line {
  text: string;
  number: number;
}

interface Heading {
  title: string;
  level: number;
  /** Index of its first line, and of the first line of its content. */
  at: number;
  content: number;
}

/**
 * The lines below each heading that `wanted` accepts, to the next heading of the same or a higher level. A
 * sub-section stays out unless `kept` accepts its title too. Headings are `# …` and underlined ones; what is fenced is
 * neither heading nor content.
 */
export function findSections(
  lines: readonly Line[],
  wanted: (title: string) => boolean,
  kept: (title: string) => boolean,
): Line[] {
  const open = withoutFences(lines);
  const headings = findHeadings(open);
  // Real READMEs have one, or two; looking through thousands would take minutes.
  const found = headings.filter(({ title }) => wanted(title)).slice(0, 10);
  return found.flatMap((heading) => contentOf(heading, { open, headings, kept }));
}

/** Numbered lines, whatever ends them. */
export function linesOf(text: string, firstNumber = 1): Line[] {
  return text.split(/\r\n|\r|\n/u).map((line, index) => ({ text: line, number: firstNumber + index }));
}

/** The words of a piece of markdown: links by their text, no emphasis, no escapes, no code marks, single spaces. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/\[\^[^\][]{1,40}\]/gu, "")
    .replace(/\[([^\][]*)\]\([^()\s]*\)/gu, "$1")
    .replace(/\[([^\][]*)\](?:\[[^\][]*\])?/gu, "$1")
    .replace(/\\(?=[\W_])/gu, "")
    .replace(/[`*]/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
}

/** The lines that are no fenced code. */
export function withoutFences(lines: readonly Line[]): Line[] {
  const open: Line[] = [];
  let fence: string | undefined;
  for (const line of lines) {
    const mark = /^ {0,3}(`{3,}|~{3,})/u.exec(line.text)?.[1];
    if (fence === undefined && mark === undefined) open.push(line);
    if (mark === undefined) continue;
    if (fence === undefined) fence = mark;
    else if (mark.startsWith(fence)) fence = undefined;
  }
  // A fence nobody closes hides nothing: pandoc takes it for text.
  return fence === undefined ? open : [...lines];
}

function findHeadings(lines: readonly Line[]): Heading[] {
  return lines.map((_, index) => headingAt(lines, index)).filter((heading) => heading !== undefined);
}

function headingAt(lines: readonly Line[], at: number): Heading | undefined {
  const text = textAt(lines, at);
  return (
    markedHeading(text, at) ??
    (textAt(lines, at - 1).trim() === "" ? underlinedHeading(text, textAt(lines, at + 1), at) : undefined)
  );
}

function textAt(lines: readonly Line[], at: number): string {
  return lines[at]?.text ?? "";
}

function markedHeading(text: string, at: number): Heading | undefined {
  const marks = /^#{1,6}/u.exec(text)?.[0];
  return marks === undefined
    ? undefined
    : { title: text.slice(marks.length).trim(), level: marks.length, at, content: at + 1 };
}

function underlinedHeading(text: string, below: string, at: number): Heading | undefined {
  if (!/^[^\s=-]/u.test(text) || !/^(?:={2,}|-{2,})\s*$/u.test(below)) return undefined;
  return { title: text.trim(), level: below.startsWith("=") ? 1 : 2, at, content: at + 2 };
}

interface Outline {
  open: readonly Line[];
  headings: readonly Heading[];
  kept: (title: string) => boolean;
}

function contentOf(heading: Heading, { open, headings, kept }: Outline): Line[] {
  const later = headings.filter(({ at }) => at > heading.at);
  const end = later.find(({ level }) => level <= heading.level)?.at ?? open.length;
  const inside = later.filter(({ at }) => at < end);
  const own = open.slice(heading.content, inside[0]?.at ?? end);
  const parts = inside.flatMap((sub, index) =>
    kept(sub.title) ? open.slice(sub.content, inside[index + 1]?.at ?? end) : [],
  );
  return [...own, ...parts];
}
