import { expect, it } from "vitest";
import { type ImageFile, type LayerEntry, findReal, stackLayers } from "./image-files.ts";

const file = (path: string, size = 1): LayerEntry => ({ path, file: { kind: "file", mode: 0o644, size } });
const folder = (path: string): LayerEntry => ({ path, file: { kind: "folder", mode: 0o755, size: 0 } });
const link = (path: string, target: string): LayerEntry => ({
  path,
  file: { kind: "link", mode: 0o777, size: 0, target },
});
const names = (...layers: LayerEntry[][]) => [...stackLayers(layers).keys()].toSorted();

it.each([
  ["a later layer adds", [[file("/a")], [file("/b")]], ["/a", "/b"]],
  ["a whiteout takes a file", [[file("/a"), file("/ab")], [file("/.wh.a")]], ["/ab"]],
  ["a whiteout takes a folder with all in it", [[folder("/d"), file("/d/a")], [file("/.wh.d")]], []],
  [
    "an opaque folder hides what was in it",
    [
      [folder("/d"), file("/d/a")],
      [folder("/d"), file("/d/.wh..wh..opq")],
    ],
    ["/d"],
  ],
  [
    "an opaque folder keeps what its own layer puts there, in any order",
    [[file("/d/a")], [file("/d/b"), file("/d/.wh..wh..opq")]],
    ["/d/b"],
  ],
  ["a whiteout does not take what its own layer brings", [[file("/a")], [file("/a"), file("/.wh.a")]], ["/a"]],
  ["a file in place of a folder takes what was in it", [[folder("/d"), file("/d/a")], [file("/d")]], ["/d"]],
  ["a folder stays a folder", [[folder("/d"), file("/d/a")], [folder("/d")]], ["/d", "/d/a"]],
] as const)("%s", (_, layers, expected) => {
  expect(names(...layers.map((layer) => [...layer]))).toEqual(expected);
});

it("the last layer's file counts, and a hard link is what it is linked to", () => {
  const layers = [
    [file("/a", 1)],
    [file("/a", 2), { path: "/b", file: { kind: "file", mode: 0o644, size: 0 } as ImageFile, copyOf: "/a" }],
  ];
  const files = stackLayers(layers);
  expect([files.get("/a")?.size, files.get("/b")?.size]).toEqual([2, 2]);
});

const tree = stackLayers([
  [
    link("/lib", "usr/lib"),
    link("/usr/lib64", "/lib"),
    file("/usr/lib/libc.so.6"),
    link("/usr/lib/deep/up.so", "../libc.so.6"),
    link("/etc/over", "/../../usr/lib"),
    link("/loop", "loop"),
    link("/a", "b"),
    link("/b", "a"),
    link("/nowhere", "/usr/share/none"),
  ],
]);

it.each([
  ["/usr/lib/libc.so.6", "/usr/lib/libc.so.6"],
  ["/lib/libc.so.6", "/usr/lib/libc.so.6"],
  ["/usr/lib64/libc.so.6", "/usr/lib/libc.so.6"],
  ["/lib/deep/up.so", "/usr/lib/libc.so.6"],
  ["/etc/over/libc.so.6", "/usr/lib/libc.so.6"],
  ["/", "/"],
  ["/loop", undefined],
  ["/a", undefined],
  ["/nowhere", undefined],
  ["/lib/none", undefined],
])("%s is %s", (at, real) => {
  expect(findReal(tree, at)).toBe(real);
});
