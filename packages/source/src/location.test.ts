import { expect, it } from "vitest";
import { locateSource } from "./location.ts";
import type { SourceSpec } from "./source.ts";

function specOf(url: string, folder = ""): SourceSpec {
  return { name: "tree", kind: "hg", url, folder };
}

it.each([
  ["https://hg.example/modules/", "web", "https://hg.example/modules/"],
  ["ssh://hg@hg.example/modules", "remote", "ssh://hg@hg.example/modules"],
  ["git@git.example:modules.git", "remote", "git@git.example:modules.git"],
  ["modules", "path", "/repository/modules"],
  ["../elsewhere", "path", "/elsewhere"],
  ["/srv/modules", "path", "/srv/modules"],
])("finds %s by %s at %s", (url, reach, address) => {
  expect(locateSource(specOf(url), { root: "/repository", mirrors: {} })).toEqual({ address, reach });
});

it.each(["https://hg.example/modules", "https://hg.example/modules/"])("takes the mirror of %s", (url) => {
  const mirrors = { "https://hg.example/modules/": "/srv/modules" };
  expect(locateSource(specOf(url), { root: "/", mirrors })).toEqual({ address: "/srv/modules", reach: "path" });
});

it.each(["", "--upload-pack=touch x", "ext::sh -c x", "file:///srv/x", "ftp://hg.example/x"])("refuses %j", (url) => {
  expect(() => locateSource(specOf(url), { root: "/", mirrors: {} })).toThrow(/cannot be/u);
});

it.each(["../up", "/abs", "a//b", "-x", "a/../b", 'a"b'])("refuses the folder %j", (folder) => {
  expect(() => locateSource(specOf("/srv", folder), { root: "/", mirrors: {} })).toThrow(/no folder/u);
});
