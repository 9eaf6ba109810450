import { allSeries } from "@prosody-foundry/kit";
import * as fc from "fast-check";
import { HostKind, type Judgement, type Lock, type LockedModule, type NoPin, type Pin, Verdict } from "./schema.ts";

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef".split("")), minLength: length, maxLength: length });
const day = fc
  .date({ min: new Date("2009-01-01"), max: new Date("2030-01-01"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const moduleName = fc.stringMatching(/^mod_[a-z0-9_]{1,8}$/u);
const moduleNames = fc.uniqueArray(moduleName, { maxLength: 3 });
const release = fc.constantFrom("0.12.3", "0.12.5", "13.0.1", "13.0.7", "trunk-20261119-0971c99bfbc9");

const pin: fc.Arbitrary<Pin> = fc.record({
  layout: fc.constantFrom("standard", "nested", "library", "tombstone"),
  licence: fc.constantFrom("MIT", "Apache-2.0"),
  stage: fc.option(fc.string()),
  depends: moduleNames,
  optional: moduleNames,
  libraries: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}(\.[a-z]{1,5})?$/u), fc.option(fc.string()), { maxKeys: 2 }),
  node: hex(40),
  date: day,
  revision: fc.option(fc.integer({ min: 1, max: 999 })),
  tree: hex(40),
  integrity: hex(64),
  hosts: fc.uniqueArray(fc.constantFrom(...HostKind.options)),
  refused: fc.array(fc.record({ node: hex(40), because: fc.string({ unit: "grapheme" }) }), { maxLength: 2 }),
});
const noPin: fc.Arbitrary<NoPin> = fc.record({ none: fc.string({ unit: "grapheme" }) });

const judgement: fc.Arbitrary<Judgement> = fc.record({
  releases: fc.uniqueArray(release, { minLength: 1, maxLength: 3 }),
  verdict: fc.constantFrom(...Verdict.options),
  evidence: fc.array(
    fc.record({
      kind: fc.constantFrom("header", "core", "declared", "static", "loaded"),
      says: fc.constantFrom("works", "loads", "broken", "silent"),
      because: fc.string({ unit: "grapheme" }),
      date: day,
    }),
    { maxLength: 2 },
  ),
});

// A small pool, so that series often share a pin.
const lockedModule: fc.Arbitrary<LockedModule> = fc.tuple(pin, noPin).chain(([one, none]) =>
  fc.record({
    source: fc.constantFrom("prosody-modules", "jitsi"),
    patches: fc.array(fc.record({ file: fc.string(), sha256: hex(64) }), { maxLength: 1 }),
    hold: fc.boolean(),
    pins: fc
      .tuple(...allSeries.map(() => fc.constantFrom(one, one, one, none, undefined)))
      .map((pins) => Object.fromEntries(allSeries.flatMap((series, at) => (pins[at] ? [[series, pins[at]]] : [])))),
    judgements: fc.array(judgement, { maxLength: 3 }),
  }),
);

/** Locks of every shape, with pins shared and not. */
export const arbitraryLock: fc.Arbitrary<Lock> = fc.record({
  lockVersion: fc.constant(1 as const),
  sources: fc.dictionary(
    fc.constantFrom("prosody-modules", "jitsi"),
    fc.record({
      kind: fc.constantFrom("hg", "git", "debian", "directory"),
      url: fc.string({ unit: "grapheme" }),
      folder: fc.string(),
      debian: fc.array(fc.constantFrom("trixie", "forky"), { maxLength: 2 }),
      licence: fc.option(fc.constant("MIT")),
    }),
  ),
  releases: fc.dictionary(
    release,
    fc.record({ series: fc.constantFrom(...allSeries), core: moduleNames, features: fc.array(fc.string()) }),
  ),
  modules: fc
    .dictionary(moduleName, fc.tuple(lockedModule, fc.option(lockedModule)), { maxKeys: 4 })
    .map((modules) => Object.fromEntries(Object.entries(modules).flatMap(([name, both]) => entriesOf(name, both)))),
});

/** One module, or the modules of two sources that have the same name. */
function entriesOf(name: string, [first, second]: [LockedModule, LockedModule | null]): [string, LockedModule][] {
  if (second === null) return [[name, first]];
  return [
    [name, { ...first, source: "prosody-modules" }],
    [`${name}@jitsi`, { ...second, source: "jitsi" }],
  ];
}
