import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCommit, parseTouched } from "./git-log.ts";
import { parseLog } from "./hg-log.ts";
import { fateOf, historyOf, type LoggedChangeset, type TreeLog } from "./log.ts";
import { toRow, toTreeLog } from "./log-record.ts";

const spec = { name: "s", kind: "hg", url: "u", folder: "" } as const;
const node = (letter: string): string => letter.repeat(40);

function changeset(letter: string, parents: string, modules: string[]): LoggedChangeset {
  const rest = { date: "2024-01-01T00:00:00.000Z", author: "A", subject: letter, renames: {} };
  return { ...rest, node: node(letter), parents: parents.split("").map(node), modules };
}

// e merges d and c, which both come from a; b is a line of work of its own.
const log: TreeLog = {
  newest: { node: node("e"), date: "2024-01-01T00:00:00.000Z" },
  present: ["mod_x"],
  changesets: [
    changeset("e", "dc", []),
    changeset("d", "a", ["mod_x"]),
    changeset("c", "a", ["mod_x", "mod_y"]),
    changeset("b", "a", ["mod_x"]),
    changeset("a", "", ["mod_x", "mod_y"]),
  ],
};

describe("the history of a module", () => {
  it.each<[string, string, string]>([
    ["mod_x", "e", "dca"],
    ["mod_x", "d", "da"],
    ["mod_x", "b", "ba"],
    ["mod_y", "e", "ca"],
    ["mod_y", "d", "a"],
    ["mod_z", "e", ""],
    ["mod_x", "f", ""],
  ])("of %s up to %s is %j", (name, from, expected) => {
    expect(
      historyOf(log, name, node(from))
        .map(({ subject }) => subject)
        .join(""),
    ).toBe(expected);
  });

  it("has what any other way of walking the ancestors finds", () => {
    const graph = fc.array(
      fc.record({ parents: fc.uniqueArray(fc.nat(30), { maxLength: 2 }), touched: fc.boolean() }),
      {
        minLength: 1,
        maxLength: 30,
      },
    );
    fc.assert(
      fc.property(graph, fc.nat(), (shape, start) => {
        const changesets = shape.map(({ parents, touched }, at): LoggedChangeset => {
          const below = [...new Set(parents.map((step) => at + 1 + step))].filter((parent) => parent < shape.length);
          const plain = changeset("a", "", touched ? ["mod_x"] : []);
          return { ...plain, node: String(at), parents: below.map(String), subject: String(at) };
        });
        const from = start % shape.length;
        const ancestors = new Set<number>();
        const queue = [from];
        for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
          ancestors.add(at);
          queue.push(...(changesets[at]?.parents ?? []).map(Number));
        }
        const expected = changesets.filter(({ modules }, at) => ancestors.has(at) && modules.length > 0);
        const found = historyOf({ ...log, changesets }, "mod_x", String(from));
        expect(found.map((one) => one.node)).toEqual(expected.map((one) => one.node));
      }),
    );
  });
});

it("knows what became of a module that is gone, over several names, and of none that is there", () => {
  const renamed = log.changesets.map((one) => (one.subject === "c" ? { ...one, renames: { mod_y: "mod_w" } } : one));
  const again = renamed.map((one) => (one.subject === "d" ? { ...one, renames: { mod_w: "mod_x" } } : one));
  expect(fateOf({ ...log, changesets: again }, "mod_y")).toMatchObject({ node: node("c"), renamedTo: "mod_x" });
  expect(fateOf({ ...log, changesets: renamed }, "mod_y")).toMatchObject({ renamedTo: null });
  const circle = renamed.map((one) => (one.subject === "d" ? { ...one, renames: { mod_w: "mod_y" } } : one));
  expect(fateOf({ ...log, changesets: circle }, "mod_y")).toMatchObject({ renamedTo: null });
  expect([fateOf(log, "mod_x"), fateOf(log, "mod_z")]).toEqual([null, null]);
});

it("reads what git says of touched files", () => {
  const text =
    `\u001E${node("a")}\0\nM\0mod_x/mod_x.lua\0R090\0mod_y/mod_y.lua\0mod_z/mod_z.lua\0` +
    `\u001E${node("b")}\0\u001E${node("c")}\0\nD\0odd name\n.lua\0`;
  expect(Object.fromEntries(parseTouched(text))).toEqual({
    [node("a")]: {
      paths: ["mod_x/mod_x.lua", "mod_y/mod_y.lua", "mod_z/mod_z.lua"],
      moved: [["mod_y/mod_y.lua", "mod_z/mod_z.lua"]],
    },
    [node("b")]: { paths: [], moved: [] },
    [node("c")]: { paths: ["odd name\n.lua"], moved: [] },
  });
});

it.each([
  ["1704067200", "2024-01-01T00:00:00.000Z"],
  ["253402300800", "9999-12-31T23:59:59.999Z"],
  ["", "1970-01-01T00:00:00.000Z"],
])("reads a commit of %j with odd characters in its names", (seconds, date) => {
  const text = [node("a"), seconds, `${node("b")} ${node("c")}`, "A\u001FB <a>", "Say\u001Fthis"].join("\n");
  expect(parseCommit(text)).toEqual({
    changeset: { node: node("a"), date, author: "A\u001FB <a>", subject: "Say\u001Fthis" },
    parents: [node("b"), node("c")],
  });
});

describe("what hg says", () => {
  const entry = (letter: string, rev: number): object => ({
    rev,
    node: node(letter),
    date: [0, 0],
    desc: `${letter}\nmore`,
    user: "A",
    parents: ["0".repeat(40)],
    files: ["mod_x/mod_x.lua"],
    file_copies: { "mod_x/mod_x.lua": "mod_w/mod_w.lua", "mod_z/mod_z.lua": "mod_y/mod_y.lua" },
    file_dels: ["mod_w/mod_w.lua"],
  });
  const text = JSON.stringify([entry("b", 7), entry("a", 6)]);

  it("continues what is known, with moves but no copies", () => {
    expect(parseLog(text, { node: node("a"), position: 6 }, spec)).toEqual({
      position: 7,
      rows: [[node("b"), "1970-01-01T00:00:00.000Z", "A", "b", [], ["mod_x/"], { mod_w: "mod_x" }]],
    });
  });

  it("may have any number for a date", () => {
    const odd = JSON.stringify([{ ...entry("a", 0), date: [1e300, 0] }]);
    expect(parseLog(odd, undefined, spec)?.rows[0]?.[1]).toBe("9999-12-31T23:59:59.999Z");
  });

  it.each([
    ["has gone", { node: node("c"), position: 6 }],
    ["has another number", { node: node("a"), position: 5 }],
  ])("is no continuation where what was known %s", (_title, known) => {
    expect(parseLog(text, known, spec)).toBeUndefined();
    expect(parseLog("[]", known, spec)).toBeUndefined();
  });
});

it("counts a file beside the modules for those that have it", () => {
  const row = toRow(
    { ...changeset("a", "", []), parents: [] },
    { paths: ["p/util.lib.lua", "p/mod_b.lua", "p/mod_c.lua", "p/notes.txt", "mod_out/x.lua", "p/mod_d"], moved: [] },
    { ...spec, folder: "p" },
  );
  const flat = { mod_a: ["mod_a.lua", "util.lib.lua"], mod_b: ["mod_b.lua"] };
  const kept = toTreeLog({ rows: [row], position: 0, modules: ["mod_a", "mod_b", "mod_c"], flat });
  // mod_c lies in a folder, so a file of its name beside that is none of it.
  expect(kept.changesets[0]?.modules).toEqual(["mod_a", "mod_b", "mod_d"]);
});
