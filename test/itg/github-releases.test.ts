import { type ReleaseFacts, announceRelease, Ledger, type LedgerEntry } from "@prosody-foundry/release";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { entryOf, factsOf, names, readReleases } from "../fixtures/announcing.ts";
import { failOnce } from "../fixtures/fail-once.ts";
import { type FakeGithub, openFakeGithub } from "../fixtures/github.ts";

let github: FakeGithub;
let commit: string;
const published: LedgerEntry[] = [];

const Ref = z.looseObject({ object: z.looseObject({ sha: z.string() }) });
const Latest = z.looseObject({ tag_name: z.string() });
const Content = z.looseObject({ sha: z.string(), content: z.string() });

beforeAll(async () => {
  github = await openFakeGithub();
  commit = Ref.parse(await github.ask("GET", "/git/ref/heads/main")).object.sha;
});
afterAll(() => github.close());
beforeEach(() => {
  github.forget();
  github.handleNothing();
});

const announce = (entry: LedgerEntry, changes: Partial<ReleaseFacts> = {}, dryRun = false) =>
  announceRelease(github.client, factsOf(entry, { commit, ledger: published, ...changes }), { dryRun });

const releases = (tag?: string) => readReleases(github, tag);

/** As GitHub's own page shows it. */
async function latest(): Promise<string> {
  const answer = await fetch(`${github.place.api}/repos/acme/images/releases/latest`);
  return Latest.parse(await answer.json()).tag_name;
}

async function ledgerTags(): Promise<string[]> {
  const { content } = Content.parse(await github.ask("GET", "/contents/images/ledger.json"));
  const Entries = z.object({ entries: z.array(z.looseObject({ version: z.string(), rev: z.number() })) });
  const { entries } = Entries.parse(JSON.parse(Buffer.from(content, "base64").toString()));
  return entries.map(({ version, rev }) => `${version}-r${rev}`);
}

describe("a published image", () => {
  it("is told of in a dry run, and nothing is written", async () => {
    const { actions, url } = await announce(entryOf("13.0.7"), {}, true);
    const kinds = actions.map(({ kind }) => kind);
    expect(kinds).toEqual(["create draft", ...names.map(() => "upload"), "tag", "publish", "commit ledger"]);
    expect([url, github.writes()]).toEqual([null, []]);
  });

  it("gets its tag, its release with all assets, and its entry in the committed ledger", async () => {
    const entry = entryOf("13.0.7");
    const { url } = await announce(entry);
    const [release, ...more] = await releases();
    expect(more).toEqual([]);
    expect(release).toMatchObject({ tag_name: "13.0.7-r1", draft: false, prerelease: false, body: "What changed" });
    expect(release?.assets.map(({ name }) => name).toSorted()).toEqual(names);
    expect(url).toContain("13.0.7-r1");
    const uploads = github.requests.filter(({ host }) => host === "localhost").map(({ path }) => path);
    expect(uploads.map((path) => path.split("name=")[1])).toEqual(names);
    expect(Ref.parse(await github.ask("GET", "/git/ref/tags/13.0.7-r1")).object.sha).toBe(commit);
    expect([await latest(), await ledgerTags()]).toEqual(["13.0.7-r1", ["13.0.7-r1"]]);
    published.push(entry);
  });

  it("is public only with the last request but the ledger's", async () => {
    await announce(entryOf("13.0.7", { rev: 2 }));
    const writes = github.writes();
    expect(writes.at(-2)).toMatch(/^PATCH \/releases\/\d+$/u);
    expect(
      github.requests
        .filter(({ method }) => method === "PATCH")
        .map(({ body }) => JSON.parse(body.toString()) as unknown),
    ).toEqual([{ draft: false, make_latest: "true" }]);
    published.push(entryOf("13.0.7", { rev: 2 }));
  });

  it("is not touched again", async () => {
    const { actions, url } = await announce(entryOf("13.0.7", { rev: 2 }));
    expect([actions, github.writes()]).toEqual([[], []]);
    expect(url).toContain("13.0.7-r2");
  });

  it("keeps its tag where it is when it is told of again from a later commit", async () => {
    expect((await announce(entryOf("13.0.7", { rev: 2 }), { commit: "f".repeat(40) })).actions).toEqual([]);
  });
});

describe("the latest release", () => {
  it.each([
    ["an older series", entryOf("0.12.5")],
    ["an older release", entryOf("13.0.1")],
    ["a variant", entryOf("13.0.7", { rev: 3, variant: "full" })],
    ["a build of trunk", entryOf("trunk-20261119-0971c99bfbc9")],
  ])("stays where it is when %s is published", async (_name, entry) => {
    await announce(entry);
    published.push(entry);
    expect(await latest()).toBe("13.0.7-r2");
    const [release] = await releases(`${entry.version}-r${entry.rev}${entry.variant === "" ? "" : "-full"}`);
    expect(release?.prerelease).toBe(entry.series === "trunk");
  });

  it("goes back when the newest is withdrawn, and the release says so", async () => {
    const entry = entryOf("13.0.7", { rev: 2, yanked: true });
    await announce(entry, { ledger: [...published.filter(({ rev }) => rev !== 2), entry] });
    expect([await latest(), (await releases("13.0.7-r2"))[0]?.name]).toEqual(["13.0.7-r1", "13.0.7-r2 (withdrawn)"]);
  });

  it("is put right when somebody made another one the latest", async () => {
    const [old] = await releases("0.12.5-r1");
    await fetch(`${github.place.api}/repos/acme/images/releases/${old?.id}`, {
      method: "PATCH",
      body: JSON.stringify({ make_latest: "true" }),
      headers: { authorization: `Bearer ${github.place.token}` },
    });
    expect(await latest()).toBe("0.12.5-r1");
    const yanked = entryOf("13.0.7", { rev: 2, yanked: true });
    await announce(entryOf("0.12.5"), { ledger: [...published, yanked] });
    expect(await latest()).toBe("13.0.7-r1");
  });
});

describe("what was left half made", () => {
  it("by a run that was cut off in an upload: the cut asset is made anew, nothing was public", async () => {
    const entry = entryOf("13.0.8");
    github.handle(({ method, path }) =>
      method === "POST" && path.includes("name=packages.lock.json") ? { status: 500 } : undefined,
    );
    await expect(announce(entry)).rejects.toMatchObject({ code: "GITHUB_UNREACHABLE" });
    expect(await releases("13.0.8-r1")).toMatchObject([{ draft: true }]);
    await expect(github.ask("GET", "/git/ref/tags/13.0.8-r1")).rejects.toThrow(/404/u);
    github.handleNothing();
    // The mark GitHub leaves on an upload that never ended.
    github.handle(({ method, path }) =>
      method === "GET" && path.startsWith("/releases?")
        ? { status: 200, edit: (text) => text.replace('"uploaded"', '"starter"') }
        : undefined,
    );
    const { actions } = await announce(entry);
    github.handleNothing();
    expect(actions.map(({ kind }) => kind)).toEqual([
      "delete asset",
      "upload",
      "upload",
      "upload",
      "upload",
      "tag",
      "publish",
      "commit ledger",
    ]);
    const [release] = await releases("13.0.8-r1");
    expect(release?.assets.map(({ name }) => name).toSorted()).toEqual(names);
    published.push(entry);
  });

  it("in a public release: an asset that is missing or has another size is put there", async () => {
    const [release] = await releases("13.0.8-r1");
    await github.ask("DELETE", `/releases/assets/${release?.assets[0]?.id}`);
    const { actions } = await announce(entryOf("13.0.8"), { packages: '{"packages":"other"}\n' });
    expect(actions.map(({ kind }) => kind).toSorted()).toEqual(["delete asset", "upload", "upload"]);
    expect((await releases("13.0.8-r1"))[0]?.assets).toHaveLength(5);
  });

  it("by two that began at once: one draft is left, and becomes the release", async () => {
    const draft = { tag_name: "13.0.9-r1", name: "13.0.9-r1", body: "", draft: true };
    for (const body of [draft, draft]) await github.client.ask("POST /releases", z.unknown(), body);
    expect(await releases("13.0.9-r1")).toHaveLength(2);
    await announce(entryOf("13.0.9"));
    expect(await releases("13.0.9-r1")).toMatchObject([{ draft: false, name: "13.0.9-r1" }]);
    published.push(entryOf("13.0.9"));
  });

  it.each([
    ["a refusal of the server's own", { status: 503 }],
    ["a connection cut in an answer", { status: 200, cut: "in the middle" as const }],
    ["a limit", { status: 429, headers: { "retry-after": "1" } }],
  ])("by nobody, when each request fails once: %s", async (name, reply) => {
    failOnce(github, reply);
    const entry = entryOf(`13.0.${10 + name.length}`);
    await announce(entry);
    published.push(entry);
    github.handleNothing();
    const tag = `${entry.version}-r1`;
    expect(await releases(tag)).toMatchObject([{ draft: false }]);
    expect((await releases(tag))[0]?.assets).toHaveLength(5);
  });
});

describe("the committed ledger", () => {
  it("keeps what somebody else committed in between", async () => {
    const other = entryOf("0.12.6");
    const before = Content.parse(await github.ask("GET", "/contents/images/ledger.json"));
    const theirs = Ledger.parse(JSON.parse(Buffer.from(before.content, "base64").toString()));
    theirs.entries.push(other);
    const content = Buffer.from(JSON.stringify(theirs)).toString("base64");
    await github.ask("PUT", "/contents/images/ledger.json", { message: "Another", content, sha: before.sha });
    // Read before they committed.
    let stale = true;
    github.handle(({ method, path }) => {
      if (method !== "GET" || path !== "/contents/images/ledger.json" || !stale) return undefined;
      stale = false;
      return { status: 200, body: before };
    });
    await announce(entryOf("13.0.9", { rev: 2 }));
    expect(await ledgerTags()).toEqual(expect.arrayContaining(["0.12.6-r1", "13.0.9-r1", "13.0.9-r2"]));
    expect(github.writes().filter((write) => write === "PUT /contents/images/ledger.json")).toHaveLength(2);
  });

  it("that gives the revision another digest stops it", async () => {
    const forged = entryOf("13.0.9", { rev: 2, digest: `sha256:${"e".repeat(64)}` });
    await expect(announce(forged)).rejects.toMatchObject({ code: "TAG_IMMUTABLE" });
  });

  it("on a protected branch is refused at once, with what to do", async () => {
    const body = { message: "Repository rule violations found: changes must be made through a pull request." };
    github.handle(({ method, path }) =>
      method === "PUT" && path.startsWith("/contents") ? { status: 409, body } : undefined,
    );
    const error: unknown = await announce(entryOf("13.0.9", { rev: 3 })).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "GITHUB_DENIED", hint: expect.stringContaining("bypass") as unknown });
    expect(github.writes().filter((write) => write.startsWith("PUT"))).toHaveLength(1);
  });
});

it("two that tell of one image at once end with one release, whole", async () => {
  const entry = entryOf("13.0.99");
  await Promise.all([announce(entry), announce(entry)]);
  expect(await releases("13.0.99-r1")).toMatchObject([{ draft: false }]);
  expect((await releases("13.0.99-r1"))[0]?.assets.map(({ name }) => name).toSorted()).toEqual(names);
  expect(await ledgerTags()).toContain("13.0.99-r1");
  expect((await announce(entry)).actions).toEqual([]);
});
