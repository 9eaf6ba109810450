import { UserError } from "@prosody-foundry/kit";
import type { LockedModule } from "@prosody-foundry/lockfile";
import { describe, expect, it } from "vitest";
import type { Release } from "./manifest.ts";
import { bucketOf, resolveModules } from "./resolve.ts";
import { debian, imageOf, judged, lockOf, moduleOf, pin, tarball, trunk } from "./sample-lock.ts";
import type { ResolveRequest } from "./settle.ts";

interface Wish {
  required?: string[];
  optional?: string[];
  modules: Record<string, LockedModule>;
  unavailable?: Record<string, string>;
  release?: Release;
}

function requestOf({ required = [], optional = [], modules, unavailable, release = tarball }: Wish): ResolveRequest {
  const series = release === debian ? "0.12" : release === trunk ? "trunk" : "13.0";
  return { image: imageOf(required, optional), series, release, lock: lockOf(modules), unavailable };
}

const x = "mod_x";
const refusals: [string, Wish["modules"], RegExp, RegExp, Record<string, string>?][] = [
  ["is not in the lock", {}, /mod_x: it is not in the lock/u, /foundry module add mod_x/u],
  [
    "was not resolved for the series",
    { [x]: moduleOf({}, { pins: { "0.12": pin } }) },
    /never resolved for 13\.0/u,
    /module update/u,
  ],
  [
    "never worked on the series",
    { [x]: moduleOf({}, { pins: { "13.0": { none: "uses LPEG" } } }) },
    /no revision.*13\.0: uses LPEG/u,
    /optional/u,
  ],
  ["is a tombstone", { [x]: moduleOf({ layout: "tombstone" }) }, /left only a README/u, /Take mod_x out/u],
  [
    "is judged a tombstone",
    { [x]: moduleOf({}, { judgements: judged("tombstone") }) },
    /no code left on 13\.0\.1/u,
    /out of the image/u,
  ],
  [
    "is broken",
    { [x]: moduleOf({}, { judgements: judged("broken", "nil value") }) },
    /broken on 13\.0\.1 \(loaded: nil value\)/u,
    /module why/u,
  ],
  [
    "conflicts with the release",
    {
      [x]: moduleOf(
        {},
        {
          judgements: [
            {
              releases: ["13.0.1"],
              verdict: "broken",
              evidence: [{ kind: "header", says: "broken", because: "conflicts with muc_vcard", date: "2026-11-19" }],
            },
          ],
        },
      ),
    },
    /header: conflicts with muc_vcard/u,
    /module why/u,
  ],
  [
    "was judged by nobody",
    { [x]: moduleOf({}, { judgements: [] }) },
    /nobody has judged it on 13\.0\.1/u,
    /foundry compat mod_x/u,
  ],
  [
    "was judged on another series only",
    { [x]: moduleOf({}, { judgements: judged("works", "", ["0.12.3"]) }) },
    /nobody has judged/u,
    /compat/u,
  ],
  [
    "cannot be had",
    { [x]: moduleOf() },
    /cannot be had: upstream is down/u,
    /reachable/u,
    { mod_x: "upstream is down" },
  ],
  [
    "needs one without code",
    { [x]: moduleOf({ depends: ["mod_y"] }), mod_y: moduleOf({ layout: "tombstone" }) },
    /needs mod_y, which cannot ship: upstream left/u,
    /mod_y/u,
  ],
  [
    "needs one that is broken",
    { [x]: moduleOf({ depends: ["mod_y"] }), mod_y: moduleOf({}, { judgements: judged("broken") }) },
    /needs mod_y.*broken/u,
    /mod_y/u,
  ],
];

describe("a module that", () => {
  it.each(refusals)("%s fails the plan when it is required", (...row) => {
    const [, modules, message, hint, unavailable] = row;
    const error = caught(() => resolveModules(requestOf({ required: [x], modules, unavailable })));
    expect(error.code).toBe("MODULE_CANNOT_SHIP");
    expect(error.message).toMatch(/^prosody on 13\.0 \(Prosody 13\.0\.1\) cannot ship/u);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  it.each(refusals)("%s is left out with the reason when it is optional", (...row) => {
    const [, modules, message, , unavailable] = row;
    const { shipped, unshipped } = resolveModules(requestOf({ optional: [x], modules, unavailable }));
    expect(shipped).toEqual([]);
    expect(unshipped).toEqual([{ name: x, instead: "nothing", because: expect.any(String) }]);
    expect(`mod_x: ${unshipped[0]?.because}`).toMatch(message);
  });
});

it("every required module that cannot ship is named at once", () => {
  const modules = { mod_b: moduleOf({}, { judgements: judged("broken") }), mod_c: moduleOf() };
  const error = caught(() => resolveModules(requestOf({ required: ["mod_a", "mod_b", "mod_c"], modules })));
  expect(error.message.split("\n").slice(1)).toEqual([
    "  mod_a: it is not in the lock",
    "  mod_b: it is broken on 13.0.1 (loaded: seen)",
  ]);
  expect(error.hint).toBe("Run `foundry module add mod_a`. See `foundry module why mod_b`.");
  const none = caught(() => resolveModules(requestOf({ required: ["mod_a", "mod_b"], modules: {} })));
  expect(none.hint).toBe("Run `foundry module add mod_a mod_b`.");
});

it.each([
  ["the release's list has it", "mod_cloud_notify", moduleOf()],
  ["it is judged to be core", x, moduleOf({}, { judgements: judged("core") })],
])("the core module is used instead when %s, required or not", (_, name, module) => {
  const expected = {
    shipped: [],
    unshipped: [{ name, instead: "core", because: expect.stringContaining("has its own") }],
  };
  expect(resolveModules(requestOf({ required: [name], modules: { [name]: module } }))).toEqual(expected);
  expect(resolveModules(requestOf({ optional: [name], modules: { [name]: module } }))).toEqual(expected);
});

it("the same module ships where the release has none itself", () => {
  const modules = { mod_cloud_notify: moduleOf() };
  const { shipped } = resolveModules(requestOf({ required: ["mod_cloud_notify"], modules, release: debian }));
  expect(shipped.map(({ name }) => name)).toEqual(["mod_cloud_notify"]);
});

it("a doubtful module ships when required, or needed by a required one, and is left out when optional", () => {
  const doubtful = moduleOf({}, { judgements: judged("doubtful", "declared obsolete") });
  const needing = moduleOf({ depends: [x] });
  const modules = { [x]: doubtful, mod_p: needing, mod_q: needing };
  const alone = resolveModules(requestOf({ optional: [x, "mod_q"], modules }));
  expect(alone.shipped).toEqual([]);
  expect(alone.unshipped.map(({ because }) => because)).toEqual([
    "it needs mod_x, which cannot ship: it is doubtful on 13.0.1 (loaded: declared obsolete)",
    "it is doubtful on 13.0.1 (loaded: declared obsolete)",
  ]);
  const brought = resolveModules(requestOf({ required: ["mod_p"], optional: [x, "mod_q"], modules }));
  expect(brought.shipped.map(({ name, reason }) => [name, reason])).toEqual([
    ["mod_p", "required"],
    ["mod_q", "optional"],
    [x, "optional"],
  ]);
  expect(brought.unshipped).toEqual([]);
});

it("what a module needs comes along, once, however deep, and nothing else does", () => {
  const modules = {
    mod_a: moduleOf({ depends: ["mod_b", "mod_http"] }),
    mod_b: moduleOf({ depends: ["mod_c"] }),
    mod_c: moduleOf(),
    mod_d: moduleOf({ depends: ["mod_c"] }),
    mod_unwanted: moduleOf(),
  };
  const { shipped, unshipped } = resolveModules(requestOf({ required: ["mod_a"], optional: ["mod_d"], modules }));
  expect(shipped.map(({ name, reason }) => [name, reason])).toEqual([
    ["mod_a", "required"],
    ["mod_b", "needed by mod_a"],
    ["mod_c", "needed by mod_b, mod_d"],
    ["mod_d", "optional"],
  ]);
  expect(unshipped).toEqual([]);
});

it("a module is shipped at its pin, with its verdict, the release it is of, and its layer", () => {
  const { shipped } = resolveModules(requestOf({ required: [x], modules: { [x]: moduleOf() } }));
  expect(shipped).toEqual([
    {
      name: x,
      source: "prosody-modules",
      node: pin.node,
      tree: pin.tree,
      integrity: pin.integrity,
      verdict: "loads",
      judgedOn: "13.0.1",
      reason: "required",
      bucket: bucketOf(x),
    },
  ]);
});

it.each([
  ["the release itself", ["13.0.1", "13.0.7"], "13.0.7", "13.0.7"],
  ["the nearest release of its series", ["13.0.1", "13.0.5"], "13.0.7", "13.0.5"],
  ["the nearest, newer too", ["13.0.1", "13.0.8"], "13.0.7", "13.0.8"],
  ["the older of two as near", ["13.0.6", "13.0.8"], "13.0.7", "13.0.6"],
])("the verdict is that on %s", (...row) => {
  const [, releases, version, on] = row;
  const judgements = releases.flatMap((release) => judged("loads", "seen", [release]));
  const modules = { [x]: moduleOf({}, { judgements: [...judgements, ...judged("broken", "seen", ["0.12.3"])] }) };
  const release: Release = { ...tarball, version };
  const request: ResolveRequest = { ...requestOf({ required: [x], modules }), release };
  expect(resolveModules(request).shipped[0]).toMatchObject({ judgedOn: on, verdict: "loads" });
});

it("a release on which nobody could say more is judged by its neighbour", () => {
  const judgements = [...judged("unknown", "", ["13.0.7"]), ...judged("works", "", ["13.0.1"])];
  const modules = { [x]: moduleOf({}, { judgements }) };
  const request: ResolveRequest = {
    ...requestOf({ required: [x], modules }),
    release: { ...tarball, version: "13.0.7" },
  };
  expect(resolveModules(request).shipped[0]).toMatchObject({ judgedOn: "13.0.1", verdict: "works" });
});

it.each([
  [
    "DEPENDENCY_NOT_LOCKED",
    { [x]: moduleOf({ depends: ["mod_gone"] }) },
    /mod_x needs mod_gone, which is neither in the lock nor/u,
    /module add mod_gone/u,
  ],
  [
    "MODULE_CYCLE",
    {
      [x]: moduleOf({ depends: ["mod_y"] }),
      mod_y: moduleOf({ depends: ["mod_z"] }),
      mod_z: moduleOf({ depends: ["mod_y"] }),
    },
    /circle: mod_y → mod_z → mod_y$/u,
    /./u,
  ],
  ["MODULE_CYCLE", { [x]: moduleOf({ depends: [x] }) }, /circle: mod_x → mod_x$/u, /./u],
])("a lock that cannot be closed over is refused as %s, even for an optional module", (...row) => {
  const [code, modules, message, hint] = row;
  const expected = { code, message: expect.stringMatching(message), hint: expect.stringMatching(hint) };
  expect(caught(() => resolveModules(requestOf({ optional: [x], modules })))).toMatchObject(expected);
  expect(caught(() => resolveModules(requestOf({ required: [x], modules })))).toMatchObject(expected);
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
