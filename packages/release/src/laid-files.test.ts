import { expect, it } from "vitest";
import { type LayerEntry, layFiles } from "./laid-files.ts";

const file = (path: string, text = path): LayerEntry => ({
  kind: "file",
  path,
  executable: false,
  bytes: Buffer.from(text),
});
const link = (path: string, target: string): LayerEntry => ({ kind: "link", path, target });

it.each<[string, LayerEntry[][], Record<string, string>]>([
  ["a later layer over an earlier one", [[file("a", "1"), file("b")], [file("a", "2")]], { a: "2", b: "b" }],
  ["a whiteout of a file", [[file("d/a"), file("d/b")], [file("d/.wh.a")]], { "d/b": "d/b" }],
  ["a whiteout of a folder", [[file("d/e/a"), file("d/ee")], [file("d/.wh.e")]], { "d/ee": "d/ee" }],
  [
    "an opaque folder, which keeps what its own layer has",
    [[file("d/a")], [file("d/b"), file("d/.wh..wh..opq")]],
    { "d/b": "d/b" },
  ],
  ["a file behind a link to a folder", [[link("lib", "usr/lib")], [file("lib/x", "1")]], { "usr/lib/x": "1" }],
  ["a file behind an absolute link", [[link("var/x", "/usr/lib")], [file("var/x/y/z", "1")]], { "usr/lib/y/z": "1" }],
  ["a file behind a link that goes up", [[link("a/b", "../c")], [file("a/b/x", "1")]], { "c/x": "1" }],
  ["links one behind the other", [[link("a", "b"), link("b", "c")], [file("a/x", "1")]], { "c/x": "1" }],
  ["a link that replaces a file", [[file("a")], [link("a", "b")]], {}],
  ["a file that replaces a link", [[link("a", "b")], [file("a", "1")]], { a: "1" }],
])("lays %s", (_, layers, expected) => {
  const { files } = layFiles(layers);
  expect(Object.fromEntries([...files].map(([path, { bytes }]) => [path, Buffer.from(bytes).toString()]))).toEqual(
    expected,
  );
});

it("ends where links lead in a circle", () => {
  expect([...layFiles([[link("a", "b"), link("b", "a"), file("a/x")]]).files.values()]).toHaveLength(1);
});

it("names what is no plain file", () => {
  const odd: LayerEntry = { kind: "odd", path: "dev/null" };
  expect([...layFiles([[odd, link("a", "b"), file("c")], [file("a")]]).odd]).toEqual(["dev/null"]);
});

it("names links by which another path leads to modules or records", () => {
  const [inside, above, other] = [link("y", "usr/lib/prosody-modules/mod_a"), link("lib", "usr/lib"), link("a", "b")];
  expect([...layFiles([[inside, above, other, link("d", "/var/lib/dpkg/status.d")]]).shortcuts]).toEqual(["y", "d"]);
});
