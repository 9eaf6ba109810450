import { expect, it } from "vitest";
import type { Release, SeriesFile } from "./manifest.ts";
import { isRetired } from "./releases.ts";
import { retireSeries } from "./retire.ts";

const release: Release = {
  kind: "tarball",
  version: "13.0.7",
  suite: "trixie",
  url: "https://example.org/a",
  sha256: "0".repeat(64),
  mirrors: [],
};
const one = { releases: [release] };
const seriesFile: SeriesFile = {
  default: "13.0",
  oldstable: "0.12",
  series: { "0.12": one, "13.0": one, trunk: one },
};

it("sets one field, and nothing the second time", () => {
  const retired = retireSeries(seriesFile, "trunk");
  expect(retired).toEqual({ ...seriesFile, series: { ...seriesFile.series, trunk: { ...one, retired: true } } });
  expect([isRetired(retired, "trunk"), isRetired(retired, "13.0"), isRetired(retired, null)]).toEqual([
    true,
    false,
    false,
  ]);
  expect(retireSeries(retired, "trunk")).toBe(retired);
});

it.each([
  ["13.0", /default/u, "0.12, trunk."],
  ["0.12", /oldstable/u, "13.0, trunk, or null for none."],
] as const)("refuses %s, which a tag goes by, and says what to name instead", (series, field, others) => {
  expect(() => retireSeries(seriesFile, series)).toThrow(
    expect.objectContaining({ code: "SERIES_NAMED", hint: expect.stringMatching(field) as unknown }),
  );
  expect(() => retireSeries(seriesFile, series)).toThrow(
    expect.objectContaining({ hint: expect.stringContaining(others) as unknown }),
  );
});
