import { announceRelease, type LedgerEntry } from "@prosody-foundry/release";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { entryOf, factsOf, names, readReleases } from "../fixtures/announcing.ts";
import { type FakeGithub, openFakeGithub } from "../fixtures/github.ts";

// GitHub makes a draft as often as it is asked to: whoever got no answer may not just ask again.
let github: FakeGithub;
let commit: string;

beforeAll(async () => {
  github = await openFakeGithub();
  const Ref = z.looseObject({ object: z.looseObject({ sha: z.string() }) });
  commit = Ref.parse(await github.ask("GET", "/git/ref/heads/main")).object.sha;
});
afterAll(() => github.close());
beforeEach(() => {
  github.forget();
  github.handleNothing();
});

const announce = (entry: LedgerEntry) =>
  announceRelease(github.client, factsOf(entry, { commit, ledger: [] }), { dryRun: false });

const lost = { status: 502, arrived: true } as const;

function isCreate({ method, path }: { method: string; path: string }): boolean {
  return method === "POST" && path === "/releases";
}

it.each([
  ["an error", "13.0.200", lost],
  ["a cut connection", "13.0.201", { ...lost, cut: "at once" as const }],
  ["half an answer", "13.0.202", { ...lost, status: 201, cut: "in the middle" as const }],
])("a draft whose answer was lost (%s): it is found, and no second one is made", async (_, version, reply) => {
  let answers = 0;
  github.handle((request) => {
    if (!isCreate(request)) return undefined;
    answers += 1;
    return answers === 1 ? reply : undefined;
  });
  const entry = entryOf(version);
  await announce(entry);
  expect(github.requests.filter(isCreate)).toHaveLength(1);
  expect(await readReleases(github, `${version}-r1`)).toMatchObject([{ draft: false }]);
  expect((await readReleases(github, `${version}-r1`))[0]?.assets.map(({ name }) => name).toSorted()).toEqual(names);
});

it("a run that ended when the draft's answer was lost: the next one takes that draft", async () => {
  const entry = entryOf("13.0.203");
  let gone = false;
  github.handle((request) => {
    if (isCreate(request)) gone = true;
    if (isCreate(request)) return lost;
    return gone ? { status: 500 } : undefined;
  });
  await expect(announce(entry)).rejects.toMatchObject({ code: "GITHUB_UNREACHABLE" });
  github.handleNothing();
  const [draft, ...more] = await readReleases(github, "13.0.203-r1");
  expect([draft?.draft, more]).toEqual([true, []]);
  const { actions } = await announce(entry);
  expect(actions.map(({ kind }) => kind)).not.toContain("create draft");
  expect(await readReleases(github, "13.0.203-r1")).toMatchObject([{ id: draft?.id, draft: false }]);
});

it("where drafts cannot be made, it ends with a code, and leaves none", async () => {
  github.handle((request) => (isCreate(request) ? { status: 503 } : undefined));
  await expect(announce(entryOf("13.0.204"))).rejects.toMatchObject({ code: "GITHUB_UNREACHABLE" });
  github.handleNothing();
  expect(await readReleases(github, "13.0.204-r1")).toEqual([]);
});
