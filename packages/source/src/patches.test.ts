import { expect, it } from "vitest";
import { headOf, mainText, middlePatch, middleText, patchShape, type Shape } from "./patches-sample.ts";

it.each<[string, Shape, string, Shape]>([
  ["at its line", { "mod_x.lua": mainText }, middlePatch, { "mod_x.lua": middleText }],
  ["at another line", { "mod_x.lua": `new\n${mainText}` }, middlePatch, { "mod_x.lua": `new\n${middleText}` }],
  [
    "at the nearest of the lines it could mean",
    { "mod_x.lua": mainText.repeat(3) },
    middlePatch.replace("-9,3 +9,4", "-44,3 +44,4"),
    { "mod_x.lua": mainText + middleText + mainText },
  ],
  [
    "with what git format-patch puts around it",
    { "mod_x.lua": mainText },
    `From 1f Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nSubject: [PATCH] x\n\n---\n mod_x.lua | 3 ++-\n\n${middlePatch}-- \n2.39.5\n\n`,
    { "mod_x.lua": middleText },
  ],
  [
    "made in the folder of the tree",
    { "mod_x.lua": mainText },
    middlePatch.replaceAll("/mod_x.lua", "/mod_x/mod_x.lua"),
    { "mod_x.lua": middleText },
  ],
  [
    "without git's own lines",
    { "mod_x.lua": mainText },
    middlePatch.replace(/^diff.*\n/u, "").replace("b/mod_x.lua\n", "b/mod_x.lua\tThu Jan 01 00:00:00 1970 +0000\n"),
    { "mod_x.lua": middleText },
  ],
  [
    "to bytes that are no UTF-8, with carriage returns and no line feed at the end",
    { "mod_x.lua": "a\r\n\xe9\xff\r\nlast" },
    `${headOf("mod_x.lua")}@@ -1,3 +1,3 @@\n a\r\n-\xe9\xff\r\n+\xfe\n last\n\\ No newline at end of file\n`,
    { "mod_x.lua": "a\r\n\xfe\nlast" },
  ],
  [
    "that takes the last line feed away",
    { "mod_x.lua": "a\nb\n" },
    `${headOf("mod_x.lua")}@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n`,
    { "mod_x.lua": "a\nb" },
  ],
  [
    "that removes Lua comments, which look like a file's head",
    { "mod_x.lua": "-- a/x\n++ b\nz\n" },
    `${headOf("mod_x.lua")}@@ -1,3 +1,1 @@\n--- a/x\n-++ b\n z\n`,
    { "mod_x.lua": "z\n" },
  ],
  [
    "that makes a file",
    { "mod_x.lua": "" },
    "diff --git a/lib/y.sh b/lib/y.sh\nnew file mode 100755\n--- /dev/null\n+++ b/lib/y.sh\n@@ -0,0 +1 @@\n+#!/bin/sh\n",
    { "lib/y.sh*": "#!/bin/sh\n", "mod_x.lua": "" },
  ],
  [
    "that deletes a file",
    { "mod_x.lua": "", "y.lua": "a\nb\n" },
    "diff --git a/y.lua b/y.lua\ndeleted file mode 100644\n--- a/y.lua\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n",
    { "mod_x.lua": "" },
  ],
  [
    "that renames a file and changes it",
    { "y.lua": "a\nb\n" },
    "diff --git a/y.lua b/mod_x.lua\nrename from y.lua\nrename to mod_x.lua\n--- a/y.lua\n+++ b/mod_x.lua\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
    { "mod_x.lua": "a\nc\n" },
  ],
  [
    "that copies a file",
    { "y.lua": "a\n" },
    "diff --git a/y.lua b/z.lua\ncopy from y.lua\ncopy to z.lua\n",
    { "y.lua": "a\n", "z.lua": "a\n" },
  ],
  [
    "that makes a file executable",
    { "y.sh": "a\n" },
    "diff --git a/y.sh b/y.sh\nold mode 100644\nnew mode 100755\n",
    { "y.sh*": "a\n" },
  ],
])("applies a patch %s", (...[, files, text, expected]) => {
  expect(patchShape(files, text)).toEqual(expected);
});

it("applies patches one after the other", () => {
  const second = `${headOf("mod_x.lua")}@@ -10,2 +10,2 @@\n line ten\n-more\n+less\n`.replace(
    "-10,2 +10,2",
    "-9,4 +9,4",
  );
  const after = second.replace(" line ten", " line 9\n line ten").replace("+less\n", "+less\n line 11\n");
  expect(patchShape({ "mod_x.lua": mainText }, middlePatch, after)).toEqual({
    "mod_x.lua": middleText.replace("more", "less"),
  });
});
