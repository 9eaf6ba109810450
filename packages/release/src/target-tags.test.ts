import type { Release, SeriesFile } from "@prosody-foundry/images";
import { expect, it } from "vitest";
import type { LedgerEntry } from "./ledger.ts";
import { type BuiltTarget, nextEntry, policyOf, tagsOfTarget } from "./target-tags.ts";

const [old, fresh] = [`sha256:${"1".repeat(64)}`, `sha256:${"2".repeat(64)}`];
const release: Release = {
  kind: "debian",
  version: "13.0.7-1",
  suite: "forky",
  package: "prosody",
  sha256: {},
};
const id = "3".repeat(64);
const built: BuiltTarget = {
  target: { image: "prosody", variant: "", series: "13.0", release, id },
  digest: fresh,
  contract: "1.2.0",
  platforms: { "linux/amd64": { digest: fresh, size: 12_000_000 } },
  date: "2026-11-20",
};
const published: LedgerEntry = {
  image: "prosody",
  variant: "",
  series: "13.0",
  version: "13.0.7",
  rev: 3,
  digest: old,
  id: "4".repeat(64),
  contract: "1.1.0",
  platforms: {},
  yanked: false,
  date: "2026-11-19",
};
const policy = { default: "13.0", oldstable: "0.12", variants: ["", "full"] };

it.each([
  ["nothing was published", [], ["13", "13.0", "13.0.7", "13.0.7-r1", "latest", "stable"]],
  ["r3 was published", [published], ["13", "13.0", "13.0.7", "13.0.7-r4", "latest", "stable"]],
  ["r3 was yanked", [{ ...published, yanked: true }], ["13", "13.0", "13.0.7", "13.0.7-r4", "latest", "stable"]],
  [
    "another variant was",
    [{ ...published, variant: "full" }],
    ["13", "13.0", "13.0.7", "13.0.7-r1", "latest", "stable"],
  ],
  ["a newer release was", [{ ...published, version: "13.0.10" }], ["13.0.7", "13.0.7-r1"]],
  ["it was itself", [{ ...published, digest: fresh }], ["13", "13.0", "13.0.7", "13.0.7-r3", "latest", "stable"]],
])("when %s, a target carries the next revision's tags", (_, ledger, tags) => {
  expect(tagsOfTarget(built, policy, ledger)).toEqual(tags);
});

it("the next entry is what the ledger would gain, Debian's revision left off", () => {
  expect(nextEntry(built, [published])).toEqual({
    ...published,
    rev: 4,
    digest: fresh,
    id,
    contract: "1.2.0",
    platforms: built.platforms,
    date: "2026-11-20",
  });
  expect(nextEntry(built, [published, { ...published, rev: 12 }]).rev).toBe(13);
});

it("the policy is what series.json and the images say", () => {
  const seriesFile: Pick<SeriesFile, "default" | "oldstable"> = { default: "13.0", oldstable: null };
  const images = [{ variant: "" }, { variant: "full" }];
  expect(policyOf(seriesFile, images)).toEqual({ default: "13.0", oldstable: null, variants: ["", "full"] });
});
