import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { type Foundry, openFoundry } from "../fixtures/foundry.ts";
import { type FakeGithub, openFakeGithub, secretToken } from "../fixtures/github.ts";

let github: FakeGithub;
let folder: string;
let foundry: Foundry;

const Pulls = z.array(
  z.looseObject({ title: z.string(), body: z.string(), head: z.looseObject({ ref: z.string(), sha: z.string() }) }),
);

// The foundry's folder is below the top of the work tree, as where it is part of a larger repository.
beforeAll(async () => {
  github = await openFakeGithub();
  folder = await mkdtemp(path.join(os.tmpdir(), "foundry-propose-"));
  const root = path.join(folder, "below");
  await mkdir(path.join(root, "images"), { recursive: true });
  await writeFile(path.join(root, "images/series.json"), "{}\n");
  await writeFile(path.join(root, "gone.md"), "gone\n");
  await writeFile(path.join(folder, "beside.md"), "beside\n");
  await git("init", "--quiet", "--initial-branch=main");
  await git("remote", "add", "origin", "https://github.com/acme/images.git");
  await git("add", "--all");
  await git("commit", "--quiet", "--no-gpg-sign", "--message=Begin");
  await github.push(folder);
  const output = path.join(folder, ".git/output");
  const [token, api] = [secretToken, github.place.api];
  foundry = openFoundry(root, {
    GITHUB_TOKEN: token,
    GITHUB_API_URL: api,
    GITHUB_REPOSITORY: "acme/images",
    GITHUB_OUTPUT: output,
  });
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await github.close();
});
beforeEach(() => {
  github.forget();
  github.handleNothing();
});

async function git(...args: string[]): Promise<string> {
  const who = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"];
  return (await runCommand("git", [...who, ...args], { cwd: folder })).stdout;
}

async function propose(...args: string[]) {
  const result = await foundry.run(["propose", ...args]);
  expect(`${result.stdout}${result.stderr}`).not.toContain(secretToken);
  return result;
}

async function pulls() {
  return Pulls.parse(await github.ask("GET", "/pulls?state=open"));
}

it("while nothing is changed no pull request is needed", async () => {
  expect(await propose("packages")).toMatchObject({ exitCode: 0, stdout: "No pull request is needed.\n" });
  expect(github.writes()).toEqual([]);
});

it("what is changed, new or gone becomes a pull request, with the text that was written for it", async () => {
  await writeFile(path.join(foundry.root, "images/series.json"), '{ "series": 1 }\n');
  await writeFile(path.join(foundry.root, "images/new file.json"), "ä\n");
  await writeFile(path.join(folder, "beside.md"), "not ours\n");
  await rm(path.join(foundry.root, "gone.md"));
  await writeFile(path.join(folder, ".git/text.md"), "Why\n");
  const dry = await propose("packages", "--dry-run");
  expect(dry.stdout).toContain("below/gone.md, below/images/new file.json, below/images/series.json");
  expect(github.writes()).toEqual([]);
  expect((await propose("packages", "--report", path.join(folder, ".git/text.md"))).exitCode).toBe(0);
  const [pull] = await pulls();
  expect([pull?.head.ref, pull?.title]).toEqual(["update/packages", "Debian's packages as they are now"]);
  expect(pull?.body).toMatch(/^Why\n/u);
  expect(await readFile(path.join(folder, ".git/output"), "utf8")).toBe(`commit=${pull?.head.sha}\n`);
  const changed = await github.ask("GET", `/compare/main...${pull?.head.sha}`);
  const files = z.looseObject({ files: z.array(z.looseObject({ filename: z.string() })) }).parse(changed).files;
  expect(files.map(({ filename }) => filename).toSorted()).toEqual([
    "below/gone.md",
    "below/images/new file.json",
    "below/images/series.json",
  ]);
});

it.each(["series", "trunk"])("%s has a branch of its own, and leaves the others alone", async (what) => {
  await propose(what);
  expect((await pulls()).map(({ head }) => head.ref).toSorted()).toEqual(["update/packages", `update/${what}`]);
  await git("stash", "--quiet", "--include-untracked");
  await propose(what);
  await git("stash", "pop", "--quiet");
  expect((await pulls()).map(({ head }) => head.ref)).toEqual(["update/packages"]);
});

it("again nothing is written", async () => {
  await propose("packages", "--report", path.join(folder, ".git/text.md"));
  expect(github.writes()).toEqual([]);
});

it("a refusal is told with its code, and what permission is missing", async () => {
  github.handle(({ method, path: asked }) =>
    method === "POST" && asked === "/git/trees" ? { status: 403, body: { message: `No: ${secretToken}` } } : undefined,
  );
  const { exitCode, stderr } = await propose("version");
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^GITHUB_DENIED: [^\n]*\n[^\n]*contents: write/mu)]);
});

it("once nothing is changed any more it is closed", async () => {
  await git("checkout", "--quiet", ".");
  await git("clean", "--quiet", "--force", "-d");
  await propose("packages");
  expect(await pulls()).toEqual([]);
});

it.each([
  ["PROPOSAL_UNKNOWN", ["package"]],
  ["REPORT_UNREADABLE", ["packages", "--report", "/nowhere/report.md"]],
  ["GITHUB_REPOSITORY_UNKNOWN", ["packages", "--github", "nothing"]],
])("%s", async (code, args) => {
  await writeFile(path.join(foundry.root, "images/series.json"), '{ "series": 2 }\n');
  const { exitCode, stderr } = await propose(...args);
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(new RegExp(`^${code}: `, "mu"))]);
});

it("a commit that was not pushed cannot be started from", async () => {
  await git("commit", "--quiet", "--allow-empty", "--no-gpg-sign", "--message=Mine");
  const { exitCode, stderr } = await propose("packages");
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^GITHUB_COMMIT_MISSING: /mu)]);
});
