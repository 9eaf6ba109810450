import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { summarizeBuilds, summarizeBumps, summarizePlan, summarizePublished } from "./summary.ts";
import { writeSummary } from "./write-summary.ts";

it("a plan is a table of its targets", () => {
  const target = { name: "prosody-13-0", id: "a".repeat(64), state: "to build", tags: ["13.0.7-r1", "latest"] };
  expect(summarizePlan([target])).toBe(
    "## Plan\n\n| target | id |  | tags |\n| --- | --- | --- | --- |\n" +
      "| prosody-13-0 | `aaaaaaaaaaaa` | to build | `13.0.7-r1` `latest` |\n\n",
  );
  expect(summarizePlan([])).toBe("## Plan\n\nNothing.\n\n");
});

it("a build has a row for each platform", () => {
  const platforms = {
    "linux/amd64": { digest: "sha256:1", size: 14_000_000 },
    "linux/386": { digest: "sha256:2", size: 1 },
  };
  const summary = summarizeBuilds([{ name: "prosody-13-0", fresh: true, platforms }]);
  expect(summary.match(/\| prosody-13-0 \|/gu)).toHaveLength(2);
});

it("what was published is told with its digest, and the tags that moved", () => {
  const target = { name: "prosody-13-0", tag: "13.0.7-r2", digest: "sha256:1", state: "fresh" as const };
  const moved = [{ tag: "latest", from: null, to: "sha256:1" }];
  expect(summarizePublished({ targets: [target], moved })).toContain(
    "| prosody-13-0 | `13.0.7-r2` | `sha256:1` | fresh |",
  );
  expect(summarizePublished({ targets: [target], moved })).toContain("| `latest` |  | `sha256:1` |");
  expect(summarizePublished({ targets: [target], moved: [] })).not.toContain("## Tags");
});

it("what upstream wrote stays in its cell", () => {
  const stays = [{ name: "mod_a", because: "it says | <b>`no`</b>\n## @everybody" }];
  const [, row] = summarizeBumps({ bumps: [], stays }).split("| --- | --- |\n");
  expect(row?.trim().split("\n")).toHaveLength(1);
  expect(row).not.toMatch(/[<@`]/u);
});

it("a summary is appended where a workflow names a file, whole or with a note that it is cut", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "foundry-summary-"));
  const file = path.join(folder, "summary.md");
  try {
    await writeSummary(undefined, "nowhere");
    await writeSummary(file, "one\n");
    await writeSummary(file, "two\n");
    expect(await readFile(file, "utf8")).toBe("one\ntwo\n");
    await writeSummary(path.join(folder, "large.md"), "é".repeat(600_000));
    const large = await readFile(path.join(folder, "large.md"));
    expect([large.length <= 1024 * 1024, large.toString().endsWith("Cut: GitHub shows no longer summary.\n")]).toEqual([
      true,
      true,
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
