import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { code, defuse, fence } from "./bump-text.ts";

/** What GitHub takes for a mention of somebody, or for a reference to an issue. */
const reference = /(?<!\w)@\w|#\d|\bGH-\d|:\/\/(?:www\.)?github\.com/iu;

describe("text of others", () => {
  it.each([
    ["fixes #12", "fixes #\u{200b}12"],
    ["closes other/project#12", "closes other/project#\u{200b}12"],
    ["Resolves gh-7", "Resolves gh-\u{200b}7"],
    ["thanks @somebody and @some/team", "thanks @\u{200b}somebody and @\u{200b}some/team"],
    ["fixes https://github.com/a/b/issues/1", "fixes https:\u{200b}//github.com/a/b/issues/1"],
    ["user@example.org said so", "user@example.org said so"],
    ["an \u{202e}order \u{1b}[31mred", "an \\u{202e}order \\u{1b}[31mred"],
    ["half \u{d800} a pair", "half \u{fffd} a pair"],
  ])("is defused: %j", (text, safe) => {
    expect(defuse(text)).toBe(safe);
  });

  it("mentions nobody and refers to nothing, whatever it is", () => {
    const words = fc.constantFrom("@", "#", "1", "a", "GH-", "gh-", "://", "github.com", "www.", "\u{200b}", " ", "\n");
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string({ unit: "binary" }))), (parts) => {
        expect(defuse(parts.join(""))).not.toMatch(reference);
      }),
    );
  });
});

describe("a code span", () => {
  it.each([
    ["mod_x: Fix | a pipe", "`mod_x: Fix | a pipe`"],
    ["two\r\nlines", "`two lines`"],
    ["`quoted`", "`` `quoted` ``"],
    ["a ``` b", "````a ``` b````"],
    ["<img src=x onerror=alert(1)>", "`<img src=x onerror=alert(1)>`"],
    [" ", "(empty)"],
  ])("of %j", (text, span) => {
    expect(code(text)).toBe(span);
  });

  it("is cut where it is too long, and not within a character", () => {
    expect(code("👍".repeat(50), 10)).toBe(`\`${"👍".repeat(10)}…\``);
  });
});

it("a code block cannot be ended by what is in it", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("`", "``", "`````", "\n", "~~~", "x", " ")), (parts) => {
      const [open, ...lines] = fence(parts.join(""), "diff").trimEnd().split("\n");
      const ticks = /^`{3,}/u.exec(open ?? "")?.[0] ?? "";
      expect(lines.at(-1)).toBe(ticks);
      expect(lines.slice(0, -1).filter((line) => line.includes(ticks))).toEqual([]);
    }),
  );
});
