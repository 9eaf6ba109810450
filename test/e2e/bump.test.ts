import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { isPin, type Lock, parseLock, readLock } from "@prosody-foundry/lockfile";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BumpOutput, type BumpScene, openBumpScene } from "../fixtures/bump-scene.ts";
import { PlanOutput } from "../fixtures/foundry-output.ts";

const series = ["--series", "0.12", "13.0"];
const quiet = "Nothing to do: every pin is where it may go.\n";
let scene: BumpScene;
/** Revisions upstream had when the pins were made. */
let first: string;

const greeting = (words: string) =>
  `local words = module:depends("words");\nmodule:log("info", "%s", words.${words}:upper());\n`;
const wordsOf = (text: string, name = "hello") => `module:set_global();\n${name} = ${JSON.stringify(text)};\n`;
const alone = (option: string) =>
  `local text = module:get_option_string("${option}", "");\nmodule:log("debug", text);\n`;

const lockOf = () => readLock(path.join(scene.foundry.root, "modules.lock.json"));
const nodeOf = ({ modules }: Lock, name: string, on: "0.12" | "13.0") => {
  const pin = modules[name]?.pins[on];
  return isPin(pin) ? pin.node : null;
};

async function plannedIds(): Promise<Record<string, string>> {
  const { targets } = PlanOutput.parse(await scene.foundry.json(["plan", ...series]));
  return Object.fromEntries(targets.map(({ name, id }) => [name, id]));
}

function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined || items.length > 1) throw new Error(`There are ${items.length}, not one`);
  return item;
}

beforeAll(async () => {
  scene = await openBumpScene();
  first = await scene.commit(
    {
      "mod_greeting/mod_greeting.lua": greeting("hello"),
      "mod_greeting/README.md": "---\nlabels: [Stage-Beta]\n...\n\n# Greeting\n",
      "mod_words/mod_words.lua": wordsOf("hello"),
      "mod_alone/mod_alone.lua": alone("alone_text"),
      "mod_still/mod_still.lua": alone("still_text"),
      "mod_gone/mod_gone.lua": alone("gone_text"),
      "mod_unused/mod_unused.lua": alone("unused_text"),
    },
    "All of them: Begin",
  );
  await scene.foundry.json(["module", "add", "greeting", "alone", "gone", "unused", ...series]);
  await scene.foundry.json(["module", "add", "still", "--hold", ...series]);
  await scene.declare({ required: ["mod_greeting", "mod_still"], optional: ["mod_alone", "mod_gone"] });
  await scene.commitAll();
});
afterAll(() => scene.close());

it("there is nothing to do while upstream stands still, and nothing is written", async () => {
  const { exitCode, stdout } = await scene.bump();
  expect([exitCode, stdout]).toEqual([0, quiet]);
  expect(await scene.bumpJson("--each")).toEqual({ bumps: [], stays: [] });
  expect(await scene.git("status", "--porcelain")).toBe("");
});

describe("when upstream moves", () => {
  let second: string;
  let dry: BumpOutput;

  beforeAll(async () => {
    await rm(path.join(scene.upstreams.hgDir, "mod_gone"), { recursive: true });
    second = await scene.commit(
      {
        "mod_greeting/mod_greeting.lua": `${greeting("hello")}local _ = module:get_option("greeting_tone");\n`,
        "mod_greeting/README.md": "---\nlabels: [Stage-Alpha]\n...\n\n# Greeting\n",
        "mod_words/mod_words.lua": wordsOf("```@everybody"),
        "mod_still/mod_still.lua": alone("other_text"),
      },
      "Greeting, words, still: Be newer; fixes #12, thanks @everybody </details>",
    );
  });

  it("a dry run tells all of it and writes nothing but the report", async () => {
    const report = path.join(scene.folder, "dry.md");
    dry = await scene.bumpJson("--dry-run", "--report", report);
    expect(await readFile(report, "utf8")).toBe(only(dry.bumps).body);
    expect(dry.stays).toEqual([
      { name: "mod_gone", because: expect.stringContaining("prosody-modules removed it on") as unknown },
      { name: "mod_still", because: "it is held, 1 behind" },
    ]);
    const bump = only(dry.bumps);
    expect(bump).toMatchObject({ branch: "bump/modules", title: "Bump 2 modules" });
    expect(bump.modules).toMatchObject([
      {
        name: "mod_greeting",
        series: [
          { series: "0.12", from: { node: first }, to: { node: second }, release: "0.12.3" },
          { series: "13.0", from: { node: first }, to: { node: second }, release: "13.0.1" },
        ],
        commits: [{ node: second }],
        changes: {
          stage: { added: ["alpha"], removed: ["beta"] },
          options: { added: ["greeting_tone"], removed: [] },
        },
        diffs: [{ files: [{ path: "README.md" }, { path: "mod_greeting.lua", added: 1, removed: 0 }] }],
      },
      { name: "mod_words", bytes: expect.any(Number) as unknown },
    ]);
    expect(await scene.git("status", "--porcelain")).toBe("");
  });

  it("pins move, and a changeset and a report say so", async () => {
    const before = await plannedIds();
    const report = path.join(scene.folder, "report.md");
    const { stdout } = await scene.bump("--report", report);
    expect(stdout).toBe(`Bump 2 modules: ${report}\n`);
    const lock = await lockOf();
    expect(["mod_greeting", "mod_words"].map((name) => nodeOf(lock, name, "13.0"))).toEqual([second, second]);
    expect(["mod_still", "mod_gone"].map((name) => nodeOf(lock, name, "0.12"))).toEqual([first, first]);
    const bump = only(dry.bumps);
    expect(bump.files["modules.lock.json"]).toBe(await scene.lockText());
    const changeset = await readFile(
      path.join(scene.foundry.root, ".changeset", only(await scene.changesets())),
      "utf8",
    );
    expect(Object.values(bump.files)).toContain(changeset);
    expect(changeset).toContain(`- mod_greeting on 0.12, 13.0: ${first.slice(0, 12)} → ${second.slice(0, 12)}\n`);
    expect(await readFile(report, "utf8")).toBe(bump.body);
    expect(bump.body).toContain("```@\u{200b}everybody");
    expect(`${bump.body}${changeset}`).not.toMatch(/#12|(?<!\w)@everybody/u);
    const after = await plannedIds();
    const named = bump.targets.map(({ name, before: old, after: now }) => [name, old, now]);
    expect(named).toEqual(Object.keys(after).map((name) => [name, before[name], after[name]]));
    expect(bump.targets[0]?.modules).toEqual(["mod_greeting", "mod_words"]);
  });

  it("and the tool that makes changelogs can read it", async () => {
    const summary: unknown = expect.stringContaining("mod_words");
    expect(await scene.changesetStatus()).toMatchObject({
      changesets: [{ releases: [{ name: "prosody", type: "patch" }], summary }],
      releases: [{ name: "prosody", type: "patch" }],
    });
  });

  it("again there is nothing to do", async () => {
    const before = await scene.git("status", "--porcelain");
    const [text, names] = [await scene.lockText(), await scene.changesets()];
    expect(await scene.bump()).toMatchObject({ exitCode: 0, stdout: quiet });
    expect([await scene.lockText(), await scene.changesets(), await scene.git("status", "--porcelain")]).toEqual([
      text,
      names,
      before,
    ]);
  });

  it("one that was stopped before it wrote the lock is done again without a second changeset", async () => {
    const [text, name] = [await scene.lockText(), only(await scene.changesets())];
    await scene.git("checkout", "--quiet", "modules.lock.json");
    await scene.bump("--each");
    expect(await scene.lockText()).toBe(text);
    expect(only(await scene.changesets())).not.toBe(name);
    await scene.git("checkout", "--quiet", "modules.lock.json");
    await scene.bump();
    expect([await scene.lockText(), await scene.changesets()]).toEqual([text, [name]]);
  });

  it("one that is not committed yet goes on from what is", async () => {
    const name = only(await scene.changesets());
    const third = await scene.commit({ "mod_words/mod_words.lua": wordsOf("good day") }, "mod_words: Be polite");
    const bump = only((await scene.bumpJson()).bumps);
    expect(await scene.changesets()).toEqual([name]);
    const words = bump.modules.find((module) => module.name === "mod_words");
    expect(words).toMatchObject({ series: [{ from: { node: first }, to: { node: third } }, {}] });
    expect(words?.commits.map(({ node }) => node)).toEqual([third, second]);
    await scene.commitAll();
  });
});

describe("modules that have nothing to do with each other", () => {
  it("move in bumps of their own; those that need each other in one", async () => {
    const before = await lockOf();
    await scene.commit({ "mod_words/mod_words.lua": wordsOf("good evening") }, "mod_words: Be late");
    await scene.commit({ "mod_greeting/mod_greeting.lua": greeting("hello") }, "mod_greeting: Be plain");
    const node = await scene.commit({ "mod_alone/mod_alone.lua": alone("lonely_text") }, "mod_alone: Feel lonely");
    const [report, old] = [path.join(scene.folder, "each.md"), await scene.changesets()];
    const { bumps } = await scene.bumpJson("--each", "--report", report);
    expect(bumps.map(({ branch, title }) => [branch, title])).toEqual([
      ["bump/mod_alone", "Bump mod_alone"],
      ["bump/mod_greeting", "Bump mod_greeting and 1 more"],
    ]);
    const [own] = bumps;
    const lock = parseLock(own?.files["modules.lock.json"] ?? "", "the bump's lock");
    expect(nodeOf(lock, "mod_alone", "13.0")).toBe(node);
    expect(lock.modules["mod_greeting"]).toEqual(before.modules["mod_greeting"]);
    expect(own?.targets.map(({ modules }) => modules)).toEqual([["mod_alone"], ["mod_alone"]]);
    const reports = (await readdir(scene.folder)).filter((name) => name.startsWith("each"));
    expect(reports.toSorted()).toEqual(["each-mod_alone.md", "each-mod_greeting.md"]);
    expect((await scene.changesets()).length).toBe(old.length + 2);
    expect(nodeOf(await lockOf(), "mod_alone", "13.0")).toBe(node);
    await scene.commitAll();
  });
});

it("a held module moves when it is named", async () => {
  const bump = only((await scene.bumpJson("still", "--available")).bumps);
  expect(bump.modules.map(({ name }) => name)).toEqual(["mod_still"]);
  expect(bump.targets.map(({ release }) => release)).toEqual(["0.12.3", "13.0.1"]);
  expect((await lockOf()).modules["mod_still"]?.hold).toBe(true);
  await scene.commitAll();
});

describe("when not all that is newer can be taken", () => {
  let before: Lock;
  let names: string[];
  let node: string;
  let said: string;
  let output: BumpOutput;

  beforeAll(async () => {
    [before, names] = [await lockOf(), await scene.changesets()];
    await scene.commit({ "mod_alone/mod_alone.lua": 'error("not today");\n' }, "mod_alone: Break");
    await scene.commit({ "mod_words/mod_words.lua": wordsOf("hello", "welcome") }, "mod_words: Use another word");
    node = await scene.commit({ "mod_unused/mod_unused.lua": alone("useless_text") }, "mod_unused: Be used less");
    const { stdout, stderr } = await scene.bump("--json");
    [output, said] = [BumpOutput.parse(JSON.parse(stdout)), stderr];
  });

  it("a module that no image ships moves without a changeset", async () => {
    const bump = only(output.bumps);
    expect(bump).toMatchObject({ title: "Bump mod_unused", targets: [] });
    expect(bump.body).toContain("No image's content changes: nothing is to be rebuilt.");
    expect(said).toContain("No changeset: no image's content changes.");
    expect(nodeOf(await lockOf(), "mod_unused", "0.12")).toBe(node);
    expect(await scene.changesets()).toEqual(names);
  });

  it("a revision that works nowhere is refused, and the pin stays", async () => {
    const { body } = only(output.bumps);
    expect(body).toContain("| mod_alone | stays | 0 |");
    expect(body).toContain("not today");
    expect(nodeOf(await lockOf(), "mod_alone", "13.0")).toBe(nodeOf(before, "mod_alone", "13.0"));
  });

  it("what would stop another module from working is left out", async () => {
    expect(output.stays.map(({ name }) => name)).toEqual(["mod_gone", "mod_greeting", "mod_words"]);
    expect(output.stays[2]?.because).toMatch(/^mod_greeting would work no more on 0\.12: /u);
    const { modules } = await lockOf();
    expect(modules["mod_words"]).toEqual(before.modules["mod_words"]);
    await plannedIds();
  });

  it("again there is nothing to do", async () => {
    const text = await scene.lockText();
    expect(await scene.bump()).toMatchObject({ exitCode: 0, stdout: quiet });
    expect(await scene.lockText()).toBe(text);
  });
});

it("a source that is down leaves everything as it is", async () => {
  await mkdir(path.join(scene.folder, "empty"));
  const before = await scene.lockText();
  const env = { FOUNDRY_MIRRORS: "", FOUNDRY_OFFLINE: "1", FOUNDRY_CACHE: path.join(scene.folder, "empty") };
  const refused = await scene.foundry.with(env).run(["bump", ...series]);
  expect(refused.exitCode).toBe(1);
  expect(refused.stderr).toMatch(/^SOURCE_UNREACHABLE: /mu);
  expect(await scene.lockText()).toBe(before);
});
