import { UserError } from "@prosody-foundry/kit";
import { readLedger } from "@prosody-foundry/release";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Publisher, openPublisher } from "../fixtures/publishing.ts";
import { openPublishers, type Publishers } from "../fixtures/publishers.ts";
import { findHoles, readTags } from "../fixtures/registry-content.ts";
import { type FaultyRegistry, serveFaults } from "../fixtures/registry-faults.ts";
import { openRegistry, type Registry } from "../fixtures/registry.ts";

let publishers: Publishers;

beforeAll(async () => {
  publishers = await openPublishers();
});

afterAll(async () => {
  await publishers.clear();
});

describe("nothing that should not gets a floating tag", () => {
  let registry: Registry;
  let proxy: FaultyRegistry;
  const targets = [{ version: "13.0.7", words: "ours" }];

  beforeAll(async () => {
    registry = await openRegistry({ kind: "crane" });
    proxy = await serveFaults(registry.direct);
  });

  afterAll(async () => {
    await proxy.stop();
    await registry.stop();
  });

  function open(place: string, more: Partial<Publisher> = {}): Promise<Publisher> {
    return publishers.publisherOf(`${proxy.host}/${place}`, registry.env, { targets, delays: [20], ...more });
  }

  it("a target that did not pass its checks, of which nothing is pushed", async () => {
    const { run } = await openPublisher(await open("checks/failed"));
    await expect(run({ prepare: () => refuse("CHECKS_FAILED") })).rejects.toMatchObject({ code: "CHECKS_FAILED" });
    expect(await readTags(registry.direct, "checks/failed")).toEqual({});
  });

  it("an index that could not be signed, until a later run signs it", async () => {
    const publisher = await open("signing/failed");
    const failing = await openPublisher(publisher);

    await expect(
      failing.run({ signing: { ...failing.signing, sign: () => refuse("SIGN_FAILED") } }),
    ).rejects.toMatchObject({ code: "SIGN_FAILED" });
    expect(Object.keys(await readTags(registry.direct, "signing/failed"))).not.toContain("latest");
    expect(await readLedger(publisher.folder)).toEqual([]);
    const elsewhere = await openPublisher(
      await open("signing/failed", { targets: [{ version: "13.0.6", words: "other" }] }),
    );
    await elsewhere.run();
    const between = await readTags(registry.direct, "signing/failed");
    expect(between["latest"]).toBe(between["13.0.6-r1"]);
    await (await openPublisher(publisher)).run();
    const after = await readTags(registry.direct, "signing/failed");
    expect(after["latest"]).toBe(after["13.0.7-r1"]);
  });

  it("content of which a registry that trusts its clients lost a blob", async () => {
    proxy.set([{ method: "PUT", path: /\/blobs\/uploads\//u, fault: { kind: "lost" } }]);
    const publisher = await open("blob/lost", { targets: [{ version: "13.0.7", words: "lost" }] });
    await expect((await openPublisher(publisher)).run()).rejects.toMatchObject({ code: "REGISTRY_WRONG_CONTENT" });
    expect(await readTags(registry.direct, "blob/lost")).toEqual({});
    proxy.set([]);
    await (await openPublisher(publisher)).run();
    expect(await findHoles(registry.direct, "blob/lost")).toEqual([]);
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

  /** A repository of its own for every test. */
  async function open(more: Partial<Publisher>): Promise<{ publisher: Publisher; place: string }> {
    round += 1;
    const place = `example/round-${round}`;
    return { publisher: await publishers.publisherOf(`${proxy.host}/${place}`, registry.env, more), place };
  }

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
    const targets = [{ version: "13.0.7", words: "passing" }];
    const { publisher, place } = await open({ targets, delays: [50, 50, 50, 50, 50] });
    proxy.set([{ ...rule, times: 4 }]);
    const { targets: published } = await (await openPublisher(publisher)).run();
    proxy.set([]);
    expect(published.map(({ state }) => state)).toEqual(["fresh"]);
    expect(await findHoles(registry.direct, place)).toEqual([]);
    expect((await readTags(registry.direct, place))["latest"]).toBe(published[0]?.digest);
  });

  const tagList = /\/tags\/list/u;
  const final = [
    ["a tag list's 401", "REGISTRY_DENIED", { method: "GET", path: tagList, fault: { kind: "status", code: 401 } }],
    [
      "a tag list's 500",
      "REGISTRY_UNREACHABLE",
      { method: "GET", path: tagList, fault: { kind: "status", code: 500 } },
    ],
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
      const targets = [{ version: "13.0.7", words: "final" }];
      const { publisher, place } = await open({ targets, delays: [20], patience: { request: 4000, upload: 4000 } });
      proxy.set([rule]);
      await expect((await openPublisher(publisher)).run()).rejects.toMatchObject({ code });
      proxy.set([]);
      expect(await findHoles(registry.direct, place)).toEqual([]);
      const between = await readTags(registry.direct, place);
      expect(between).not.toHaveProperty("latest");
      const [published] = (await (await openPublisher(publisher)).run()).targets;
      expect(published).toMatchObject({ state: "fresh", tag: "13.0.7-r1" });
      expect(await readTags(registry.direct, place)).toMatchObject({ ...between, latest: published?.digest });
      expect(await findHoles(registry.direct, place)).toEqual([]);
    },
  );

  it.each([
    ["with the specification's code", "NAME_UNKNOWN"],
    ["without a word", undefined],
  ])("a tag list's 404 is an empty list until the first tag, and an end after it (%s)", async (_, error) => {
    const targets = [{ version: "13.0.7", words: "listed" }];
    const { publisher, place } = await open({ targets, delays: [20] });
    const fault = { kind: "status", code: 404, ...(error === undefined ? {} : { error }) } as const;
    proxy.set([{ method: "GET", path: tagList, fault }]);
    const first = await openPublisher(publisher);
    await expect(first.run()).rejects.toMatchObject({ code: "REGISTRY_WRONG_CONTENT" });
    expect(first.said.map((line) => line.split(" ")[0])).toContain("record");
    // All is there but the floating tags, so that nothing is written before the list is asked for again.
    const second = await openPublisher(publisher);
    await expect(second.run()).rejects.toMatchObject({ code: "REGISTRY_WRONG_CONTENT" });
    expect(await readTags(registry.direct, place)).not.toHaveProperty("latest");
    proxy.set([]);
    const { moved } = await (await openPublisher(publisher)).run();
    expect(moved.map(({ tag }) => tag)).toContain("latest");
    expect(await readTags(registry.direct, place)).toHaveProperty("latest");
  });

  it("sends what changed and no byte more, as its plan foresees", async () => {
    const { publisher } = await open({ targets: [{ version: "13.0.7", words: "first" }], withBlobs: true });
    await (await openPublisher(publisher)).run();
    const bumped = { ...publisher, targets: [{ version: "13.0.7", words: "bumped" }] };
    const { plan, facts, run } = await openPublisher(bumped);
    const { targets, floating } = await plan();
    const requests = [
      ...targets.flatMap(({ steps }) =>
        steps.flatMap(({ step, requests: each }) => (step === "sign" ? [] : (each ?? []))),
      ),
      ...floating.map(({ request }) => request),
    ];
    // The test's signature is one more tag on the index.
    const [signature] = floating.map(({ request }) => request.bytes ?? 0);
    let foreseen = signature ?? 0;
    for (const { bytes } of requests) foreseen += bytes ?? signature ?? 0;
    const uploads = requests.filter(({ method }) => method === "POST").length;
    const [from, sent] = [proxy.requests.length, proxy.uploaded()];
    await run();
    const asked = proxy.requests.slice(from);
    expect(asked.filter((line) => line.startsWith("POST ")).length).toBe(uploads);
    expect(proxy.uploaded() - sent).toBe(foreseen);
    const layers = (await facts()).targets[0]?.built?.upload.blobs ?? [];
    expect(layers.some(({ size }) => size === 2000)).toBe(true);
    expect(requests.some(({ bytes, method }) => method === "POST" && bytes === 2000)).toBe(false);
  });
});

function refuse(code: string): Promise<never> {
  return Promise.reject(new UserError(code, "refused by the test"));
}
