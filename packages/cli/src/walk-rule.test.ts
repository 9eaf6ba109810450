import { describe, expect, it } from "vitest";
import { contentsAtOnce, endOfWalk, type Failure, newestOfRuns } from "./walk-rule.ts";

function failures(count: number, change: (index: number) => Partial<Failure> = () => ({})): Failure[] {
  return Array.from({ length: count }, (_, index) => ({
    node: String(index).padStart(40, "0"),
    date: "2025-01-01",
    because: "needs the Lua library lpty, which the image does not have",
    cause: "other",
    ...change(index),
  }));
}

describe("a walk through a module's history", () => {
  it("goes on while a reason was given fewer than five times running", () => {
    expect(endOfWalk(failures(4))).toBeUndefined();
    expect(endOfWalk(failures(9, (index) => (index === 5 ? { because: "another" } : {})))).toBeUndefined();
  });

  it("ends with the fifth content running that fails for the same reason", () => {
    expect(endOfWalk(failures(5))).toBe("the same reason in the last 5 revisions tried");
    const later = failures(7, (index) => (index < 2 ? { because: "first" } : { because: "needs a service" }));
    expect(endOfWalk(later)).toBe("another reason (needs a service) in the last 5 revisions tried");
  });

  it("takes a reason for the same on another line of the file", () => {
    const moved = failures(5, (index) => ({ because: `mod_x.lua:${index * 3}: no secret is set` }));
    expect(endOfWalk(moved)).toBe("the same reason in the last 5 revisions tried");
  });

  it("goes on past what the release lacks: an older content may not ask for it", () => {
    const lacking = failures(60, () => ({ because: "this release has no library util.x", cause: "release" }));
    expect(endOfWalk(lacking)).toBeUndefined();
    expect(endOfWalk([...lacking, ...failures(4)])).toBeUndefined();
  });

  it("does not go behind a header that refuses the release", () => {
    const refused = failures(3, (index) => (index === 2 ? { because: "refused by its header", cause: "header" } : {}));
    expect(endOfWalk(refused)).toBe("older revisions are not tried");
  });

  it("ends somewhere all the same", () => {
    expect(endOfWalk(failures(400, () => ({ cause: "release" })))).toBe("none of the last 400 revisions works");
  });
});

it("keeps the newest of the contents running that fail for one reason, whatever the line", () => {
  const reasons = ["x.lua:3: bad", "x.lua:7: bad", "worse", "worse", "x.lua:9: bad"];
  const kept = newestOfRuns(failures(5, (index) => ({ because: reasons[index] ?? "" })));
  expect(kept.map(({ because }) => because)).toEqual(["x.lua:3: bad", "worse", "x.lua:9: bad"]);
});

it.each([
  [0, 1],
  [1, 1],
  [2, 2],
  [4, 4],
  [200, 16],
])("after %i failures %i contents are loaded at once", (count, atOnce) => {
  expect(contentsAtOnce(count)).toBe(atOnce);
});
