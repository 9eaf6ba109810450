import type { Evidence, Verdict } from "@prosody-foundry/lockfile";

type Kind = Evidence["kind"];
type Says = Evidence["says"];
type Observed = (kind: Kind, ...says: readonly Says[]) => boolean;

/**
 * What the evidence about a module on one release adds up to: the first row that holds.
 *
 * | verdict   | when                                                                            |
 * |-----------|---------------------------------------------------------------------------------|
 * | tombstone | no code is left                                                                 |
 * | core      | the release has a module of that name itself                                    |
 * | broken    | the header refuses the release                                                  |
 * | broken    | it did not load                                                                 |
 * | doubtful  | it loaded, but is declared broken, obsolete or conditional                      |
 * | broken    | it is declared broken and nobody has loaded it                                  |
 * | doubtful  | it loaded and complained                                                        |
 * | works     | it is declared to work, and loaded                                              |
 * | loads     | it loaded, and nobody says more                                                 |
 * | broken    | nobody has loaded it, and it asks for what the release lacks                    |
 * | unknown   | anything else: a declaration alone proves nothing                               |
 *
 * So loading can refute "works" and never prove it, and a README's "broken" outranks a green load.
 */
export function judge(evidence: readonly Evidence[]): Verdict {
  const observed: Observed = (kind, ...says) => evidence.some((item) => item.kind === kind && says.includes(item.says));
  return rows.find(({ when }) => when(observed))?.verdict ?? "unknown";
}

const rows: ReadonlyArray<{ verdict: Verdict; when: (observed: Observed) => boolean }> = [
  { verdict: "tombstone", when: (observed) => observed("core", "tombstone") },
  { verdict: "core", when: (observed) => observed("core", "core") },
  { verdict: "broken", when: (observed) => observed("header", "broken") },
  { verdict: "broken", when: (observed) => observed("loaded", "broken") },
  { verdict: "doubtful", when: (observed) => observed("declared", "broken", "doubtful") && hasLoaded(observed) },
  { verdict: "broken", when: (observed) => observed("declared", "broken") },
  { verdict: "doubtful", when: (observed) => observed("loaded", "doubtful") },
  { verdict: "works", when: (observed) => observed("declared", "works") && hasLoaded(observed) },
  { verdict: "loads", when: hasLoaded },
  { verdict: "broken", when: (observed) => observed("static", "broken") },
];

function hasLoaded(observed: Observed): boolean {
  return observed("loaded", "loads", "works", "doubtful");
}
