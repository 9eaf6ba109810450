/** What a README says about a version, in one word. */
export const statuses = [
  "broken",
  "superseded",
  "probably-broken",
  "conditional",
  "should-work",
  "works",
  "unknown",
] as const;
export type Status = (typeof statuses)[number];

// The first that matches counts, so what denies comes before what affirms, and hedges before both.
const patterns: ReadonlyArray<readonly [Status, RegExp]> = [
  ["unknown", /^\W*(?:unknown|tbd|untested|not tested|n\/a)?\W*$/iu],
  [
    "superseded",
    /\b(?:merged|built[ -]?in(?:to)?|included in|integrated|replaced by|superseded|obsolete|use \S+ instead)\b/iu,
  ],
  ["superseded", /\b(?:not needed|no need for|no longer needed|native support)\b/iu],
  ["probably-broken", /\bprobably\b.{0,20}(?:not\b|n't\b)|\bunexpected behaviou?r\b/iu],
  ["probably-broken", /\bprobably (?:not|broken|doesn)/iu],
  ["probably-broken", /\b(?:might|may) not\b/iu],
  ["conditional", /\b(?:not|n't)\b.{0,40}\botherwise\b|\bpatched\b|\bbut (?:only|will)\b|\brequires?\b/iu],
  ["should-work", /\bshould\b.{0,20}\b(?:work|be compatible)|\b(?:might|may|hopefully)\b|\buntested\b|\bworks\?/iu],
  ["should-work", /\bworks?\W+not tested\W*$/iu],
  [
    "broken",
    /\b(?:not|never|cannot|no longer)\b.{0,25}\b(?:works?|working|supported|compatible|support|function|load)/iu,
  ],
  ["broken", /n't\b.{0,25}\bworks?\b|\b(?:broken|incompatible|unsupported|fails? to load)\b|^no\W*$/iu],
  ["works", /\b(?:works?|working|compatible|supported|tested|yes|ok)\b/iu],
];

/** The status a table cell states, or undefined when it is in no known words. */
export function parseStatus(cell: string): Status | undefined {
  const text = cell.slice(0, 500);
  return patterns.find(([, pattern]) => pattern.test(text))?.[0];
}
