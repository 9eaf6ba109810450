import { readLedger } from "@prosody-foundry/release";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Publisher, openPublisher } from "../fixtures/publishing.ts";
import { openPublishers, type Publishers } from "../fixtures/publishers.ts";
import { findHoles, readTags } from "../fixtures/registry-content.ts";
import { openRegistry, type Registry, type RegistryOptions } from "../fixtures/registry.ts";

const repository = "example/prosody";
let publishers: Publishers;

beforeAll(async () => {
  publishers = await openPublishers();
});

afterAll(async () => {
  await publishers.clear();
});

const three = [
  { version: "0.12.5", words: "old" },
  { version: "13.0.7", words: "new" },
  { version: "13.0.7", variant: "full", words: "full" },
];

const kinds: RegistryOptions[] = [
  { kind: "docker-registry" },
  { kind: "crane" },
  { kind: "docker-registry", tls: true, auth: true },
  { kind: "crane", tls: true, auth: true },
];

describe.each(kinds)("into $kind (TLS $tls, login $auth)", (options) => {
  let registry: Registry;
  let publisher: Publisher;

  beforeAll(async () => {
    registry = await openRegistry(options);
    publisher = await publishers.publisherOf(`${registry.host}/${repository}`, registry.env, { targets: three });
  });

  afterAll(() => registry.stop());

  it("publishes every target whole, signs before it records, and moves the floating tags", async () => {
    const { run, said } = await openPublisher(publisher);
    const { targets } = await run();
    expect(targets.map(({ tag, state }) => [tag, state])).toEqual([
      ["0.12.5-r1", "fresh"],
      ["13.0.7-r1", "fresh"],
      ["13.0.7-r1-full", "fresh"],
    ]);
    const tags = await readTags(registry.direct, repository);
    const [old, latest, full] = targets.map(({ digest }) => digest);
    const floating = {
      "0.12": old,
      "0.12.5": old,
      oldstable: old,
      13: latest,
      "13.0": latest,
      "13.0.7": latest,
      latest,
      stable: latest,
      full,
      "13-full": full,
      "13.0-full": full,
      "13.0.7-full": full,
      "stable-full": full,
    };
    expect(tags).toMatchObject({ ...floating, "13.0.7-r1": latest, "13.0.7-r1-full": full, "0.12.5-r1": old });
    expect(await findHoles(registry.direct, repository)).toEqual([]);
    const own = said.filter((line) => line.includes(latest ?? "") || line.endsWith("13.0.7-r1"));
    expect(own.map((line) => line.split(" ")[0])).toEqual(["sign", "verify", "announce", "record"]);
    expect((await readLedger(publisher.folder)).map(({ digest, contract }) => [digest, contract])).toEqual([
      [old, "1.2.3"],
      [latest, "1.2.3"],
      [full, "1.2.3"],
    ]);
  });

  it("has nothing to do then, by its plan too, and writes nothing", async () => {
    const before = await readTags(registry.direct, repository);
    const { run, plan, said } = await openPublisher(publisher);
    const { targets, floating } = await plan();
    expect(targets.flatMap(({ steps }) => steps)).toEqual([]);
    expect(floating).toEqual([]);
    expect((await run()).targets.map(({ state }) => state)).toEqual(["published", "published", "published"]);
    expect(said).toEqual([]);
    expect(await readTags(registry.direct, repository)).toEqual(before);
  });

  it("publishes a changed target as the next revision, and leaves the first as it was", async () => {
    const before = await readTags(registry.direct, repository);
    const { run } = await openPublisher({ ...publisher, targets: [{ version: "13.0.7", words: "newer" }] });
    const [fresh] = (await run()).targets;
    expect(fresh?.tag).toBe("13.0.7-r2");
    const tags = await readTags(registry.direct, repository);
    expect(tags).toMatchObject({ latest: fresh?.digest, "13.0.7-r2": fresh?.digest, full: before["full"] });
    expect(tags["13.0.7-r1"]).toBe(before["13.0.7-r1"]);
  });

  it("an older release takes its own tags and no newer one's", async () => {
    const before = await readTags(registry.direct, repository);
    const { run } = await openPublisher({ ...publisher, targets: [{ version: "13.0.6", words: "late" }] });
    const { moved } = await run();
    expect(moved.map(({ tag }) => tag)).toEqual(["13.0.6"]);
    expect((await readTags(registry.direct, repository))["latest"]).toBe(before["latest"]);
  });

  it("a build of the same inputs elsewhere adopts what is published", async () => {
    const targets = three.map((target) => ({ ...target, build: "elsewhere" }));
    const before = await readTags(registry.direct, repository);
    const { run, plan, said } = await openPublisher(
      await publishers.publisherOf(`${registry.host}/${repository}`, registry.env, { targets }),
    );
    expect((await plan()).targets.flatMap(({ steps }) => steps.map(({ step }) => step))).not.toContain("build");
    await run();
    expect(await readTags(registry.direct, repository)).toEqual(before);
    expect(said.filter((line) => /^(?:check|sign)/u.test(line))).toEqual([]);
  });
});
