import { isUserError } from "@prosody-foundry/kit";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { diffContents } from "./diff-contents.ts";
import { patchModule } from "./patches.ts";
import { contentOf, headOf, mainText, patchShape, shapeOf } from "./patches-sample.ts";

const line = fc.constantFrom("a", "b", "c", "", "-- x", "\xff", "\xc3\xa9");
const end = fc.constantFrom("\n", "\r\n", "\r");
const text = fc
  .tuple(fc.array(fc.tuple(line, end)), line)
  .map(([lines, last]) => lines.map((pair) => pair.join("")).join("") + last);
const path = fc.constantFrom("mod_x.lua", "y.lua", "z w.txt", "lib/é.lua");
const files = fc
  .dictionary(path, fc.tuple(text, fc.boolean()))
  .map((made) => Object.fromEntries(Object.entries(made).map(([key, [body, run]]) => [run ? `${key}*` : key, body])));

/** The patch as bytes: one with a byte of no UTF-8 reads as Latin-1, any other as UTF-8. */
function bytesOf(patch: string): string {
  return patch.includes("\xff") ? patch : Buffer.from(patch).toString("latin1");
}

it("makes the second of any two contents out of the first by their diff", () => {
  fc.assert(
    fc.property(files, files, (first, second) => {
      const [before, after] = [contentOf(first), contentOf(second)];
      const patches = diffContents(before, after).files.map(({ path: file, patch }) => ({
        file,
        text: bytesOf(patch),
      }));
      expect(shapeOf(patchModule(before, patches))).toEqual(shapeOf(after));
    }),
    { numRuns: 500 },
  );
});

const words =
  "@@ -1,2 +1,2 @@|@@ -0,0 +1 @@|@@|--- /dev/null|+++ /dev/null|diff --git|Index: x|-- |rename from a|rename to ../b|" +
  'new file mode 100755|deleted file mode 100644|\\ No newline|---|+++ | line 1|-line 1|+line 1|+|-|\\|--- "a/\\303|===';
const pieces = fc.constantFrom(...headOf("mod_x.lua").split("\n"), ...words.split("|"));
const mutated = fc.array(fc.oneof(pieces, fc.string()), { maxLength: 20 }).map((lines) => lines.join("\n"));

it("ends on any text with a content or a coded error", () => {
  fc.assert(
    fc.property(mutated, (patch) => {
      expect(outcomeOf(patch)).toMatch(/^(?:done|PATCH_FAILED|PATCH_MALFORMED|PATCH_UNSAFE)$/u);
    }),
    { numRuns: 3000 },
  );
});

function outcomeOf(patch: string): string {
  try {
    const shape = patchShape({ "mod_x.lua": mainText, "y.lua": "" }, patch);
    return Object.keys(shape).find((name) => name.startsWith("..")) ?? "done";
  } catch (error) {
    if (isUserError(error)) return error.code;
    throw error;
  }
}
