import type { TarballRelease } from "@prosody-foundry/images";
import { describe, expect, it } from "vitest";
import { type NewsRequest, lastPublished, releaseNews } from "./release-news.ts";
import { entryOf } from "./sample-ledger.ts";

const tarball = (version: string): TarballRelease => ({
  kind: "tarball",
  version,
  suite: "trixie",
  url: `https://example.org/prosody-${version}.tar.gz`,
  sha256: "a".repeat(64),
  mirrors: [],
});
const targets: NewsRequest["targets"] = [
  { image: "prosody", series: "13.0", release: tarball("13.0.7") },
  {
    image: "prosody",
    series: "0.12",
    release: { ...tarball("0.12.5"), kind: "debian", version: "0.12.5-1", package: "prosody", sha256: {} },
  },
];
const untold = () => false;

describe("news of releases", () => {
  it("are none for an image that was never published", () => {
    expect(releaseNews({ targets, ledger: [entryOf("13.0.1", 1, { variant: "full" })], isTold: untold })).toEqual([]);
  });

  it("are another release as a patch, a new series as a minor, and nothing for the same release", () => {
    expect(releaseNews({ targets, ledger: [entryOf("13.0.1")], isTold: untold })).toEqual([
      {
        image: "prosody",
        series: "13.0",
        from: "13.0.1",
        to: "13.0.7",
        bump: "patch",
        summary: "Prosody 13.0.7 in place of 13.0.1",
      },
      {
        image: "prosody",
        series: "0.12",
        from: null,
        to: "0.12.5",
        bump: "minor",
        summary: "The 0.12 series of Prosody, with 0.12.5",
      },
    ]);
    expect(releaseNews({ targets, ledger: [entryOf("13.0.7"), entryOf("0.12.5")], isTold: untold })).toEqual([]);
  });

  it("are not repeated when they are told since what was published last", () => {
    const asked: unknown[] = [];
    const isTold: NewsRequest["isTold"] = (...words) => asked.push(words) > 0;
    const ledger = [entryOf("13.0.1", 1, { contract: "1.2.0" })];
    expect(releaseNews({ targets, ledger, isTold })).toEqual([]);
    expect(asked).toEqual([
      ["prosody", "13.0.7", "1.2.0"],
      ["prosody", "0.12.5", "1.2.0"],
    ]);
  });

  it("go by what was published last and still stands, not by the highest version", () => {
    const ledger = [
      entryOf("13.0.7", 1, { date: "2026-11-01" }),
      entryOf("13.0.1", 4, { date: "2026-11-02T10:00:00Z" }),
      entryOf("13.0.9", 1, { date: "2026-11-03", yanked: true }),
    ];
    expect(lastPublished(ledger, "prosody", "13.0")).toMatchObject({ version: "13.0.1", rev: 4 });
  });
});
