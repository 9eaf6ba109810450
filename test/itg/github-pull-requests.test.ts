import { inspect } from "node:util";
import { type WantedPullRequest, writePullRequests } from "@prosody-foundry/release";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { failOnce } from "../fixtures/fail-once.ts";
import { type FakeGithub, openFakeGithub, secretToken } from "../fixtures/github.ts";

let github: FakeGithub;
let onto: string;

const Ref = z.looseObject({ object: z.looseObject({ sha: z.string() }) });
const Pulls = z.array(
  z.looseObject({
    number: z.number(),
    state: z.string(),
    title: z.string(),
    body: z.string(),
    labels: z.array(z.looseObject({ name: z.string() })),
    head: z.looseObject({ ref: z.string(), sha: z.string() }),
  }),
);
const Content = z.looseObject({ content: z.string() });

beforeAll(async () => {
  github = await openFakeGithub();
  for (const [path, text] of [
    ["modules.lock.json", "old"],
    ["away.md", "away"],
  ]) {
    const content = Buffer.from(text ?? "").toString("base64");
    await github.ask("PUT", `/contents/${path}`, { message: `Add ${path}`, content });
  }
  onto = await headOf("main");
});
afterAll(() => github.close());
beforeEach(() => {
  github.forget();
  github.handleNothing();
});

async function headOf(branch: string): Promise<string> {
  return Ref.parse(await github.ask("GET", `/git/ref/heads/${branch}`)).object.sha;
}

async function pulls(state = "open") {
  const all = Pulls.parse(await github.ask("GET", `/pulls?state=${state}`));
  return all.map(({ number, title, body, labels, head }) => {
    return { number, title, body, labels: labels.map(({ name }) => name), branch: head.ref };
  });
}

async function textOf(path: string, branch: string): Promise<string> {
  const { content } = Content.parse(await github.ask("GET", `/contents/${path}?ref=${branch}`));
  return Buffer.from(content, "base64").toString();
}

function wantedOf(changes: Partial<WantedPullRequest> = {}): WantedPullRequest {
  const files = { "modules.lock.json": "new", ".changeset/bump-1.md": "what moved", "away.md": null };
  return { branch: "bump/modules", title: "Bump 2 modules", body: "All of it", labels: ["bump"], files, ...changes };
}

const write = (wanted: WantedPullRequest[], changes: { family?: string | null; dryRun?: boolean } = {}) =>
  writePullRequests(github.client, { wanted, onto, family: "bump/", dryRun: false, ...changes });

describe("one pull request", () => {
  it("is told of in a dry run, and nothing is written", async () => {
    const { actions } = await write([wantedOf()], { dryRun: true });
    expect(actions.map(({ kind }) => kind)).toEqual(["write branch", "open"]);
    expect(JSON.stringify(actions)).toContain("what moved");
    expect(github.writes()).toEqual([]);
  });

  it("is opened from a branch with one commit that changes those files and no others", async () => {
    const { pulls: open } = await write([wantedOf()]);
    expect(Object.keys(open)).toEqual(["bump/modules"]);
    expect(await pulls()).toMatchObject([{ title: "Bump 2 modules", labels: ["bump"], branch: "bump/modules" }]);
    expect(await textOf("modules.lock.json", "bump/modules")).toBe("new");
    expect(await textOf(".changeset/bump-1.md", "bump/modules")).toBe("what moved");
    await expect(textOf("away.md", "bump/modules")).rejects.toThrow(/404/u);
    await expect(textOf("README.md", "bump/modules")).resolves.toBeTruthy();
  });

  it("is not touched again while nothing changes", async () => {
    expect((await write([wantedOf()])).actions).toEqual([]);
    expect(github.writes()).toEqual([]);
  });

  it("is updated in place when its text or its labels change, and others' labels stay", async () => {
    const [before] = await pulls();
    await github.ask("POST", `/issues/${before?.number}/labels`, { labels: ["by hand"] });
    await write([wantedOf({ title: "Bump 3 modules", body: "More", labels: ["no rebuild"] })]);
    const [after] = await pulls();
    expect(after).toMatchObject({ number: before?.number, title: "Bump 3 modules", labels: ["by hand", "no rebuild"] });
    expect(after?.body).toMatch(/^More\n/u);
  });

  it("is updated in place when its files change: the branch still has one commit", async () => {
    await write([wantedOf({ files: { "modules.lock.json": "newer" } })]);
    const branch = await headOf("bump/modules");
    expect(await github.ask("GET", `/git/commits/${branch}`)).toMatchObject({ parents: [{ sha: onto }] });
    expect(await textOf("modules.lock.json", "bump/modules")).toBe("newer");
    expect(await textOf("away.md", "bump/modules")).toBe("away");
    expect(await pulls()).toHaveLength(1);
  });

  it("is made anew on the commit that its files were made from", async () => {
    await github.ask("PUT", "/contents/other.md", { message: "Go on", content: "" });
    const moved = await headOf("main");
    const wanted = wantedOf({ files: { "modules.lock.json": "newer" } });
    await writePullRequests(github.client, { wanted: [wanted], onto: moved, family: null, dryRun: false });
    const branch = await headOf("bump/modules");
    expect(await github.ask("GET", `/git/commits/${branch}`)).toMatchObject({ parents: [{ sha: moved }] });
    onto = moved;
  });
});

describe("others' work", () => {
  it("on our branch is left alone, and said", async () => {
    const content = Buffer.from("mine").toString("base64");
    await github.ask("PUT", "/contents/mine.md", { message: "Mine", content, branch: "bump/modules" });
    const theirs = await headOf("bump/modules");
    const { actions, commits } = await write([wantedOf()]);
    expect(commits).toEqual({});
    expect(actions).toMatchObject([{ kind: "leave", because: expect.stringContaining("not ours") as unknown }]);
    expect([github.writes(), await headOf("bump/modules")]).toEqual([[], theirs]);
  });

  it("in a pull request of our family is never closed", async () => {
    await github.ask("POST", "/git/refs", { ref: "refs/heads/bump/by-hand", sha: await headOf("bump/modules") });
    await github.ask("POST", "/pulls", { head: "bump/by-hand", base: "main", title: "By hand", body: "By hand" });
    await write([wantedOf({ branch: "bump/mod_a" })]);
    expect((await pulls()).map(({ branch }) => branch).toSorted()).toEqual(["bump/by-hand", "bump/mod_a"]);
    expect(await headOf("bump/by-hand")).toBeTruthy();
  });

  it("that closed a pull request is not undone until its content is another", async () => {
    const [own] = (await pulls()).filter(({ branch }) => branch === "bump/mod_a");
    await github.ask("PATCH", `/pulls/${own?.number}`, { state: "closed" });
    const { actions } = await write([wantedOf({ branch: "bump/mod_a", title: "Another title" })]);
    expect(actions).toMatchObject([{ kind: "leave", because: `#${own?.number} with the same content was closed` }]);
    expect(github.writes()).toEqual([]);
    await write([wantedOf({ branch: "bump/mod_a", files: { "modules.lock.json": "newest" } })]);
    expect((await pulls()).map(({ branch }) => branch)).toContain("bump/mod_a");
  });
});

describe("what is superseded", () => {
  it("is closed with a link to what takes its place, and its branch is deleted", async () => {
    const [old] = (await pulls()).filter(({ branch }) => branch === "bump/mod_a");
    const { pulls: open } = await write([wantedOf({ branch: "bump/all" })]);
    expect((await pulls()).map(({ branch }) => branch).toSorted()).toEqual(["bump/all", "bump/by-hand"]);
    const comments = await github.ask("GET", `/issues/${old?.number}/comments`);
    expect(comments).toMatchObject([{ body: `Superseded by #${open["bump/all"]?.number}.` }]);
    await expect(headOf("bump/mod_a")).rejects.toThrow(/404/u);
  });

  it("may come back", async () => {
    await write([wantedOf({ branch: "bump/mod_a", files: { "modules.lock.json": "newest" } })]);
    expect((await pulls()).map(({ branch }) => branch).toSorted()).toEqual(["bump/by-hand", "bump/mod_a"]);
  });

  it("is closed too when nothing takes its place", async () => {
    await write([]);
    expect((await pulls()).map(({ branch }) => branch)).toEqual(["bump/by-hand"]);
  });

  it("stays when only some modules were asked for", async () => {
    await write([wantedOf({ branch: "bump/mod_a", files: { "modules.lock.json": "a" } })]);
    await write([wantedOf({ branch: "bump/mod_b", files: { "modules.lock.json": "b" } })], { family: null });
    const branches = (await pulls()).map(({ branch }) => branch);
    expect(branches).toEqual(expect.arrayContaining(["bump/mod_a", "bump/mod_b"]));
    await write([]);
  });
});

const wanted = () => wantedOf({ branch: "bump/fault", files: { "modules.lock.json": `${Math.random()}` } });

describe("faults in between", () => {
  it.each([
    ["a refusal of the server's own", { status: 502 }],
    ["a connection cut at once", { status: 200, cut: "at once" as const }],
    ["a connection cut in an answer", { status: 200, cut: "in the middle" as const }],
    ["an answer that was lost after the request arrived", { status: 502, arrived: true }],
    ["a limit of requests that tells how long to wait", { status: 429, headers: { "retry-after": "1" } }],
    ["a second limit, by its words", { status: 403, body: { message: "You have exceeded a secondary rate limit" } }],
    ["a used-up limit", { status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" } }],
  ])("once at each request: %s", async (_name, reply) => {
    failOnce(github, reply);
    const one = wanted();
    const before = (await pulls("all")).length;
    await write([one]);
    github.handleNothing();
    expect((await pulls()).filter(({ branch }) => branch === "bump/fault")).toMatchObject([
      { title: one.title, labels: ["bump"] },
    ]);
    expect(await textOf("modules.lock.json", "bump/fault")).toBe(one.files["modules.lock.json"]);
    await write([]);
    expect((await pulls("all")).length).toBe(before + 1);
  });

  const denied = { status: 403, body: { message: "Resource not accessible by integration" } };
  it.each([
    ["GITHUB_DENIED", "/pulls", denied, /pull-requests: write/u],
    ["GITHUB_DENIED", "/git/trees", { status: 401, body: { message: "Bad credentials" } }, /contents: write/u],
    ["GITHUB_CONFLICT", "/git/refs", { status: 422, body: { message: "Validation Failed" } }, /Run it again/u],
    ["GITHUB_UNREACHABLE", "/git/commits", { status: 500 }, /Run it again/u],
    ["GITHUB_REFUSED", "/git/trees", { status: 400 }, /did not take/u],
    ["GITHUB_RATE_LIMITED", "/pulls", { status: 429, headers: { "retry-after": "301" } }, /Wait 301 seconds/u],
    [
      "GITHUB_RATE_LIMITED",
      "/git/trees",
      { status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "4000000000" } },
      /Wait until 2096/u,
    ],
  ])(
    "%s of %s for good, and again: it is finished without a second of anything",
    async (...[code, path, reply, hint]) => {
      github.handle((request) =>
        request.method === "POST" && request.path === path
          ? { ...reply, body: { message: secretToken, ...("body" in reply ? reply.body : {}) } }
          : undefined,
      );
      const one = wanted();
      const error: unknown = await write([one]).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code, hint: expect.stringMatching(hint) as unknown });
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secretToken);
      github.handleNothing();
      const before = (await pulls("all")).length;
      await write([one]);
      expect((await pulls("all")).length).toBe(before + 1);
      github.forget();
      expect([(await write([one])).actions, github.writes()]).toEqual([[], []]);
      await write([]);
    },
  );

  it("while one is being superseded: the comment is made once", async () => {
    await write([wanted()]);
    const [own] = (await pulls()).filter(({ branch }) => branch === "bump/fault");
    github.handle(({ method, path }) =>
      method === "PATCH" && path === `/pulls/${own?.number}` ? { status: 500 } : undefined,
    );
    await expect(write([])).rejects.toMatchObject({ code: "GITHUB_UNREACHABLE" });
    github.handleNothing();
    await write([]);
    expect(await github.ask("GET", `/issues/${own?.number}/comments`)).toHaveLength(1);
  });

  it("an answer that is not GitHub's is refused", async () => {
    github.handle(({ path }) => (path === "" ? { status: 200, body: { welcome: true } } : undefined));
    await expect(write([wanted()])).rejects.toMatchObject({ code: "GITHUB_UNREACHABLE" });
  });
});

it("two at once end with one pull request", async () => {
  const one = wantedOf({ branch: "bump/twice", files: { "modules.lock.json": "twice" } });
  await Promise.all([write([one]), write([one])]);
  expect((await pulls()).filter(({ branch }) => branch === "bump/twice")).toMatchObject([{ labels: ["bump"] }]);
  expect((await write([one])).actions).toEqual([]);
});
