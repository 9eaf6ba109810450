import { isUserError } from "@prosody-foundry/kit";
import { describe, expect, it } from "vitest";
import { parseReadme, readReadme } from "./readme.ts";
import { writtenModule } from "./written-module.ts";

describe("front matter", () => {
  const fields = { summary: null, labels: [], stage: null, depends: [], supersededBy: [], licence: null };

  it.each<[string, string[], object]>([
    ["closed by dots", ["---", "summary: Counts sheep", "...", "Text"], { summary: "Counts sheep" }],
    ["closed by dashes", ["---", "summary: Counts sheep", "---", "Text"], { summary: "Counts sheep" }],
    ["with carriage returns", ["---\r", "summary: Counts sheep\r", "...\r"], { summary: "Counts sheep" }],
    ["empty", ["---", "---", "Text"], {}],
    ["with empty keys", ["---", "summary:", "labels:", "rockspec:", "..."], {}],
    ["with keys of other shapes", ["---", "summary: [1]", "labels: {a: 1}", "rockspec: 3", "depends: 4", "..."], {}],
    ["that is a list", ["---", "- summary", "..."], {}],
    [
      "with labels",
      ["---", "labels:", "- 'Stage-Beta'", "- Type-Auth", "- 7", "..."],
      { labels: ["Stage-Beta", "Type-Auth"], stage: "beta" },
    ],
    [
      "with two stages, of which the warning one counts",
      ["---", "labels: [Stage-Stable, Stage-Deprecated]", "..."],
      { labels: ["Stage-Stable", "Stage-Deprecated"], stage: "deprecated" },
    ],
    [
      "with dependencies of the rockspec",
      ["---", "rockspec:", "  dependencies:", "  - mod_one >= 200", "  - lua >= 5.2", "  - 'mod\\_two'", "..."],
      { depends: ["mod_one", "mod_two"] },
    ],
    [
      "indented with tabs",
      ["---", "rockspec:", "  dependencies:", "\t- mod_one", "\t- mod_two", "..."],
      { depends: ["mod_one", "mod_two"] },
    ],
    ["with depends", ["---", "depends:", "- 'mod\\_http'", "---"], { depends: ["mod_http"] }],
    ["with a successor", ["---", "superseded_by: mod_mam", "..."], { supersededBy: ["mod_mam"] }],
  ])("is read %s", (_title, lines, expected) => {
    const { body: _body, ...front } = parseReadme(lines.join("\n"), "mod_x/README.md");
    expect(front).toEqual({ ...fields, ...expected });
  });

  it("is absent without its closing line", () => {
    const readme = parseReadme("---\nsummary: no\n", "mod_x/README.md");
    expect(readme.summary).toBeNull();
    expect(readme.body[0]).toEqual({ text: "---", number: 1 });
  });

  it("leaves the numbers of the lines after it as they are in the file", () => {
    expect(parseReadme("---\nsummary: x\n...\nText", "mod_x/README.md").body).toEqual([{ text: "Text", number: 4 }]);
  });

  it.each<[string, string]>([
    ["a list that ends early", "labels: [a, b"],
    ["a tab inside a line's structure", "a: b: c"],
    ["endless nesting", `labels: ${"[".repeat(20_000)}`],
    ["lists in lists in lists", "- ".repeat(10_000)],
    ["nested maps as keys", "{".repeat(3000)],
    ["nested keys", "? ".repeat(490)],
    [
      "a bomb of aliases",
      `a: &a [x]\n${"bcdefgh"
        .split("")
        .map((name, i) => `${name}: &${name} [${`*${"abcdefg"[i]},`.repeat(9)}]`)
        .join("\n")}`,
    ],
    ["too much of it", `summary: ${"x".repeat(40_000)}`],
  ])("is refused with a code for %s", (_title, yaml) => {
    const parse = (): unknown => parseReadme(`---\n${yaml}\n...\n`, "mod_x/README.md");
    expect(parse).toThrow(expect.objectContaining({ code: "README_FRONT_MATTER" }));
    expect(parse).toThrow(/mod_x\/README\.md/u);
  });
});

describe("readReadme", () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ["README.md before README.markdown", { "README.markdown": "b", "README.md": "a" }, "a"],
    ["README.markdown", { "README.markdown": "b" }, "b"],
    ["nothing in a sub-folder", { "doc/README.md": "a" }, undefined],
    ["a text without a byte order mark", { "README.md": "\uFEFFa" }, "a"],
  ])("takes %s", (_title, files, text) => {
    expect(readReadme(writtenModule("mod_x", files))?.body[0]?.text).toBe(text);
  });

  it("takes the licence from an SPDX line", () => {
    const module = writtenModule("mod_x", { "README.md": "SPDX-License-Identifier: AGPL-3.0-only\n" });
    expect(readReadme(module)?.licence).toBe("AGPL-3.0-only");
  });

  it("refuses a README of megabytes", () => {
    const module = writtenModule("mod_x", { "README.md": "x".repeat(2_000_000) });
    expect(() => readReadme(module)).toThrow(expect.objectContaining({ code: "README_TOO_LARGE" }));
    expect(isUserError(new Error("other"))).toBe(false);
  });
});
