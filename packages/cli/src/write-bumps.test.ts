import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { reportFiles, writeReports } from "./write-bumps.ts";

const content = { modules: [], stays: [], targets: [], files: {}, labels: [], title: "" };
const bump = (branch: string) => ({ ...content, bumpVersion: 1 as const, branch, body: `${branch}\n` });
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "reports-"));
});
afterAll(() => rm(folder, { recursive: true }));

it.each([
  [["bump/modules"], ["/x/report.md"]],
  [
    ["bump/mod_a", "bump/mod_b"],
    ["/x/report-mod_a.md", "/x/report-mod_b.md"],
  ],
])("the bumps %j are reported in %j", (branches, files) => {
  expect(reportFiles("/x/report.md", branches.map(bump))).toEqual(files);
});

it("a report is written with the folders it lies in", async () => {
  const file = path.join(folder, "deep/report.md");
  await writeReports(file, [bump("bump/modules")]);
  expect(await readFile(file, "utf8")).toBe("bump/modules\n");
});

it("one that cannot be written is refused with its name", async () => {
  const refused = { code: "REPORT_UNWRITABLE", message: expect.stringContaining(folder) as unknown };
  await expect(writeReports(folder, [bump("bump/modules")])).rejects.toMatchObject(refused);
});
