import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { listBuilt, readReport } from "./read-report.ts";
import type { Report } from "./report.ts";

let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(path.join(tmpdir(), "foundry-report-"));
});
afterEach(() => rm(cacheDir, { recursive: true }));

function reportOf(id: string, builtAt: string): Report {
  const digest = `sha256:${"d".repeat(64)}`;
  return {
    reportVersion: 1,
    id,
    name: "prosody-13-0",
    image: "prosody",
    series: "13.0",
    release: "13.0.7",
    index: digest,
    platforms: { "linux/amd64": { digest, size: 5, layers: [{ digest, size: 5 }] } },
    inputs: { epoch: "1" },
    builtAt,
  };
}

async function writeReport(id: string, text: string): Promise<void> {
  await mkdir(path.join(cacheDir, "builds", id), { recursive: true });
  await writeFile(path.join(cacheDir, "builds", id, "report.json"), text);
}

const [first, second] = ["1".repeat(64), "2".repeat(64)];

describe("readReport", () => {
  it("finds the report of a build, and nothing where there was none", async () => {
    const report = reportOf(first, "2026-11-20T16:00:00.000Z");
    await writeReport(first, JSON.stringify(report));
    expect(await readReport(cacheDir, first)).toEqual(report);
    expect(await readReport(cacheDir, second)).toBeUndefined();
  });

  it.each([
    ["cut off", '{"reportVersion":1'],
    ["of another build", JSON.stringify(reportOf(second, "2026-11-20T16:00:00.000Z"))],
    ["of another kind", "[]"],
  ])("refuses one that is %s", async (_what, text) => {
    await writeReport(first, text);
    await expect(readReport(cacheDir, first)).rejects.toMatchObject({ code: "REPORT_BROKEN" });
  });
});

describe("listBuilt", () => {
  it("gives the newest build first", async () => {
    await writeReport(first, JSON.stringify(reportOf(first, "2026-11-20T16:00:00.000Z")));
    await writeReport(second, JSON.stringify(reportOf(second, "2026-11-20T17:00:00.000Z")));
    expect((await listBuilt(cacheDir)).map(({ id }) => id)).toEqual([second, first]);
  });

  it("gives nothing before the first build", async () => {
    expect(await listBuilt(cacheDir)).toEqual([]);
  });
});
