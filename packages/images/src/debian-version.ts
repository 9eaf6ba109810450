import { compareText } from "@prosody-foundry/kit";

/** Order of Debian's versions, oldest first, by the rules of deb-version(7): epoch, upstream version, Debian revision. */
export function compareDebian(a: string, b: string): number {
  const [left, right] = [splitVersion(a), splitVersion(b)];
  return (
    left.epoch - right.epoch || comparePart(left.upstream, right.upstream) || comparePart(left.revision, right.revision)
  );
}

function splitVersion(version: string): { epoch: number; upstream: string; revision: string } {
  const colon = version.indexOf(":");
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf("-");
  return {
    epoch: colon < 0 ? 0 : Number(version.slice(0, colon)),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? "" : rest.slice(dash + 1),
  };
}

// In turns: what is no digit by character, what is one as a number.
function comparePart(a: string, b: string): number {
  const [left, right] = [runsOf(a), runsOf(b)];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const compare = at % 2 === 0 ? compareLetters : compareNumbers;
    const step = compare(left[at], right[at]);
    if (step !== 0) return step;
  }
  return 0;
}

// The first is text, an empty one before a digit.
function runsOf(part: string): string[] {
  const runs = [...part.matchAll(/\D+|\d+/gu)].map(([run]) => run);
  return /^\d/u.test(part) ? ["", ...runs] : runs;
}

function compareNumbers(a = "0", b = "0"): number {
  const [left, right] = [a.replace(/^0+/u, ""), b.replace(/^0+/u, "")];
  return left.length - right.length || compareText(left, right);
}

function compareLetters(a = "", b = ""): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const step = weightOf(a[at]) - weightOf(b[at]);
    if (step !== 0) return step;
  }
  return 0;
}

// `~` before the end, the end before letters, letters before everything else.
function weightOf(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === "~") return -1;
  const code = character.codePointAt(0) ?? 0;
  return /[A-Za-z]/u.test(character) ? code : code + 256;
}
