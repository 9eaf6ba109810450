import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { readLedger } from "@prosody-foundry/release";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Publisher, openPublisher, signatureOf } from "../fixtures/publishing.ts";
import { findHoles, readTags } from "../fixtures/registry-content.ts";
import { type FaultyRegistry, serveFaults } from "../fixtures/registry-faults.ts";
import { openRegistry, readTool, type Registry, type RegistryOptions } from "../fixtures/registry.ts";

const repository = "example/prosody";
let crane = "";
let work = "";

beforeAll(async () => {
  crane = await readTool("crane");
  work = await mkdtemp(path.join(os.tmpdir(), "foundry-publish-"));
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

async function publisherOf(host: string, env: Record<string, string>, more: Partial<Publisher>): Promise<Publisher> {
  const folder = await mkdtemp(path.join(work, "publisher-"));
  return { folder, repository: `${host}/${repository}`, crane, env, targets: [], settle: 100, ...more };
}

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
    publisher = await publisherOf(registry.host, registry.env, { targets: three });
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
      ...{ "0.12": old, "0.12.5": old, oldstable: old },
      ...{ 13: latest, "13.0": latest, "13.0.7": latest, latest, stable: latest },
      ...{ full, "13-full": full, "13.0-full": full, "13.0.7-full": full, "stable-full": full },
    };
    expect(tags).toMatchObject({ ...floating, "13.0.7-r1": latest, "13.0.7-r1-full": full, "0.12.5-r1": old });
    expect(await findHoles(registry.direct, repository)).toEqual([]);
    const own = said.filter((line) => line.includes(latest ?? "") || line.endsWith("13.0.7-r1"));
    expect(own.map((line) => line.split(" ")[0])).toEqual(["sign", "verify", "announce", "record", "record"]);
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
    const { run, plan, said } = await openPublisher(await publisherOf(registry.host, registry.env, { targets }));
    expect((await plan()).targets.flatMap(({ steps }) => steps.map(({ step }) => step))).not.toContain("build");
    await run();
    expect(await readTags(registry.direct, repository)).toEqual(before);
    expect(said.filter((line) => /^(?:check|sign)/u.test(line))).toEqual([]);
  });
});

describe("when the registry fails", () => {
  let registry: Registry;
  let proxy: FaultyRegistry;
  let round = 0;

  beforeAll(async () => {
    registry = await openRegistry({ kind: "docker-registry" });
    proxy = await serveFaults(registry.direct);
  });

  afterAll(async () => {
    await proxy.stop();
    await registry.stop();
  });

  const blobs = /\/blobs\/uploads\//u;
  const manifests = /\/manifests\/sha256:/u;
  const passing = [
    ["429 with Retry-After", { method: "PUT", path: manifests, fault: { kind: "status", code: 429 } }],
    ["500", { method: "PUT", path: /manifests\/id-/u, fault: { kind: "status", code: 500, error: "UNKNOWN" } }],
    ["503 without a word", { method: "POST", path: blobs, fault: { kind: "status", code: 503 } }],
    ["a connection cut in a blob", { method: "PATCH", path: blobs, fault: { kind: "cut" } }],
    ["a connection cut in a manifest", { method: "PUT", path: manifests, fault: { kind: "cut" } }],
    ["a slow answer", { method: "PUT", path: manifests, fault: { kind: "slow", milliseconds: 700 } }],
    ["a lost tag of the id", { method: "PUT", path: /manifests\/13/u, fault: { kind: "status", code: 502 } }],
  ] as const;

  it.each(passing)("gets over %s", async (_, rule) => {
    round += 1;
    const targets = [{ version: "13.0.7", words: `passing ${round}` }];
    proxy.set([{ ...rule, times: 4 }]);
    const { run } = await openPublisher(
      await publisherOf(proxy.host, registry.env, { targets, delays: [50, 50, 50, 50, 50] }),
    );
    const { targets: published } = await run();
    proxy.set([]);
    expect(published.map(({ state }) => state)).toEqual(["fresh"]);
    expect(await findHoles(registry.direct, repository)).toEqual([]);
    expect((await readTags(registry.direct, repository))["latest"]).toBe(published[0]?.digest);
  });

  const final = [
    [
      "401",
      "REGISTRY_DENIED",
      { method: "POST", path: blobs, fault: { kind: "status", code: 401, error: "UNAUTHORIZED" } },
    ],
    [
      "403",
      "REGISTRY_DENIED",
      { method: "PUT", path: manifests, fault: { kind: "status", code: 403, error: "DENIED" } },
    ],
    [
      "403 for one tag",
      "REGISTRY_DENIED",
      { method: "PUT", path: /manifests\/claim-/u, fault: { kind: "status", code: 403 } },
    ],
    [
      "404",
      "REGISTRY_REFUSED",
      { method: "POST", path: blobs, fault: { kind: "status", code: 404, error: "NAME_UNKNOWN" } },
    ],
    ["409", "REGISTRY_REFUSED", { method: "PUT", path: /manifests\/13/u, fault: { kind: "status", code: 409 } }],
    [
      "429 without end",
      "REGISTRY_UNREACHABLE",
      { method: "PUT", path: manifests, fault: { kind: "status", code: 429 } },
    ],
    ["500 without end", "REGISTRY_UNREACHABLE", { method: "POST", path: blobs, fault: { kind: "status", code: 500 } }],
    ["blobs that are always cut", "REGISTRY_UNREACHABLE", { method: "PATCH", path: blobs, fault: { kind: "cut" } }],
    [
      "no answer",
      "REGISTRY_UNREACHABLE",
      { method: "PUT", path: manifests, fault: { kind: "slow", milliseconds: 60_000 } },
    ],
    [
      "other content than was pushed",
      "REGISTRY_WRONG_CONTENT",
      { method: "GET", path: manifests, fault: { kind: "wrong" } },
    ],
    ["a lost manifest", "REGISTRY_WRONG_CONTENT", { method: "PUT", path: manifests, fault: { kind: "lost" } }],
    ["a lost tag", "REGISTRY_WRONG_CONTENT", { method: "PUT", path: /manifests\/id-/u, fault: { kind: "lost" } }],
    ["a lost blob", "REGISTRY_WRONG_CONTENT", { method: "PUT", path: blobs, fault: { kind: "lost" } }],
  ] as const;

  it.each(final)(
    "ends with a code at %s (%s), no tag on anything incomplete, and is finished by the next run",
    async (...[, code, rule]) => {
      round += 1;
      const targets = [{ version: "13.0.7", words: `final ${round}` }];
      const publisher = await publisherOf(proxy.host, registry.env, {
        targets,
        patience: { request: 4000, upload: 4000 },
      });
      const before = await readTags(registry.direct, repository);
      proxy.set([rule]);
      await expect((await openPublisher(publisher)).run()).rejects.toMatchObject({ code });
      proxy.set([]);
      expect(await findHoles(registry.direct, repository)).toEqual([]);
      const between = await readTags(registry.direct, repository);
      expect(between["latest"]).toBe(before["latest"]);
      const [published] = (await (await openPublisher(publisher)).run()).targets;
      expect(published?.state).toBe("fresh");
      expect(await readTags(registry.direct, repository)).toMatchObject({
        ...between,
        latest: published?.digest,
        stable: published?.digest,
        13: published?.digest,
        "13.0": published?.digest,
        "13.0.7": published?.digest,
      });
      expect(await findHoles(registry.direct, repository)).toEqual([]);
    },
  );

  it("uploads only what changed, as the plan foresaw", async () => {
    const publisher = await publisherOf(proxy.host, registry.env, {
      targets: [{ version: "13.0.7", words: "bumped" }],
    });
    const before = proxy.uploaded();
    const { run, facts } = await openPublisher(publisher);
    const [target] = (await facts()).targets;
    await run();
    const layout = target?.built?.upload;
    const shared = layout?.blobs.find(({ size }) => size === 2000);
    expect(shared).toBeDefined();
    expect(proxy.uploaded() - before).toBeLessThan(2000 + 12 * 2000);
    expect(proxy.requests.filter((line) => line.startsWith("PATCH")).length).toBeGreaterThan(0);
    expect(signatureOf("x@sha256:00").tag).toBe("signed-00");
  });
});
