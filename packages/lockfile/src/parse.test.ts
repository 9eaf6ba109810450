import { UserError } from "@prosody-foundry/kit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryLock } from "./arbitrary-lock.ts";
import { formatLock, normaliseLock } from "./format.ts";
import { parseLock, parseLoosely } from "./parse.ts";
import { type Lock, type LockedModule, type Pin, emptyLock } from "./schema.ts";

const pin: Pin = {
  layout: "standard",
  licence: "MIT",
  stage: "beta",
  depends: ["mod_http"],
  optional: [],
  libraries: {},
  node: "a".repeat(40),
  date: "2025-10-17",
  revision: 12,
  tree: "b".repeat(40),
  integrity: "c".repeat(64),
  hosts: ["virtual-host"],
  refused: [],
};

function lockWith(pins: LockedModule["pins"]): Lock {
  const module = { source: "prosody-modules", patches: [], hold: false, pins, judgements: [] };
  return { ...emptyLock(), modules: { mod_x: module, mod_y: { ...module, pins: { "0.12": pin, "13.0": pin } } } };
}

describe("what is written", () => {
  it("reads back as the lock it was made of", () => {
    fc.assert(
      fc.property(arbitraryLock, (lock) => {
        const text = formatLock(lock);
        expect(parseLock(text)).toEqual(normaliseLock(lock));
        expect(formatLock(parseLock(text))).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  it("can be read in any other form, which is told from another content", () => {
    fc.assert(
      fc.property(arbitraryLock, (lock) => {
        const normal = normaliseLock(lock);
        const text = JSON.stringify(JSON.parse(formatLock(lock)));
        expect(parseLoosely(text)).toEqual({ lock: normal, unproven: [] });
        const edited = text.replaceAll('"hold":false', '"hold":true');
        const unheld = Object.keys(normal.modules).filter((key) => normal.modules[key]?.hold === false);
        expect(new Set(parseLoosely(edited).unproven)).toEqual(new Set(unheld.map((key) => `modules.${key}`)));
      }),
    );
  });

  it("has a pin all series share once, under `all`", () => {
    const file = JSON.parse(formatLock(lockWith({ "13.0": pin, "0.12": pin })));
    expect(file.series).toEqual(["0.12", "13.0"]);
    expect(Object.keys(file.modules.mod_x.pins)).toEqual(["all"]);
  });

  it.each([
    ["one pin differs", { "0.12": { ...pin, node: "d".repeat(40) }, "13.0": pin }],
    ["a series has none", { "0.12": { none: "never loaded" }, "13.0": pin }],
    ["a series was not resolved", { "13.0": pin }],
  ])("has pins by series when %s", (_, pins: LockedModule["pins"]) => {
    const file = JSON.parse(formatLock(lockWith(pins)));
    expect(Object.keys(file.modules.mod_x.pins)).toEqual(Object.keys(pins));
  });

  it("has releases with the same verdict and evidence together, sorted", () => {
    const same = { verdict: "loads" as const, evidence: [] };
    const judgements = [
      { releases: ["13.0.7"], ...same },
      { releases: ["trunk-20261119-0971c99bfbc9"], verdict: "broken" as const, evidence: [] },
      { releases: ["13.0.1", "13.0.7"], ...same },
    ];
    const module = { source: "prosody-modules", patches: [], hold: false, pins: { "13.0": pin }, judgements };
    const back = parseLock(formatLock({ ...emptyLock(), modules: { mod_x: module } }));
    expect(back.modules["mod_x"]?.judgements).toEqual([
      { releases: ["13.0.1", "13.0.7"], ...same },
      { releases: ["trunk-20261119-0971c99bfbc9"], verdict: "broken", evidence: [] },
    ]);
  });
});

describe("a changed lock", () => {
  it("is refused whichever byte was changed, to whatever", () => {
    fc.assert(
      fc.property(arbitraryLock, fc.nat(), fc.integer({ min: 1, max: 255 }), (lock, at, flip) => {
        const bytes = Buffer.from(formatLock(lock));
        const index = at % bytes.length;
        bytes[index] = (bytes[index] ?? 0) ^ flip;
        expect(caught(() => parseLock(bytes)).code).toMatch(/^LOCK_(CHANGED|MALFORMED|VERSION|CONFLICT)$/u);
      }),
      { numRuns: 1000 },
    );
  });

  it("is refused for every byte of a small lock", () => {
    const bytes = Buffer.from(formatLock(lockWith({ "0.12": pin, "13.0": pin })));
    for (const index of bytes.keys()) {
      for (const flip of [1, 2, 0x10, 0x20, 0x80]) {
        const changed = Buffer.from(bytes);
        changed[index] = (bytes[index] ?? 0) ^ flip;
        expect(
          caught(() => parseLock(changed)),
          `byte ${index} ^ ${flip}`,
        ).toBeInstanceOf(UserError);
      }
    }
  });

  const good = formatLock(lockWith({ "0.12": pin, "13.0": pin }));
  it.each([
    ["a node", good.replace("a".repeat(40), `${"a".repeat(39)}b`), "LOCK_CHANGED", /modules\.mod_x$/u, /git checkout/u],
    ["a module's name", good.replace("mod_y", "mod_z"), "LOCK_CHANGED", /modules\.mod_z/u, /module verify/u],
    ["what `all` means", good.replace('"0.12",\n', '"trunk",\n'), "LOCK_CHANGED", /mod_x, modules\.mod_y/u, /./u],
    ["white space", good.replace("  ", "   "), "LOCK_CHANGED", /:2 is not as foundry writes it/u, /./u],
    ["the final newline", good.trimEnd(), "LOCK_CHANGED", /is not as foundry writes it/u, /./u],
    ["a field's name", good.replace('"hold"', '"holdd"'), "LOCK_MALFORMED", /mod_x.*holdd/u, /Did you mean hold\?/u],
    ["a field's type", good.replace('"2025-10-17"', "17"), "LOCK_MALFORMED", /modules\.mod_x\.pins\.all\.date/u, /./u],
    ["a comma", good.replace(",", ""), "LOCK_MALFORMED", /modules\.lock\.json:\d+:\d+ is no JSON/u, /git checkout/u],
    ["nothing left", "", "LOCK_MALFORMED", /:1:1 is no JSON/u, /./u],
    ["a list", "[]", "LOCK_VERSION", /no lockVersion/u, /./u],
    ["an older version", good.replace('lockVersion": 1', 'lockVersion": 0'), "LOCK_VERSION", /lockVersion 0/u, /./u],
    ["a newer version", good.replace('lockVersion": 1', 'lockVersion": 2'), "LOCK_VERSION", /2/u, /newer foundry/u],
    [
      "a merge left open",
      good.replace('"mod_x"', '\n<<<<<<< HEAD\n"mod_x"\n=======\n>>>>>>> other\n'),
      "LOCK_CONFLICT",
      /:\d+ has a git conflict marker/u,
      /module verify --fix/u,
    ],
  ])("with %s changed is refused with a code, a sentence and a hint", (...row) => {
    const [, text, code, sentence, hint] = row;
    const error = caught(() => parseLock(text));
    expect(error).toMatchObject({ code, message: expect.stringMatching(sentence), hint: expect.stringMatching(hint) });
  });

  it("with bytes that are no UTF-8 is refused", () => {
    const bytes = Buffer.concat([Buffer.from(good), Buffer.from([0xff])]);
    expect(caught(() => parseLock(bytes)).message).toContain("is not UTF-8");
  });
});

function caught(work: () => unknown): UserError {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}
