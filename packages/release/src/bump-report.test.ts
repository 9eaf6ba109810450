import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BumpContent, BumpedModule } from "./bump.ts";
import { bumpReport, reportLimit } from "./bump-report.ts";
import { bumpedModuleOf, contentOf, fileDiffOf } from "./sample-bump.ts";

/** What is left when all code is taken out: the Markdown that GitHub acts on. */
function outsideCode(report: string): string {
  const lines: string[] = [];
  let ticks = "";
  for (const line of report.split("\n")) {
    const run = /^(`{3,})/u.exec(line)?.[1] ?? "";
    if (ticks === "" && run === "") lines.push(line);
    else if (ticks === "") ticks = run;
    else if (line === ticks) ticks = "";
  }
  expect(ticks, "a code block is not ended").toBe("");
  return lines.join("\n").replaceAll(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/gu, "");
}

describe("a report", () => {
  it("has a line of counts, a table, the targets, and a section for each module", async () => {
    const greeting = bumpedModuleOf("mod_greeting", {
      changes: {
        stage: { added: ["alpha"], removed: ["beta"] },
        licence: { added: [], removed: [] },
        needs: { added: ["mod_words"], removed: [] },
        uses: { added: [], removed: [] },
        libraries: { added: ["luaossl (lua-luaossl)"], removed: [] },
        options: { added: ["greeting_text"], removed: ["greeting"] },
      },
      verdicts: [{ release: "13.0.7", from: "works", to: "doubtful", because: ["loaded doubtful: warn: no text"] }],
    });
    const words = bumpedModuleOf("mod_words", { commits: null, link: null, diffs: null, bytes: null });
    const stays = [{ name: "mod_gone", because: "prosody-modules has it no more" }];
    await expect(bumpReport(contentOf([greeting, words], { stays }))).toMatchFileSnapshot("bump-report.golden.md");
  });

  it("says that nothing is rebuilt where no image's content changes", () => {
    expect(bumpReport(contentOf([bumpedModuleOf("mod_x")], { targets: [] }))).toContain("nothing is to be rebuilt");
  });

  it("says so where upstream's changes come to nothing", () => {
    const same = bumpedModuleOf("mod_x", { diffs: [{ series: ["13.0"], files: [] }] });
    expect(bumpReport(contentOf([same]))).toContain("Its files are the same as before.");
  });

  it("shows newer evidence on a pin that stays", () => {
    const [series] = bumpedModuleOf("mod_x").series;
    if (series === undefined) throw new Error("The sample has no series");
    const refused = [{ node: "3".repeat(40), because: "broken on 13.0.7: it crashes" }];
    const stuck = bumpedModuleOf("mod_x", {
      series: [{ ...series, to: series.from, refused }],
      commits: [],
      diffs: [],
    });
    const report = bumpReport(contentOf([stuck], { targets: [] }));
    expect(report).toContain("0 modules move, newer evidence on 1");
    expect(report).toContain("| mod_x | stays |");
    expect(report).toContain("Not taken on 0.12: `333333333333`, `broken on 13.0.7: it crashes`");
  });
});

describe("what upstream wrote does nothing but stand there", () => {
  const subjects = [
    "fixes #12, closes GH-3",
    "</details><script>alert(1)</script>",
    "![x](https://example.org/x.png) [y](javascript:alert(1))",
    "| a | b |\n|---|---|",
    "```` ``` `` ` @everybody",
    "# heading\r\n> quote",
    "<!-- -->",
  ];

  it.each(subjects)("as a subject, an author, a path, a reason: %j", (text) => {
    const commits = [
      { node: "2".repeat(40), date: "2025-10-17T10:00:00.000Z", author: `${text} <x@y>`, subject: text },
    ];
    const module = bumpedModuleOf("mod_x", {
      commits,
      diffs: [{ series: ["13.0"], files: [fileDiffOf(text.replaceAll(/\s/gu, "_"), `+${text}\n+\`\`\`\n`)] }],
      verdicts: [{ release: "13.0.7", from: "works", to: "broken", because: [text] }],
    });
    const report = bumpReport(contentOf([module], { stays: [{ name: "mod_y", because: text }] }));
    const plain = outsideCode(report);
    for (const trace of ["#12", "script", "alert", "example.org/x", "heading", "quote", "everybody", "<!--"]) {
      expect(plain).not.toContain(trace);
    }
    expect(report).not.toMatch(/#\d|(?<!\w)@\w/u);
    expect(plain.match(/<details>/gu)).toHaveLength(1);
    expect(plain.match(/<\/details>/gu)).toHaveLength(1);
  });
});

describe("a report that would be too long", () => {
  it("loses the largest diff first, and names it", () => {
    const files = [fileDiffOf("large.lua", "+x\n".repeat(30_000)), fileDiffOf("small.lua", "+small\n")];
    const report = bumpReport(contentOf([bumpedModuleOf("mod_x", { diffs: [{ series: ["13.0"], files }] })]));
    expect(report.length).toBeLessThan(reportLimit);
    expect(report).toContain("+small\n");
    expect(report).toContain("Cut: the diff of `large.lua`. See it with `foundry module diff mod_x`.");
    expect(report).toContain("`mod_x: Greet`");
    expect(report).toContain("2 files, +30001 −0");
  });

  it("loses changesets when there are no more diffs to lose, and says how many", () => {
    const [commit] = bumpedModuleOf("mod_x").commits ?? [];
    if (commit === undefined) throw new Error("The sample has no changeset");
    const commits = Array.from({ length: 2000 }, () => ({ ...commit, subject: "y".repeat(100) }));
    const report = bumpReport(contentOf([bumpedModuleOf("mod_x", { commits })]));
    expect(report).toMatch(/- 1[89]00 more commits: `foundry module diff mod_x`/u);
    expect(report).toContain("| mod_x | 111111111111 → 222222222222 | 2000 |");
  });

  it.each([
    [475, "| mod_474 | 111111111111 → 222222222222 |"],
    [1500, "mod_1498, mod_1499\n"],
    [9000, "And more modules."],
  ])("still names as many modules as can be: %i", (count, text) => {
    const modules = Array.from({ length: count }, (_, at) => bumpedModuleOf(`mod_${at}`));
    const report = bumpReport(contentOf(modules));
    expect(Buffer.byteLength(report)).toBeLessThan(reportLimit);
    expect(report).toContain(text);
  });

  it("is below the limit, with every module named and every block ended, whatever moved", () => {
    fc.assert(
      fc.property(arbitraryContent, (content) => {
        const report = bumpReport(content);
        expect(Buffer.byteLength(report)).toBeLessThan(reportLimit);
        const plain = outsideCode(report);
        for (const { name } of content.modules) expect(plain).toContain(name);
        expect(plain.split("<details>").length).toBe(plain.split("</details>").length);
      }),
      { numRuns: 60 },
    );
  });
});

const hostile = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("```", "</details>", "`", "|", "@all", "fixes #1", "~~~", "\u{202e}", "<b>"),
);
const text = fc.array(hostile, { maxLength: 6 }).map((parts) => parts.join(""));

const files = fc.array(
  fc.tuple(text, text, fc.constantFrom(1, 10, 3000, 40_000)).map(([path, line, times]) => {
    return fileDiffOf(path, `+${line.replaceAll("\n", "")}\n`.repeat(times));
  }),
  { maxLength: 4 },
);

const commits = fc.array(fc.record({ author: text, subject: text }), { maxLength: 5 }).chain((some) =>
  fc.constantFrom(1, 20, 400).map((times) =>
    Array.from({ length: times }, () => some)
      .flat()
      .map((commit) => ({ ...commit, node: "2".repeat(40), date: "2025-10-17T10:00:00.000Z" })),
  ),
);

const reasons = fc.array(text, { maxLength: 30 });

const module: fc.Arbitrary<BumpedModule> = fc
  .record({ name: fc.stringMatching(/^mod_[A-Za-z0-9_-]{1,40}$/u), commits, files, reasons })
  .map(({ name, files: changed, reasons: because, ...rest }) => {
    const delta = { added: because, removed: because };
    const changes = { stage: delta, licence: delta, needs: delta, uses: delta, libraries: delta, options: delta };
    const verdicts = [{ release: "13.0.7", from: "works" as const, to: "loads" as const, because }];
    return bumpedModuleOf(name, { ...rest, changes, verdicts, diffs: [{ series: ["13.0"], files: changed }] });
  });

const arbitraryContent: fc.Arbitrary<BumpContent> = fc
  .tuple(fc.uniqueArray(module, { maxLength: 20, selector: ({ name }) => name }), reasons)
  .map(([modules, because]) => {
    return contentOf(modules, { stays: because.map((reason, at) => ({ name: `mod_s${at}`, because: reason })) });
  });
