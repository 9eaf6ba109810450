import { isUserError } from "@prosody-foundry/kit";
import type { ModuleContent } from "@prosody-foundry/source";
import { parseCompatibility } from "./compatibility.ts";
import { latin1Text } from "./layout.ts";
import { type Line, plainText, withoutFences } from "./markdown.ts";
import { type Readme, readBareReadme, readReadme } from "./readme.ts";

/** What a module says of itself, for people who look for one. */
export interface ModuleDescription {
  summary: string | null;
  /** As written, but stages in one spelling: `Stage-Alpha`. */
  labels: string[];
  /** Numbers of the XEPs that README and code mention, four digits each, sorted. */
  xeps: string[];
  /** `mod_x` */
  supersededBy: string | null;
  /** Plain words of the README, at most 4,000 characters. */
  text: string;
  /** Whether anything could be read from the Compatibility section; `none` without one. */
  compatibility: "parsed" | "unread" | "none";
  /** Lines about compatibility that were not understood: `line 12: …`. */
  unread: string[];
}

/** Describes any content: what cannot be read counts as absent. */
export function describeModule(content: ModuleContent): ModuleDescription {
  const readme = readWhatCanBe(content);
  const { present, statements, unread } = parseCompatibility(readme.body);
  const parsed = statements.some(({ form }) => form !== "aside") ? "parsed" : "unread";
  return {
    summary: readme.summary,
    labels: [...new Set(readme.labels.map(spellStage))],
    xeps: xepsIn(content),
    supersededBy: readme.supersededBy[0] ?? null,
    text: wordsOf(readme.body),
    compatibility: present ? parsed : "none",
    unread: unread.map(describeLine),
  };
}

/** A line of a README, for people. */
export function describeLine({ text, number }: Line): string {
  return `line ${number}: ${text.trim().slice(0, 300)}`;
}

function readWhatCanBe(content: ModuleContent): Readme {
  try {
    return readReadme(content) ?? readBareReadme(content);
  } catch (error) {
    if (!isUserError(error)) throw error;
    return readBareReadme(content);
  }
}

function spellStage(label: string): string {
  return label.replace(/^stage-(\w)(\w*)$/iu, (_, first: string, rest: string) => {
    return `Stage-${first.toUpperCase()}${rest.toLowerCase()}`;
  });
}

const maxSearched = 512 * 1024;
// "XEP-0363", "XEP 0425", "xep0060", "…/xep-0045.html"; "XEP-XXXX" and "xep220" are no number of any.
const xep = /(?<![a-z\d])xep[-_ ]?(\d{4})(?!\d)/giu;

function xepsIn({ files }: ModuleContent): string[] {
  const telling = files.filter(({ path }) => path.startsWith("README") || path.endsWith(".lua"));
  const texts = telling.map((file) => latin1Text(file).slice(0, maxSearched));
  const found = texts.flatMap((text) => [...text.matchAll(xep)].map(([, number = ""]) => number));
  return [...new Set(found)].filter((number) => number !== "0000").toSorted();
}

function wordsOf(body: readonly Line[]): string {
  const source = withoutFences(body)
    .map(({ text }) => text.trim().replace(/^[-–—=~`+:|\s]+$|^[#>*+|:=~`-]+\s/u, ""))
    .join("\n")
    .slice(0, 40_000);
  return firstWords(plainText(source.replace(/<[^<>\n]{1,200}>|\{[^{}\n]{1,100}\}/gu, " ")), 4000);
}

function firstWords(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length + 1);
  return cut.slice(0, Math.max(cut.lastIndexOf(" "), 0)) || text.slice(0, length);
}
