import path from "node:path";
import { type LedgerEntry, readLedger } from "@prosody-foundry/release";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPublisher, type Publisher } from "../fixtures/publishing.ts";
import { openPublishers, type Publishers } from "../fixtures/publishers.ts";
import { findHoles, readTags } from "../fixtures/registry-content.ts";
import { type FaultyRegistry, serveFaults } from "../fixtures/registry-faults.ts";
import { openRegistry, type Registry } from "../fixtures/registry.ts";

const script = path.resolve(import.meta.dirname, "../fixtures/publish-once.ts");
let publishers: Publishers;
let registry: Registry;
let proxy: FaultyRegistry;

beforeAll(async () => {
  publishers = await openPublishers();
  registry = await openRegistry({ kind: "crane" });
  proxy = await serveFaults(registry.direct);
});

afterAll(async () => {
  await proxy.stop();
  await registry.stop();
  await publishers.clear();
});

const publisherOf = (repository: string, more: Partial<Publisher>): Promise<Publisher> =>
  publishers.publisherOf(`${proxy.host}/${repository}`, registry.env, more);

async function runOnce(publisher: Publisher): Promise<number> {
  const ran = await runCommand(process.execPath, [script, JSON.stringify(publisher)], { accept: "any" }).catch(
    () => undefined,
  );
  if (ran !== undefined && ran.exitCode !== 0) throw new Error(ran.stderr);
  return ran?.exitCode ?? -1;
}

describe("killed just before a step", () => {
  // Upload, id, claim, tag, signature, release, ledger, and the five floating tags.
  const targets = [{ version: "13.0.7", words: "interrupted" }];
  const steps = Array.from({ length: 12 }, (_, at) => at + 1);
  let whole: { tags: Record<string, string>; ledger: LedgerEntry[] };

  beforeAll(async () => {
    const publisher = await publisherOf("whole/run", { targets });
    await (await openPublisher(publisher)).run();
    whole = { tags: await readTags(registry.direct, "whole/run"), ledger: await readLedger(publisher.folder) };
  });

  it.each(steps)("%i: the next run finishes, and all is as after one run", async (killAt) => {
    const publisher = await publisherOf(`killed/at-${killAt}`, { targets, killAt });
    expect(await runOnce(publisher)).toBe(-1);
    expect(await findHoles(registry.direct, `killed/at-${killAt}`)).toEqual([]);
    expect(await runOnce({ ...publisher, killAt: 0 })).toBe(0);
    expect(await readTags(registry.direct, `killed/at-${killAt}`)).toEqual(whole.tags);
    expect((await readLedger(publisher.folder)).map(undated)).toEqual(whole.ledger.map(undated));
  });

  it("12 are all there are", async () => {
    expect(await runOnce(await publisherOf("killed/never", { targets, killAt: 13 }))).toBe(0);
  });
});

describe("two at once", () => {
  it.each([1, 2, 3])("for the same inputs end with one image under one revision (%i)", async (round) => {
    const repository = `same/inputs-${round}`;
    const builds = ["here", "there"].map((build) => [{ version: "13.0.7", words: "same", build }]);
    await runBoth(repository, builds);
    const tags = await readTags(registry.direct, repository);
    expect(Object.keys(tags).filter((tag) => /^\d.*-r\d/u.test(tag))).toEqual(["13.0.7-r1"]);
    expect(tags["latest"]).toBe(tags["13.0.7-r1"]);
    await expectLawful(repository);
  });

  it.each([1, 2, 3])(
    "for different images of one Prosody get a revision each, and the newer has the tags (%i)",
    async (round) => {
      const repository = `other/inputs-${round}`;
      await runBoth(repository, [[{ version: "13.0.7", words: "one" }], [{ version: "13.0.7", words: "two" }]]);
      const tags = await readTags(registry.direct, repository);
      expect(Object.keys(tags).filter((tag) => /^\d.*-r\d/u.test(tag))).toEqual(["13.0.7-r1", "13.0.7-r2"]);
      expect(tags["latest"]).toBe(tags["13.0.7-r2"]);
      expect(tags["13.0.7-r1"]).not.toBe(tags["13.0.7-r2"]);
      await expectLawful(repository);
    },
  );

  it("with different ledgers never move a tag to an older release", async () => {
    const repository = "other/ledgers";
    const first = await publisherOf(repository, { targets: [{ version: "13.0.7", words: "first" }] });
    expect(await runOnce(first)).toBe(0);
    const older = await publisherOf(repository, { targets: [{ version: "13.0.6", words: "older" }] });
    const newer = { ...first, targets: [{ version: "13.0.7", words: "second" }] };
    expect(await Promise.all([runOnce(older), runOnce(newer)])).toEqual([0, 0]);
    const tags = await readTags(registry.direct, repository);
    expect(tags["latest"]).toBe(tags["13.0.7-r2"]);
    expect(tags["13.0.6"]).toBe(tags["13.0.6-r1"]);
    const versions = new Map(
      Object.entries(tags).flatMap(([tag, digest]) => (/^\d.*-r\d$/u.test(tag) ? [[digest, tag]] : [])),
    );
    const seen = proxy.tagged.filter(([tag, digest]) => tag === `${repository}:latest` && versions.has(digest));
    // Both may write the newer one.
    expect([...new Set(seen.map(([, digest]) => versions.get(digest)))]).toEqual(["13.0.7-r1", "13.0.7-r2"]);
    expect(versions.get(seen.at(-1)?.[1] ?? "")).toBe("13.0.7-r2");
    await expectLawful(repository);
  });
});

function undated(entry: LedgerEntry): LedgerEntry {
  return { ...entry, date: "2026-11-20" };
}

async function runBoth(repository: string, builds: Publisher["targets"][]): Promise<void> {
  const both = await Promise.all(builds.map((targets) => publisherOf(repository, { targets, settle: 1500 })));
  expect(await Promise.all(both.map(runOnce))).toEqual([0, 0]);
}

/** No tag on anything incomplete, and no second digest was ever put under an immutable tag. */
async function expectLawful(repository: string): Promise<void> {
  expect(await findHoles(registry.direct, repository)).toEqual([]);
  const put = proxy.tagged.filter(
    ([reference]) => reference.startsWith(`${repository}:`) && /:\d[\w.]*-r\d+$/u.test(reference),
  );
  expect(put.length).toBeGreaterThan(0);
  const digests = Map.groupBy(put, ([reference]) => reference);
  for (const [reference, each] of digests)
    expect([reference, new Set(each.map(([, digest]) => digest)).size]).toEqual([reference, 1]);
}
