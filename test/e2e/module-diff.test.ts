import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { updateSurvey } from "@prosody-foundry/registry";
import { afterAll, beforeAll, expect, it } from "vitest";
import { day, first, type Hello, loaded, openHello, pinOf, third, writeModule } from "../fixtures/hello.ts";

const patch = `diff --git a/mod_hello.lua b/mod_hello.lua
--- a/mod_hello.lua
+++ b/mod_hello.lua
@@ -5,3 +5,3 @@
 module:hook("message/bare", function (event)
-	module:log("debug", "%s", text);
+	module:log("info", "%s", text);
 end);
`;

let hello: Hello;

beforeAll(async () => {
  hello = await openHello();
});

afterAll(() => hello.close());

it("says in JSON what a bump would bring to each pin", async () => {
  expect(await hello.foundry.json(["module", "diff", "hello"])).toMatchObject({
    module: "mod_hello",
    source: "ours",
    to: { node: hello.nodes[3], date: day, newest: true },
    current: ["trunk"],
    unpinned: { "0.12": "too old" },
    patches: [],
    changes: [
      {
        series: ["13.0"],
        from: { node: hello.nodes[1] },
        commits: [
          { node: hello.nodes[3] },
          { node: hello.nodes[2], author: "A <a@example.org>", subject: "mod_hello: Be polite" },
        ],
        undone: [],
        files: [
          { path: "README.md", from: "README.markdown", added: 3, removed: 1, binary: false },
          { path: "mod_hello.lua", added: 3, removed: 2 },
        ],
        facts: {
          stage: { added: ["beta"], removed: ["alpha"] },
          needs: { added: ["mod_http"], removed: [] },
          libraries: { added: [], removed: ["cjson (lua-cjson)"] },
          options: { added: ["hello_greeting"], removed: ["hello_text"] },
          header: { added: ["conflicts: polite"], removed: [] },
        },
        compatibility: [
          { releases: ["13.0.1"], before: "loads", after: "unknown", basis: "read" },
          {
            releases: ["13.0.2"],
            before: "loads",
            after: "broken",
            basis: "read",
            gone: [{ kind: "loaded" }],
            added: [{ kind: "header", says: "broken" }, { kind: "declared" }],
          },
        ],
      },
    ],
  });
});

it("tells the same to people, in a text that git applies", async () => {
  const { stdout, exitCode } = await hello.foundry.run(["module", "diff", "mod_hello"]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain(`13.0: ${short(1)} of ${day} -> ${short(3)} of ${day}\n\n2 changesets\n`);
  expect(stdout).toContain(` ${short(2)}  ${day}  A  mod_hello: Be polite\n`);
  expect(stdout).toContain(" - options    hello_text\n + options    hello_greeting\n");
  expect(stdout).toContain(" Prosody 13.0.1: loads -> not loaded yet\n");
  expect(stdout).toContain(" Prosody 13.0.2: loads -> broken\n   header   broken    mod_hello.lua refuses");
  expect(stdout).toContain("`foundry module update mod_hello --dry-run` loads it.");
  expect(stdout).toContain(" README.markdown -> README.md  +3 -1\n mod_hello.lua                 +3 -2\n");
  expect(stdout).not.toContain("\u001B");
  await writeModule(path.join(hello.folder, "work"), first);
  await writeFile(path.join(hello.folder, "bump.patch"), stdout);
  await runCommand("git", ["apply", "../bump.patch"], { cwd: path.join(hello.folder, "work") });
  await writeModule(path.join(hello.folder, "wanted"), third);
  const { stdout: difference } = await runCommand("diff", ["-r", "work", "wanted"], {
    cwd: hello.folder,
    accept: "any",
  });
  expect(difference).toBe("");
});

it("goes to any revision, and to fewer series", async () => {
  const value = await hello.foundry.json(["module", "diff", "mod_hello", "--series", "trunk", "--to", short(1)]);
  expect(value).toMatchObject({
    to: { node: hello.nodes[1] },
    current: [],
    unpinned: {},
    changes: [{ series: ["trunk"], commits: [], undone: [{ node: hello.nodes[3] }, { node: hello.nodes[2] }] }],
  });
});

it("keeps what loading found where the same files ship", async () => {
  const value = await hello.foundry.json(["module", "diff", "mod_hello", "--series", "trunk", "--to", short(2)]);
  expect(value).toMatchObject({
    changes: [{ files: [{ path: "README.md" }], compatibility: [{ before: "loads", after: "loads", basis: "same" }] }],
  });
});

it("is done quickly where there is nothing to bring", async () => {
  const { stdout, exitCode } = await hello.foundry.run(["module", "diff", "mod_hello", "--series", "trunk"]);
  expect(exitCode).toBe(0);
  expect(stdout).toBe(`mod_hello, from ours\ntrunk: at ${short(3)} of ${day}, nothing to bring\n`);
});

it("takes the verdicts of a survey that had this very content", async () => {
  const { root } = hello.foundry;
  const {
    node,
    date,
    revision,
    tree,
    integrity,
    hosts: _hosts,
    refused: _refused,
    ...facts
  } = pinOf(third, hello.nodes[3] ?? "");
  await updateSurvey({ root, source: "ours" }, () => ({
    surveyVersion: 1,
    source: "ours",
    url: "upstream",
    node,
    date,
    releases: { "13.0.1": { series: "13.0", core: [], features: [] } },
    unreadable: {},
    modules: {
      mod_hello: {
        node,
        date,
        revision,
        tree,
        integrity,
        facts,
        options: [],
        loads: [],
        description: {
          summary: null,
          labels: [],
          xeps: [],
          supersededBy: null,
          compatibility: "none",
          unread: [],
          words: "",
        },
        judgements: [{ releases: ["13.0.1"], verdict: "loads", evidence: [loaded] }],
      },
    },
  }));
  const value = await hello.foundry.json(["module", "diff", "mod_hello", "--series", "13.0"]);
  expect(value).toMatchObject({
    changes: [{ compatibility: [{ releases: ["13.0.1"], after: "loads", basis: "surveyed" }, { basis: "read" }] }],
  });
});

it("says whether local patches apply to the newer revision", async () => {
  await mkdir(path.join(hello.foundry.root, "patches/mod_hello"), { recursive: true });
  await writeFile(path.join(hello.foundry.root, "patches/mod_hello/1-good.patch"), patch);
  await writeFile(
    path.join(hello.foundry.root, "patches/mod_hello/2-bad.patch"),
    patch.replace(" end);", " finish();"),
  );
  const { stdout, exitCode } = await hello.foundry.run(["module", "diff", "mod_hello"]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain("patches/mod_hello/1-good.patch applies\n");
  expect(stdout).toContain(
    "patches/mod_hello/2-bad.patch does not apply to mod_hello: mod_hello.lua at hunk @@ -5,3 +5,3 @@, near line 6\n",
  );
  expect(stdout).toContain('    expected: \tmodule:log("debug", "%s", text);\n    expected: finish();\n');
  expect(stdout).toContain('    found:    \tmodule:log("info", "%s", text);\n    found:    end);\n');
  await rm(path.join(hello.foundry.root, "patches"), { recursive: true });
});

it.each<[string, string[], RegExp]>([
  ["a module the lock has not", ["mod_helo"], /^MODULE_NOT_LOCKED: .*mod_helo.*\n {2}.*mod_hello/u],
  ["a module that upstream dropped", ["mod_bye"], /^MODULE_UNKNOWN: ours has no mod_bye there: it was removed on/u],
  ["a revision there is none of", ["mod_hello", "--to", "123456"], /^REVISION_UNKNOWN: /u],
  ["a revision before the module", ["mod_hello", "--to", "0"], /^(?:MODULE|REVISION)_UNKNOWN: /u],
])("refuses %s", async (_, args, message) => {
  const to = args.includes("0") ? args.map((word) => (word === "0" ? short(0) : word)) : args;
  const { stdout, stderr, exitCode } = await hello.foundry.run(["module", "diff", ...to]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(stderr.slice(stderr.search(/^[A-Z_]+: /mu))).toMatch(message);
});

function short(index: number): string {
  return hello.nodes[index]?.slice(0, 12) ?? "";
}
