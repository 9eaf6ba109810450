import { findDate } from "./as-of.ts";
import type { Version } from "./release.ts";

/** Which releases a statement is about. `trunk` is the trunk of its day, `date` where the words name the day. */
export type VersionRange =
  | { kind: "any" }
  | { kind: "trunk"; andLater: boolean; date: string | null }
  | { kind: "exactly"; version: Version }
  | { kind: "from"; version: Version; included: boolean }
  | { kind: "until"; version: Version; included: boolean }
  | { kind: "between"; version: Version; last: Version };

// Prosody has been 0.1 to 0.12, then 13. The 15 of 2020-04-15 is none, and a "v" before the number is another's.
const number = String.raw`(?:0\.\d{1,2}(?:\.(?:\d{1,3}|x))?|(?<![-.\d])1[3-9](?:\.(?:\d{1,3}|x)){0,2})`;
/** Source of the pattern of one version number. */
export const versionPattern = String.raw`\b${number}(?![\w]|\.\d)`;
/** Source of the words that widen a version to all after it. */
export const upPattern = String.raw`(?:\+|(?:and|or),? (?:later|above|up|upwards?|newer|higher|greater)|upwards?)`;
/** Source of the words that widen a version to all before it. */
export const downPattern = String.raw`(?:(?:and|or) (?:earlier|older|lower|below))`;

const trunkCell = /^trunk\*?(?:\W*(?:as of\b.{0,40}|\d{4}-\d\d-\d\d.{0,20}))?$/iu;
const onwardsCell = new RegExp(`^trunk\\W*${upPattern}$`, "iu");
const betweenCell = new RegExp(`^(${versionPattern}) ?[-–] ?(${versionPattern})$`, "iu");
const boundCell = new RegExp(`^(>=|<=|≥|≤)? ?(${versionPattern}) ?(?:(${upPattern})|(${downPattern}))?$`, "iu");

/** The range a table's version cell names, or undefined when that is no Prosody version. Takes plain text. */
export function parseVersionCell(cell: string): VersionRange | undefined {
  const text = withoutCondition(cell.slice(0, 200)).replace(/^prosody /iu, "");
  if (/^any$/iu.test(text)) return { kind: "any" };
  if (onwardsCell.test(text)) return { kind: "trunk", andLater: true, date: null };
  if (trunkCell.test(text)) return { kind: "trunk", andLater: false, date: findDate(text) };
  const [, low, high] = betweenCell.exec(text) ?? [];
  if (low !== undefined && high !== undefined) {
    return { kind: "between", version: numbersOf(low), last: numbersOf(high) };
  }
  return boundedRange(boundCell.exec(text));
}

/** `0.11.x` → [0, 11]. */
export function numbersOf(version: string): Version {
  return version
    .split(".")
    .filter((part) => part !== "x")
    .map(Number);
}

function boundedRange(match: RegExpExecArray | null): VersionRange | undefined {
  const [, sign, version, up, down] = match ?? [];
  if (version === undefined) return undefined;
  const numbers = numbersOf(version);
  if (up !== undefined || sign === ">=" || sign === "≥") return { kind: "from", version: numbers, included: true };
  if (down !== undefined || sign === "<=" || sign === "≤") return { kind: "until", version: numbers, included: true };
  return { kind: "exactly", version: numbers };
}

// "0.9 + LuaSec 0.5": the library's version is no Prosody's.
function withoutCondition(cell: string): string {
  return cell.replace(/ ?(?:\+|\bwith\b) ?(?:luasec|lua).*$/iu, "").trim();
}
