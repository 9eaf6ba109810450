import { isUserError } from "@prosody-foundry/kit";
import { expect, it } from "vitest";
import { checkContent, checkEntryType } from "./check.ts";
import type { ModuleContent } from "./content.ts";

function contentOf(paths: readonly string[], bytes = 1): ModuleContent {
  return {
    name: "mod_x",
    files: paths.map((path) => ({ path, executable: false, bytes: new Uint8Array(bytes) })),
  };
}

const sound: string[][] = [
  ["mod_x.lua"],
  ["x/mod_x.lua", "x/lib/a.lua", "x/lib/b.lua", "y.lua"],
  ["a".repeat(255)],
  ["..lua", "a..b", "with space.lua", "ü.lua", ".hgignore"],
];

it.each(sound.map((paths) => [paths]))("takes %j", (paths) => {
  expect(() => checkContent(contentOf(paths))).not.toThrow();
});

const unsafe: [string[], string][] = [
  [["../mod_y/mod_y.lua"], "leaves its folder"],
  [["a/../../b"], "leaves its folder"],
  [["./a"], "leaves its folder"],
  [["/etc/passwd"], "is absolute"],
  [["a\\..\\b"], "has a backslash or a NUL"],
  [["a\0.lua"], "has a backslash or a NUL"],
  [["a\nb"], "has a control character"],
  [["a\uFFFD"], "is no UTF-8"],
  [["a//b"], "has an empty step"],
  [["a/"], "has an empty step"],
  [[""], "has an empty step"],
  [[".git/config"], "is git's own"],
  [["x/.GIT/hooks/y"], "is git's own"],
  [["a".repeat(1025)], "is longer"],
  [[`a/${"\u00FC".repeat(128)}`], "has a step of more than 255 bytes"],
  [["README.md", "readme.md"], "clash"],
  [["a.lua", "a.lua"], "clash"],
  [["A/x.lua", "a/y.lua"], "clash"],
  [["a", "a/b"], "clash"],
  [["a/b", "a"], "clash"],
  [["A", "a/b"], "clash"],
  [["a", "A/b"], "clash"],
  [["a/b/c", "A"], "clash"],
  [["\u00E9.lua", "e\u0301.lua"], "clash"],
];

it.each(unsafe)("refuses %j, which %s", (paths, why) => {
  expect(codeAndMessage(() => checkContent(contentOf(paths)))).toMatch(new RegExp(`^CONTENT_UNSAFE .*${why}`, "su"));
});

it("refuses a module of more than 32 MiB", () => {
  const halves = contentOf(["a", "b"], 16 * 1024 * 1024);
  expect(() => checkContent(halves)).not.toThrow();
  const more = { ...halves, files: [...halves.files, ...contentOf(["c"]).files] };
  expect(codeAndMessage(() => checkContent(more))).toContain("CONTENT_UNSAFE");
});

it("refuses a module of more than 50,000 files", () => {
  const paths = Array.from({ length: 50_001 }, (_, at) => `${at}.lua`);
  expect(codeAndMessage(() => checkContent(contentOf(paths, 0)))).toContain("more than 50000 files");
});

it.each(["symlink", "link", "character-device", "block-device", "fifo", "commit"])("refuses a %s", (type) => {
  expect(codeAndMessage(() => checkEntryType("mod_x", "a", type))).toContain(`"a" is a ${type}`);
});

function codeAndMessage(work: () => void): string {
  try {
    work();
  } catch (error) {
    if (isUserError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
  return "nothing was thrown";
}
