import { expect, it } from "vitest";
import { findMarker, splitConflict } from "./conflict-text.ts";

const text = (...lines: string[]): string => lines.join("\n");
const plain = text("a", "<<<<<<< ours", "b", "=======", "c", ">>>>>>> theirs", "d", "");

it("a conflict is split into its sides, with what stands around it in both", () => {
  expect(splitConflict(plain)).toEqual({ base: null, ours: "a\nb\nd\n", theirs: "a\nc\nd\n" });
  const withBase = plain.replace("=======", text("||||||| base", "o", "======="));
  expect(splitConflict(withBase)).toEqual({ base: "a\no\nd\n", ours: "a\nb\nd\n", theirs: "a\nc\nd\n" });
});

it.each([
  ["is cut off", plain.replace(">>>>>>> theirs", "")],
  ["has no begin", plain.replace("<<<<<<< ours", "")],
  ["is inside of another one", plain.replace("b", "<<<<<<< ours")],
])("a conflict that %s is none that can be split", (_, broken) => {
  expect(splitConflict(broken)).toBeNull();
});

it.each([
  [plain, 1],
  ["a\n=======\n", 1],
  ['"<<<<<<<"\n', -1],
])("a marker is found where a line begins with it", (conflicted, line) => {
  expect(findMarker(conflicted)).toBe(line);
});
