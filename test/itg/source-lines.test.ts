import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand, writeFileWhole } from "@prosody-foundry/kit";
import { openSource, type Source, type SourceContext, type SourceSpec } from "@prosody-foundry/source";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeSourceContext } from "../fixtures/source-context.ts";
import { type HgServer, installMercurial, serveHg } from "../fixtures/upstreams.ts";

const kinds = ["hg over HTTP", "hg where annotations are refused", "hg clone", "git"] as const;
type Kind = (typeof kinds)[number];

const before = "# Compatibility\n\n  ------ ------\n  0.9    Works\n  trunk  Unknown\n  ------ ------\n";
const after = before.replace("Unknown", "Works");
// Half an hour before midnight, west of Greenwich: already the next day in UTC.
const times = { before: "2015-03-01T12:00:00+0000", after: "2024-05-06T23:30:00-0200" };
const oldDays = Array.from({ length: 6 }, () => "2015-03-01");
const newDays = oldDays.with(4, "2024-05-07");

interface Revisions {
  before: string;
  after: string;
}

let root: string;
let revisions: Record<"hg" | "git", Revisions>;
let server: HgServer;

beforeAll(async () => {
  await installMercurial();
  root = await mkdtemp(path.join(os.tmpdir(), "foundry-lines-"));
  revisions = { hg: await commitTwice("hg"), git: await commitTwice("git") };
  server = await serveHg(path.join(root, "hg"));
});

afterAll(async () => {
  await server.stop();
  await rm(root, { recursive: true });
});

describe.each(kinds)("%s", (kind) => {
  it("knows the day of each line, also of those written under another name of the file", async () => {
    const nodes = nodesOf(kind);
    expect(await open(kind).readLineDates(nodes.after, "mod_x", "README.md")).toEqual(newDays);
    expect(await open(kind).readLineDates(nodes.before, "mod_x", "README.markdown")).toEqual(oldDays);
    expect(await open(kind).readLineDates(nodes.after.slice(0, 12), "mod_x", "README.md")).toEqual(newDays);
  });

  it("knows a file without lines, and one of a single line", async () => {
    expect(await open(kind).readLineDates(nodesOf(kind).after, "mod_x", "empty.txt")).toEqual([]);
    expect(await open(kind).readLineDates(nodesOf(kind).after, "mod_x", "odd %2e#?&.txt")).toEqual(["2015-03-01"]);
  });

  it("answers again without asking", async () => {
    const context = makeSourceContext(root);
    const { after: node } = nodesOf(kind);
    await open(kind, context).readLineDates(node, "mod_x", "README.md");
    const asked = server.requests().length;
    const fetched = open(kind, { ...context, offline: true }).readLineDates(node, "mod_x", "README.md");
    expect(await fetched).toEqual(newDays);
    expect(server.requests().length).toBe(asked);
  });

  it.each<[string, string, (source: Source, node: string) => Promise<unknown>]>([
    [
      "a file it has under another name",
      "FILE_UNKNOWN",
      (source, node) => source.readLineDates(node, "mod_x", "README.markdown"),
    ],
    ["a folder", "FILE_UNKNOWN", (source, node) => source.readLineDates(node, "mod_x", "folder")],
    [
      "a path out of the module",
      "FILE_UNKNOWN",
      (source, node) => source.readLineDates(node, "mod_x", "../mod_y/README.md"),
    ],
    ["an unknown module", "FILE_UNKNOWN", (source, node) => source.readLineDates(node, "mod_z", "README.md")],
    [
      "a module that is a path",
      "MODULE_UNKNOWN",
      (source, node) => source.readLineDates(node, "mod_x/..", "README.md"),
    ],
    [
      "an unknown revision",
      "REVISION_UNKNOWN",
      (source) => source.readLineDates("0123456789".repeat(4), "mod_x", "README.md"),
    ],
    ["a revset", "REVISION_UNKNOWN", (source) => source.readLineDates("tip or all()", "mod_x", "README.md")],
  ])("refuses %s with %s", async (_title, code, ask) => {
    const source = open(kind);
    const { after: node } = nodesOf(kind);
    await expect(ask(source, node)).rejects.toMatchObject({ code });
    expect(await source.readLineDates(node, "mod_x", "README.md")).toEqual(newDays);
  });
});

it("is not led astray by a user's settings of git", async () => {
  const home = path.join(root, "home");
  const ignored = path.join(home, "ignored");
  await writeFileWhole(ignored, `${revisions.git.after}\n`);
  await writeFileWhole(path.join(home, ".gitconfig"), `[blame]\n\tignoreRevsFile = ${ignored}\n`);
  const source = open("git", makeSourceContext(root, { env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home } }));
  expect(await source.readLineDates(revisions.git.after, "mod_x", "README.md")).toEqual(newDays);
});

it("says that annotations are lacking where hg is not installed either, and goes on with the rest", async () => {
  const source = open("hg where annotations are refused", makeSourceContext(root, { exec: withoutPrograms }));
  const { after: node } = revisions.hg;
  const asked = source.readLineDates(node, "mod_x", "README.md");
  await expect(asked).rejects.toMatchObject({ code: "HGWEB_LACKING", message: expect.stringContaining("annotations") });
  expect((await source.readModule(node, "mod_x")).name).toBe("mod_x");
});

it("still reads modules of a server whose annotations fail", async () => {
  const source = open("hg over HTTP", makeSourceContext(root, { fetch: answering(503) }));
  const { after: node } = revisions.hg;
  const asked = source.readLineDates(node, "mod_x", "README.md");
  await expect(asked).rejects.toMatchObject({ code: "SOURCE_UNREACHABLE" });
  expect((await source.readModule(node, "mod_x")).name).toBe("mod_x");
});

it.each<[SourceSpec["kind"], string]>([
  ["directory", "hg"],
  ["debian", "trixie"],
])("knows no day in a %s", async (kind, url) => {
  const source = openSource({ name: "test", kind, url, folder: "" }, makeSourceContext(root));
  expect(await source.readLineDates(revisions.hg.after, "mod_x", "README.md")).toBeNull();
});

function open(kind: Kind, context = makeSourceContext(root)): Source {
  if (kind === "git")
    return openSource({ name: "test", kind: "git", url: path.join(root, "git"), folder: "" }, context);
  const url = kind === "hg clone" ? path.join(root, "hg") : server.url;
  const fetchIt = kind === "hg where annotations are refused" ? answering(403) : context.fetch;
  return openSource({ name: "test", kind: "hg", url, folder: "" }, { ...context, fetch: fetchIt });
}

function nodesOf(kind: Kind): Revisions {
  return kind === "git" ? revisions.git : revisions.hg;
}

/** As on a machine where nothing is installed. */
async function withoutPrograms(): ReturnType<SourceContext["exec"]> {
  return runCommand("no-such-program", []);
}

/** As servers do that keep crawlers from what costs them most; hg serve has no setting for it. */
function answering(status: number): SourceContext["fetch"] {
  return async (url, options) => (url.includes("json-annotate") ? new Response("no", { status }) : fetch(url, options));
}

/** A repository whose second commit renames a README and changes its line about trunk. */
async function commitTwice(kind: "hg" | "git"): Promise<Revisions> {
  const work = path.join(root, kind);
  const module = path.join(work, "mod_x");
  await mkdir(path.join(module, "folder"), { recursive: true });
  const commit = kind === "hg" ? commitHg : commitGit;
  await runCommand(kind, kind === "hg" ? ["init"] : ["init", "--quiet", "--initial-branch=main"], { cwd: work });
  await writeFileWhole(path.join(module, "README.markdown"), before);
  await writeFileWhole(path.join(module, "empty.txt"), "");
  await writeFileWhole(path.join(module, "odd %2e#?&.txt"), "one line without an end");
  await writeFileWhole(path.join(module, "folder/mod_x.lua"), "-- one\n");
  await writeFileWhole(path.join(work, "mod_y/README.md"), before);
  const first = await commit(work, times.before);
  await rename(path.join(module, "README.markdown"), path.join(module, "README.md"));
  await writeFileWhole(path.join(module, "README.md"), after);
  return { before: first, after: await commit(work, times.after) };
}

async function commitHg(work: string, date: string): Promise<string> {
  const hg = async (...args: string[]) =>
    (await runCommand("hg", args, { cwd: work, env: { HGPLAIN: "1", HGRCPATH: "" } })).stdout;
  await hg("addremove", "--quiet", "--similarity=50");
  await hg("commit", "--user=A <a@example.org>", `--date=${date}`, "--message=One");
  return hg("log", "--rev=tip", "--template={node}");
}

async function commitGit(work: string, date: string): Promise<string> {
  const who = { GIT_AUTHOR_NAME: "A", GIT_AUTHOR_EMAIL: "a@example.org", GIT_AUTHOR_DATE: "2001-01-01T00:00:00Z" };
  const committer = { GIT_COMMITTER_NAME: "A", GIT_COMMITTER_EMAIL: "a@example.org", GIT_COMMITTER_DATE: date };
  const env = { ...who, ...committer, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" };
  await runCommand("git", ["add", "--all"], { cwd: work, env });
  await runCommand("git", ["commit", "--quiet", "--message=One"], { cwd: work, env });
  return (await runCommand("git", ["rev-parse", "HEAD"], { cwd: work, env })).stdout.trim();
}
