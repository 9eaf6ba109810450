import { isUserError, type UserError } from "@prosody-foundry/kit";
import { expect, it } from "vitest";
import { headOf, mainText, middlePatch, middleText, patchShape } from "./patches-sample.ts";

it.each<[string, string, string, string, RegExp]>([
  [
    "whose lines are gone",
    mainText.replace("line 10", "line X"),
    middlePatch,
    "PATCH_FAILED",
    /1\.patch does not apply to mod_x: mod_x\.lua at hunk @@ -9,3 \+9,4 @@, near line 10\n {2}expected: line 10\n {2}expected: line 11\n {2}found: {4}line X\n {2}found: {4}line 11/u,
  ],
  ["for a file that ends before", "a\n", middlePatch, "PATCH_FAILED", /found: {4}a/u],
  ["that is in already", middleText, middlePatch, "PATCH_FAILED", /1\.patch is already in mod_x/u],
  [
    "with another end of the line",
    mainText.replaceAll("\n", "\r\n"),
    middlePatch,
    "PATCH_FAILED",
    /expected: line 9\n.*\n.*\n {2}found: {4}line 9␍\n/u,
  ],
  [
    "that belongs to the beginning of the file",
    `new\n${mainText}`,
    `${headOf("mod_x.lua")}@@ -1,2 +1,3 @@\n+first\n line 1\n line 2\n`,
    "PATCH_FAILED",
    /beginning or the end/u,
  ],
  [
    "that belongs to the end of the file",
    `${mainText}new\n`,
    `${headOf("mod_x.lua")}@@ -29,2 +29,3 @@\n line 29\n line 30\n+last\n`,
    "PATCH_FAILED",
    /beginning or the end/u,
  ],
  [
    "without context at another line",
    `new\n${mainText}`,
    `${headOf("mod_x.lua")}@@ -10 +10 @@\n-line 10\n+x\n`,
    "PATCH_FAILED",
    /hunk @@ -10,1 \+10,1 @@/u,
  ],
  [
    "for a file that is not there",
    "",
    middlePatch.replaceAll("mod_x.lua", "y.lua"),
    "PATCH_FAILED",
    /there is no y\.lua/u,
  ],
  [
    "that makes a file that is there",
    "a\n",
    "--- /dev/null\n+++ b/mod_x.lua\n@@ -0,0 +1 @@\n+b\n",
    "PATCH_FAILED",
    /there is a mod_x\.lua already/u,
  ],
  [
    "that deletes less than there is",
    "a\nb\n",
    "--- a/mod_x.lua\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n",
    "PATCH_FAILED",
    /more lines than it deletes/u,
  ],
  [
    "that leaves the folder",
    "",
    middlePatch.replaceAll("mod_x.lua", "../mod_y/mod_y.lua"),
    "PATCH_UNSAFE",
    /leaves its/u,
  ],
  ["with an absolute path", "", middlePatch.replaceAll("/mod_x.lua", "//etc/passwd"), "PATCH_UNSAFE", /is absolute/u],
  [
    "that makes a link",
    "",
    "diff --git a/y b/y\nnew file mode 120000\n--- /dev/null\n+++ b/y\n@@ -0,0 +1 @@\n+/etc\n",
    "PATCH_UNSAFE",
    /mode 120000/u,
  ],
  ["that makes a name clash", "", "--- /dev/null\n+++ b/Mod_X.lua\n@@ -0,0 +1 @@\n+b\n", "PATCH_UNSAFE", /clash/u],
  [
    "for two modules",
    mainText,
    middlePatch.replaceAll("/mod_x.lua", "/mod_x/mod_x.lua") + middlePatch.replaceAll("/mod_x.lua", "/mod_y/mod_y.lua"),
    "PATCH_UNSAFE",
    /mod_y\/mod_y\.lua is outside mod_x/u,
  ],
  ["that is empty", "", "", "PATCH_MALFORMED", /no change/u],
  ["that is prose", "", "Dear maintainer,\n\nplease\n", "PATCH_MALFORMED", /no change/u],
  ["with a count that is wrong", mainText, middlePatch.replace("-9,3", "-9,4"), "PATCH_MALFORMED", /line/u],
  [
    "with a hunk that is nowhere",
    mainText,
    `${headOf("mod_x.lua")}@@ x @@\n-line 1\n+a\n`,
    "PATCH_MALFORMED",
    /no lines or no place/u,
  ],
  ["without names", mainText, "@@ -1 +1 @@\n-line 1\n+a\n", "PATCH_MALFORMED", /a hunk has no file/u],
  ["without a/ and b/", mainText, middlePatch.replaceAll(/[ab]\//gu, ""), "PATCH_MALFORMED", /not under a\//u],
  [
    "for a binary file",
    "",
    "diff --git a/y.png b/y.png\nnew file mode 100644\nGIT binary patch\nliteral 3\nKcmZ\n",
    "PATCH_MALFORMED",
    /binary/u,
  ],
  ["that changes nothing", mainText, "diff --git a/y b/y\nindex 1..2 100644\n", "PATCH_MALFORMED", /does not change/u],
])("refuses a patch %s", (...[, text, patch, code, message]) => {
  const refusal = refusalOf({ "mod_x.lua": text }, patch);
  expect(refusal).toMatchObject({ code, message: expect.stringMatching(message) });
  expect(refusal.hint).toBeDefined();
});

it("answers at once whatever line a hunk names", () => {
  const far = `${headOf("mod_x.lua")}@@ -900000000000,1 +900000000000,2 @@\n line 3\n+x\n`;
  expect(patchShape({ "mod_x.lua": mainText }, far.replace(" line 3", " line 30"))).toEqual({
    "mod_x.lua": `${mainText}x\n`,
  });
  expect(refusalOf({ "mod_x.lua": mainText }, far.replace(" line 3\n", ""))).toMatchObject({ code: "PATCH_MALFORMED" });
});

function refusalOf(files: Readonly<Record<string, string>>, text: string): UserError {
  try {
    patchShape(files, text);
  } catch (error) {
    if (isUserError(error)) return error;
    throw error;
  }
  throw new Error("It was applied");
}
