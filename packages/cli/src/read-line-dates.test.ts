import { mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand, silent, writeFileWhole } from "@prosody-foundry/kit";
import type { Evidence, LockedSource } from "@prosody-foundry/lockfile";
import { openSource, type Source, type SourceSpec } from "@prosody-foundry/source";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Candidate, candidateOf } from "./candidates.ts";
import { dateReadme, readLineDates } from "./read-line-dates.ts";

const rows = "# Compatibility\n\n  ------ ------\n  0.12   Works\n  trunk  Unknown\n  ------ ------\n";

let root: string;
let node: string;
const asked: string[] = [];

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "foundry-dates-"));
  const work = path.join(root, "modules");
  await mkdir(work);
  await runCommand("git", ["init", "--quiet", "--initial-branch=main"], { cwd: work });
  for (const name of ["mod_trunk", "mod_plain"]) await writeFileWhole(path.join(work, name, "mod.lua"), "");
  await writeFileWhole(path.join(work, "mod_plain/README.md"), rows.replace("trunk  Unknown\n", ""));
  await writeFileWhole(path.join(work, "mod_trunk/README.md"), rows);
  await commit(work, "2015-03-01T12:00:00Z");
  await writeFileWhole(path.join(work, "mod_trunk/README.md"), rows.replace("Unknown", "Works"));
  await commit(work, "2024-05-06T12:00:00Z");
  node = (await runCommand("git", ["rev-parse", "HEAD"], { cwd: work })).stdout.trim();
});

afterAll(() => rm(root, { recursive: true }));

describe("readLineDates", () => {
  it("has the day of the line about trunk, and of no other", async () => {
    const found = await readLineDates(open("git"), await read("mod_trunk"), silent);
    expect([...(found ?? [])]).toEqual([[5, "2024-05-06"]]);
  });

  it("asks nothing where the README says nothing of trunk", async () => {
    const candidate = await read("mod_plain");
    asked.length = 0;
    expect(await readLineDates(open("git"), candidate, silent)).toEqual(new Map());
    expect(asked).toEqual([]);
  });

  it("has no day from a source without history", async () => {
    expect(await readLineDates(open("directory"), await read("mod_trunk"), silent)).toEqual(new Map());
  });

  it.each<[string, SourceSpec["kind"], string]>([
    ["down", "git", "gone"],
    ["down", "hg", "http://127.0.0.1:9/"],
    ["without that revision", "git", "modules"],
  ])("has nothing from a source that is %s (%s), and tells people why", async (_title, kind, url) => {
    const said: string[] = [];
    const candidate = { ...(await read("mod_trunk")), node: "f".repeat(40) };
    expect(await readLineDates(open(kind, url), candidate, (message) => said.push(message))).toBeNull();
    expect(said.at(-1)).toMatch(/^Not known: .*(?:cannot be reached|has no revision)/u);
  });
});

describe("dateReadme", () => {
  const declared: Evidence = { kind: "declared", says: "works", because: "The README says so", date: "2024-05-06" };
  const header: Evidence = { kind: "header", says: "silent", because: "It has none", date: "2025-01-01" };
  const module = {
    judgements: [
      { releases: ["13.0.1", "13.0.7"], verdict: "works" as const, evidence: [header, declared] },
      { releases: ["0.12.5"], verdict: "unknown" as const, evidence: [header] },
    ],
  };

  it("looks the days up while the source answers", async () => {
    const candidate = await read("mod_trunk");
    const dated = await dateReadme(candidate, { source: { tree: open("git") }, module, pin: candidate }, silent);
    expect(dated.lineDates).toEqual(new Map([[5, "2024-05-06"]]));
    expect(dated.declared).toBeUndefined();
  });

  it("leaves what the lock says of the README while the source is down", async () => {
    const candidate = await read("mod_trunk");
    const pinned = { source: { tree: open("git", "gone") }, module, pin: candidate };
    const dated = await dateReadme(candidate, pinned, silent);
    expect(dated.declared).toEqual(
      new Map([
        ["13.0.1", [declared]],
        ["13.0.7", [declared]],
      ]),
    );
  });

  it("leaves it, too, where a mirror gave another README than the pinned one", async () => {
    const candidate = await read("mod_trunk");
    const pinned = { source: { tree: open("git") }, module, pin: { tree: "0".repeat(40) } };
    asked.length = 0;
    const dated = await dateReadme(candidate, pinned, silent);
    expect(dated.declared?.get("13.0.7")).toEqual([declared]);
    expect(asked).toEqual([]);
  });
});

function open(kind: SourceSpec["kind"], url = "modules"): Source {
  const tree = openSource(
    { name: "test", kind, url, folder: "" },
    {
      root,
      cacheDir: path.join(root, "cache"),
      exec: runCommand,
      fetch,
      env: process.env,
      progress: silent,
      mirrors: {},
      offline: false,
      fetchDebian: async ({ suite }) => Promise.reject(new Error(`${suite} is not needed for this`)),
    },
  );
  const readDates: Source["readLineDates"] = async (revision, name, file) => {
    asked.push(name);
    return tree.readLineDates(revision, name, file);
  };
  return { ...tree, readLineDates: readDates };
}

async function read(name: string): Promise<Candidate> {
  const tree = open("git");
  const locked: LockedSource = {
    kind: "git",
    url: "modules",
    folder: "",
    debian: [],
    licence: "MIT",
  };
  const source = { name: "test", locked, tree, all: [tree] };
  return candidateOf(await tree.readModule(node, name), { source, node, date: "2025-10-17", revision: 2 });
}

async function commit(work: string, date: string): Promise<void> {
  const who = { GIT_AUTHOR_NAME: "A", GIT_AUTHOR_EMAIL: "a@example.org", GIT_AUTHOR_DATE: date };
  const committer = { GIT_COMMITTER_NAME: "A", GIT_COMMITTER_EMAIL: "a@example.org", GIT_COMMITTER_DATE: date };
  const env = { ...who, ...committer, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  await runCommand("git", ["add", "--all"], { cwd: work, env });
  await runCommand("git", ["commit", "--quiet", "--message=One"], { cwd: work, env });
}
