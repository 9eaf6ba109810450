import { type Line, plainText } from "./markdown.ts";
import { rangesOf } from "./prose.ts";
import type { Statement } from "./statement.ts";
import type { Status } from "./status.ts";
import type { VersionRange } from "./version-cell.ts";

/**
 * What a README says outside of its Compatibility section: in a box (`::: {.alert …}`) or a sentence that the module is
 * obsolete, merged or broken; and which Prosody it wants, where there is no such section. Only sentences in known words
 * count, since most that name a version speak of something else.
 */
export function parseAsides(lines: readonly Line[], hasSection: boolean): Statement[] {
  const found = paragraphsOf(lines).flatMap((paragraph) => readParagraph(paragraph));
  const asides = found.filter(({ status }) => !hasSection || !floors.has(status));
  // "Merged into Prosody. Users of 0.12 and later …": the second sentence bounds the first.
  const bounded = new Set(asides.filter(({ range }) => range.kind !== "any").map(({ status }) => status));
  return asides.filter(({ range, status }) => range.kind !== "any" || !bounded.has(status));
}

type Form = readonly [Status, RegExp];

// The first that matches counts.
const forms: readonly Form[] = [
  ["works", /^it can still be used with prosody\b|^(?:is )?provided here for users of prosody\b/iu],
  ["broken", /^this module (?:was\b.{0,40} and )?is (?:incompatible|not compatible) with prosody\b/iu],
  [
    "superseded",
    /\bthis (?:module|feature|behaviou?r)(?: implementing \S{1,60})? (?:(?:is|was|has|have|been|now|an|early|and) ){1,6}(?:merged into|obsolete|deprecated|superseded|included (?:in|with) prosody)\b/iu,
  ],
  [
    "superseded",
    /\bmaking this module obsolete\b|\bcan be used instead of this module\b|\bshould not install this version\b/iu,
  ],
  ["superseded", /\bor later we recommend the bundled\b|\bships with native support for\b/iu],
  ["superseded", /\bhas (?:now )?been implemented in prosody\b|\bis natively supported by prosody\b/iu],
  ["should-work", /^(?:this module )?should work with prosody\b/iu],
  ["works", /^(?:this module )?(?:requires|works with|can work on any) prosody\b|^this is only compatible with\b/iu],
];
const floors: ReadonlySet<Status> = new Set(["works", "should-work"]);

// A heading, a bullet and the fence of a box end a paragraph, as a blank line does.
function paragraphsOf(lines: readonly Line[]): Line[][] {
  const paragraphs: Line[][] = [[]];
  for (const line of lines) {
    if (/^\s*(?:$|:::|#|[-*+] |[-=]{2})/u.test(line.text)) paragraphs.push([]);
    if (!/^\s*(?:$|:::|#|[-=]{2})/u.test(line.text)) paragraphs.at(-1)?.push(line);
  }
  return paragraphs.filter((paragraph) => paragraph.length > 0);
}

function readParagraph(lines: readonly Line[]): Statement[] {
  const line = lines[0]?.number ?? 0;
  const trunkLine = lines.find(({ text }) => /\btrunk\b/iu.test(text))?.number ?? line;
  const words = lines.map(({ text }) => text.slice(0, 1000)).join("\n");
  return sentencesOf(plainText(words.slice(0, 4000).replace(/^\s*[-*+] /u, ""))).flatMap((text) => {
    const status = forms.find(([, form]) => form.test(text))?.[0];
    if (status === undefined) return [];
    return boundsOf(text, status).map((range) => ({
      range,
      status,
      text,
      line: range.kind === "trunk" ? trunkLine : line,
      form: "aside" as const,
    }));
  });
}

function sentencesOf(text: string): string[] {
  return text
    .split(/[.!;:](?=\s|$)|\b(?:and|but) (?=(?:is )?(?:provided|made available) here\b)/iu)
    .map((sentence) => sentence.trim().slice(0, 300))
    .filter((sentence) => sentence !== "");
}

// Without a version a module is obsolete everywhere, but works nowhere in particular.
function boundsOf(text: string, status: Status): VersionRange[] {
  const ranges = rangesOf(text);
  const different = ranges.filter((range, index) => index === ranges.findIndex(({ kind }) => kind === range.kind));
  if (different.length > 0) return different;
  return floors.has(status) ? [] : [{ kind: "any" }];
}
