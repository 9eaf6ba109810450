import { findDate } from "./as-of.ts";
import { type Line, plainText } from "./markdown.ts";
import type { Statement } from "./statement.ts";
import type { Status } from "./status.ts";
import { type VersionRange, downPattern, numbersOf, upPattern, versionPattern } from "./version-cell.ts";

/** Statements read from sentences, and those that seem to state something but could not be read. */
export interface Prose {
  statements: Statement[];
  unread: Line[];
}

/** Reads paragraphs, each given as its lines. Sentences are less certain than table rows. */
export function parseProse(paragraphs: ReadonlyArray<readonly Line[]>): Prose {
  const read = paragraphs.flatMap(splitBullets).map((lines) => parseParagraph(lines));
  const unread = read.flatMap((each) => each.unread);
  const statements = read.flatMap((each) => each.statements);
  if (!unread.some(({ text }) => unreadEnd.test(text))) return { statements, unread };
  const open = new Set(statements.filter(isOpen).map(({ line }) => line));
  return {
    statements: statements.filter(({ line }) => !open.has(line)),
    unread: [...statements.filter(isOpen).map(({ text, line }) => ({ text, number: line })), ...unread],
  };
}

// "Trunk < 5f15ab7c6ae5": an end somewhere, so "0.11 or later" beside it does not go on forever.
const unreadEnd = /\btrunk ?(?:<|before\b|until\b|up to\b)/iu;

function isOpen({ range }: Statement): boolean {
  return range.kind === "from" || (range.kind === "trunk" && range.andLater);
}

function splitBullets(lines: readonly Line[]): Line[][] {
  const parts: Line[][] = [];
  for (const line of lines) {
    const begins = parts.length === 0 || /^\s{0,6}[-*+]\s/u.test(line.text);
    if (begins) parts.push([line]);
    else parts.at(-1)?.push(line);
  }
  return parts;
}

const stating = /\bprosody\b|\btrunk\b|\bversions?\b|\bsame as\b|\b(?:in)?compatible\b|\bto work\b|\brequires\b/iu;

function parseParagraph(lines: readonly Line[]): Prose {
  const line = lines[0]?.number ?? 0;
  const trunkLine = lines.find((each) => /\btrunk\b/iu.test(each.text))?.number ?? line;
  const text = plainText(
    lines
      .map((each) => each.text)
      .join("\n")
      .slice(0, 4000),
  );
  const statements = readClauses(clausesOf(withoutLibraries(text))).map((found) => ({
    ...found,
    line: found.range.kind === "trunk" ? trunkLine : line,
    form: "prose" as const,
  }));
  return { statements, unread: statements.length === 0 && stating.test(text) ? [{ text, number: line }] : [] };
}

// "LuaSec 0.5+", "Lua 5.2 and higher": other things have versions too.
function withoutLibraries(text: string): string {
  return text.replace(
    new RegExp(`\\b(?:luasec|lua|openssl|luaossl|version) \\d[\\d.]*(?: ?${upPattern})?`, "giu"),
    " ",
  );
}

// A denial after a comma or "and" is a clause of its own: "requires trunk and is not compatible with 0.12".
function clausesOf(text: string): string[] {
  return text
    .split(/[.;!](?=\s|$)|,|\bbut\b|\band (?=(?:is|are|will|does|do|has) (?:not|fail)|won't|doesn't|not\b)/iu)
    .map((clause) => clause.trim())
    .filter((clause) => clause !== "");
}

type Found = Omit<Statement, "line" | "form">;

function readClauses(clauses: readonly string[]): Found[] {
  const found: Found[] = [];
  let status: Status = "works";
  let last: readonly number[] | undefined;
  for (const clause of clauses.filter((each) => !noStatement.test(each))) {
    // "not compatible with 0.9, 0.10 or 0.11": a clause that begins with a version goes on with the one before.
    if (!startsWithVersion.test(clause)) status = statusOf(clause);
    const ranges = [...rangesOf(clause), ...relativeRanges(clause, last)];
    const text = clause.slice(0, 200);
    found.push(...ranges.map((range) => ({ range, status, text })));
    // "uses the new API of 0.10 and will not work with older versions" is as much as "0.10 or later".
    const isFloor = status === "broken" && ranges.some((range) => range.kind === "until" && !range.included);
    if (isFloor && last !== undefined)
      found.push({ range: { kind: "from", version: last, included: true }, status: "works", text });
    last = ranges.flatMap((range) => ("version" in range ? [range.version] : [])).at(-1) ?? last;
  }
  return found;
}

// These name a version without saying that the module works on it.
const noStatement =
  /^(?:if|when|note|for)\b|\b(?:feature|command|option|prototype)\b|\bversions? (?:of mod|for\b)|\bdoes not support\b/iu;

const startsWithVersion = new RegExp(
  `^(?:or |and )?(?:prosody )?(?:trunk|${versionPattern})(?! (?:and|or) )\\W*$`,
  "iu",
);

const clausePatterns: ReadonlyArray<readonly [Status, RegExp]> = [
  ["superseded", /\b(?:merged|integrated|included in|built in|native support|no need for)\b/iu],
  ["probably-broken", /\bunexpected behaviou?r\b|\bprobably (?:not|broken)\b/iu],
  ["broken", /\b(?:not|no longer|never)\b.{0,25}\b(?:works?|compatible|supported|with)\b/iu],
  ["broken", /\b(?:incompatible|broken|fails? to load)\b|n't\b.{0,15}\bwork\b/iu],
  ["should-work", /\bshould\b|\bsupposed to\b|\bmay\b|\bmight\b|\bhopefully\b|\buntested\b/iu],
];

function statusOf(clause: string): Status {
  return clausePatterns.find(([, pattern]) => pattern.test(clause))?.[0] ?? "works";
}

// "trunk (0.12)" and "trunk / 0.12" were written when that trunk was to become 0.12.
const before = String.raw`(?<sign>>=|<=|≥|≤|<|>|\bsince|\bas of|\bfrom)? ?(?:\bprosody )?(?:\bversion )?(?:\btrunk ?[(/] ?)?`;
const versionWords = new RegExp(
  `${before}(?<version>${versionPattern})\\)?,? ?(?:(?<up>${upPattern})|(?<down>${downPattern}))?`,
  "giu",
);
const trunkWords = new RegExp(
  String.raw`\btrunk\b(?! ?[</(]? ?${versionPattern})(?! ?<)(?: revision)?(?: [0-9a-f]{12})?(?<aside> ?\([^()]{0,60}\)| as of [\d-]{8,10})?,?(?<up> ${upPattern})?`,
  "giu",
);

/** The versions a clause names. */
export function rangesOf(clause: string): VersionRange[] {
  const between = new RegExp(`(${versionPattern}) ?[-–] ?(${versionPattern})`, "iu").exec(clause);
  const [, low, high] = between ?? [];
  if (low !== undefined && high !== undefined) {
    return [{ kind: "between", version: numbersOf(low), last: numbersOf(high) }];
  }
  const everywhere: VersionRange[] = /\bcurrently supported versions?\b|\ball versions$/iu.test(clause)
    ? [{ kind: "any" }]
    : [];
  const versions = [...clause.matchAll(versionWords)].map(({ groups = {} }) => versionRange(groups));
  const trunks = [...clause.matchAll(trunkWords)].map(({ groups = {} }) => trunkRange(groups));
  return [...everywhere, ...versions, ...trunks];
}

type Groups = Readonly<Record<string, string | undefined>>;

const signs: Readonly<Record<string, { kind: "from" | "until"; included: boolean }>> = {
  "<": { kind: "until", included: false },
  "<=": { kind: "until", included: true },
  "≤": { kind: "until", included: true },
  ">": { kind: "from", included: false },
  ">=": { kind: "from", included: true },
  "≥": { kind: "from", included: true },
  since: { kind: "from", included: true },
  "as of": { kind: "from", included: true },
};

function versionRange({ sign = "", version = "", up, down }: Groups): VersionRange {
  const numbers = numbersOf(version);
  const bound = signs[sign.toLowerCase()];
  if (down !== undefined) return { kind: "until", version: numbers, included: true };
  if (up !== undefined) return { kind: "from", version: numbers, included: true };
  return bound === undefined ? { kind: "exactly", version: numbers } : { ...bound, version: numbers };
}

function trunkRange({ aside = "", up }: Groups): VersionRange {
  const andLater = up !== undefined || /\+|\blater\b/iu.test(aside);
  return { kind: "trunk", andLater, date: findDate(aside) };
}

// "0.10 … will not work with older versions": bounds that lean on the version named before.
function relativeRanges(clause: string, last: readonly number[] | undefined): VersionRange[] {
  const named = [...clause.matchAll(versionWords)].length > 0;
  if (last === undefined || named) return [];
  if (/\b(?:later|newer|successive) versions?\b/iu.test(clause))
    return [{ kind: "from", version: last, included: false }];
  if (/\b(?:older|earlier|previous) versions?\b/iu.test(clause))
    return [{ kind: "until", version: last, included: false }];
  return [];
}
