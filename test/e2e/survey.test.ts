import { mkdtemp, readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { readSurvey } from "@prosody-foundry/registry";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openScene, type Scene } from "../fixtures/repository.ts";

let scene: Scene;
let first: Summary;

const series = ["--series", "0.12", "13.0"];
const badLua = { "mod_bad_lua/mod_bad_lua.lua": "local function (\n" };
const firstWords = {
  "mod_wobble/README.md": "---\nlabels: [Stage-Beta]\nsummary: Wobbles\n...\n\n# Compatibility\n\n13.0  Works\n",
  "mod_wobble/mod_wobble.lua": 'local width = module:get_option_string("wobble_width");\n',
};

beforeAll(async () => {
  scene = await openScene();
  await scene.commit({ ...badLua, ...firstWords }, "A module nobody can read, and one of ours");
  first = await sweep();
});
afterAll(() => scene.close());

const Summary = z.strictObject({
  source: z.literal("prosody-modules"),
  node: z.string(),
  date: z.string(),
  modules: z.number(),
  written: z.boolean(),
  verdicts: z.record(z.string(), z.record(z.string(), z.number())),
  sections: z.strictObject({
    found: z.number(),
    parsed: z.number(),
    unread: z.record(z.string(), z.array(z.string())),
  }),
  unreadable: z.record(z.string(), z.string()),
});
type Summary = z.infer<typeof Summary>;

async function sweep(...flags: string[]): Promise<Summary> {
  return Summary.parse(await scene.foundry.json(["compat", "--all", ...series, ...flags]));
}

const file = () => path.join(scene.foundry.root, "packages/registry/surveys/prosody-modules.json");

async function surveyed() {
  const survey = await readSurvey(scene.foundry.root, "prosody-modules");
  if (survey === undefined) throw new Error("There is no survey");
  return survey;
}

describe("a survey", () => {
  it("has a verdict on every release for every module upstream has, but for one that cannot be read", async () => {
    const names = (await readdir(scene.upstreams.hgDir)).filter((name) => name.startsWith("mod_"));
    expect(Object.keys(first.unreadable)).toEqual(["mod_bad_lua"]);
    expect(first.unreadable["mod_bad_lua"]).toMatch(/^LUA_SYNTAX: /u);
    expect(first.modules).toBe(names.length - 1);
    expect(Object.keys(first.verdicts)).toEqual(["0.12.3", "13.0.1"]);
    for (const counts of Object.values(first.verdicts)) expect(sumOf(counts)).toBe(first.modules);
    const { modules } = await surveyed();
    expect(Object.keys(modules).toSorted()).toEqual(names.filter((name) => name !== "mod_bad_lua").toSorted());
    expect(modules["mod_wobble"]).toMatchObject({
      description: { summary: "Wobbles", labels: ["Stage-Beta"] },
      options: ["wobble_width"],
      loads: [{ releases: ["0.12.3", "13.0.1"], hosts: ["component", "muc", "pubsub", "virtual-host"] }],
    });
  });

  it("reports what READMEs say of compatibility, read and not", () => {
    const { found, parsed } = first.sections;
    expect(found).toBeGreaterThan(40);
    expect(parsed / found).toBeGreaterThanOrEqual(0.95);
  });

  it("says the same again, and is not written then", async () => {
    const before = await stat(file());
    expect(await sweep()).toEqual({ ...first, written: false });
    const after = await stat(file());
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it("changes where upstream did, and nowhere else", async () => {
    const old = await surveyed();
    const node = await scene.commit({ "mod_wobble/mod_wobble.lua": 'error("no more")\n' }, "wobble: Give up");
    const before = await readFile(file(), "utf8");
    await sweep("--dry-run");
    expect(await readFile(file(), "utf8")).toBe(before);
    expect(await sweep()).toMatchObject({ node, written: true });
    const { modules } = await surveyed();
    expect(modules["mod_wobble"]).toMatchObject({ node, revision: 2 });
    expect(modules["mod_wobble"]?.judgements.map(({ verdict }) => verdict)).toEqual(["broken", "broken"]);
    expect({ ...modules, mod_wobble: null }).toEqual({ ...old.modules, mod_wobble: null });
  });

  it("keeps what is known of releases that were not looked at, for modules that are the same", async () => {
    const code = { "mod_wobble/mod_wobble.lua": "local mended = true\n" };
    await scene.commit(code, "wobble: Work again");
    await scene.foundry.json(["compat", "--all", "--series", "13.0"]);
    const { modules, releases } = await surveyed();
    expect(Object.keys(releases)).toEqual(["0.12.3", "13.0.1"]);
    expect(judgedOn(modules["mod_wobble"]?.judgements)).toEqual(["13.0.1"]);
    expect(judgedOn(modules["mod_sasl2"]?.judgements)).toEqual(["0.12.3", "13.0.1"]);
  });

  it("is of an older revision when that is asked for", async () => {
    const { hg } = scene.upstreams.nodes.bookworm;
    const old = await sweep("--to", hg.slice(0, 12), "--dry-run");
    expect(old).toMatchObject({ node: hg, written: false });
    expect(old.modules).toBeLessThan(first.modules);
  });
});

describe("without a network, and with an empty cache", () => {
  it.each([
    ["wobble", "mod_wobble"],
    ["fierwall", "mod_firewall"],
    ["XEP-0484", "mod_sasl2_fast"],
    ["label:merged", "mod_flags"],
    ["firewall", "mod_firewall"],
  ])("search %s finds %s first", async (word, key) => {
    expect((await keysFor(word))[0]).toBe(key);
  });

  it("search says the verdict on each series, and what is near when there is nothing", async () => {
    const text = await offline("module", "search", "flags");
    expect(text).toMatch(/^mod_flags +works +core +merged /mu);
    expect(await offline("module", "search", "zxcvbnm")).toMatch(/^No module has all of these: zxcvbnm\./u);
  });

  it("show has the evidence for each release, and says how to pin", async () => {
    const text = await offline("module", "show", "flags");
    expect(text).toContain("It is not pinned: `foundry module add mod_flags`");
    expect(text).toMatch(/0\.12, as surveyed:\n {2}Prosody 0\.12\.3: works\n/u);
    expect(text).toMatch(/13\.0, as surveyed:\n {2}Prosody 13\.0\.1: core\n/u);
    expect(text).toMatch(/needed by +mod_dnsbl/u);
  });

  it("disagreements and agreement come from the survey alone", async () => {
    const found = z
      .array(z.looseObject({ module: z.string(), about: z.string(), evidence: z.array(z.looseObject({})) }))
      .parse(JSON.parse(await offline("compat", "--disagreements", "--all", "--json")));
    expect(found.map(({ module }) => module)).toContain("mod_broadcast");
    expect(await offline("compat", "--disagreements")).toMatch(/agree, as far as they say something/u);
    const markdown = await offline("compat", "--agreement");
    expect(markdown).toMatch(/^### Prosody 13\.0\.1$/mu);
    expect(markdown).toMatch(/^\| README says \| loads \|/mu);
  });
});

describe("beside a lock", () => {
  it("show tells of a newer revision than the one pinned, and disagreements are those of the lock", async () => {
    await scene.foundry.json(["module", "add", "wobble", ...series]);
    await scene.commit({ "mod_wobble/mod_wobble.lua": 'local newer = true;\nerror("oh")\n' }, "wobble: Break");
    await sweep();
    const { stdout } = await scene.foundry.run(["module", "show", "wobble"]);
    expect(stdout).toContain("A newer revision than that pinned was surveyed");
    expect(stdout).toMatch(/13\.0: pinned|0\.12, 13\.0: pinned/u);
    expect(stdout).toMatch(/13\.0, as surveyed:\n {2}Prosody 13\.0\.1: broken/u);
    expect(await scene.foundry.json(["module", "search", "wobble"])).toMatchObject([
      { key: "mod_wobble", pinned: true },
    ]);
    const named = await scene.foundry.json(["compat", "--disagreements", "mod_wobble"]);
    expect(named).toEqual([]);
  });
});

describe("is refused", () => {
  it.each([
    [["compat", "--all", "wobble"], "ALL_OR_NAMED"],
    [["compat", "--to", "123456"], "FLAG_NEEDS_ALL"],
    [["compat", "--all", "--source", "prosody-module"], "SOURCE_UNKNOWN"],
    [["compat", "--all", "--to", "0123456789ab"], "REVISION_UNKNOWN"],
    [["module", "show", "woble"], "MODULE_NOT_LOCKED"],
  ] as const)("%j with %s", async (args, code) => {
    const { exitCode, stderr } = await scene.foundry.run(args);
    expect(stderr).toMatch(new RegExp(`^${code}: `, "mu"));
    expect(exitCode).toBe(1);
  });

  it("a survey that was changed by hand", async () => {
    const text = await readFile(file(), "utf8");
    try {
      await writeFile(file(), text.replace('"surveyVersion":1', '"surveyVersion":2'));
      const { exitCode, stderr } = await scene.foundry.run(["module", "search", "flags"]);
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^SURVEY_MALFORMED: packages\/registry\/surveys/u)]);
    } finally {
      await writeFile(file(), text);
    }
  });
});

/** What a command prints that has nothing but the repository. */
async function offline(...args: string[]): Promise<string> {
  const cache = await mkdtemp(path.join(scene.folder, "empty-"));
  const { stdout, stderr, exitCode } = await scene.foundry.run(["--offline", ...args], { FOUNDRY_CACHE: cache });
  expect([stderr, exitCode]).toEqual(["", 0]);
  return stdout;
}

async function keysFor(...words: string[]): Promise<string[]> {
  const found: unknown = JSON.parse(await offline("module", "search", ...words, "--json"));
  return z
    .array(z.looseObject({ key: z.string() }))
    .parse(found)
    .map(({ key }) => key);
}

function judgedOn(judgements: readonly { releases: string[] }[] = []): string[] {
  return judgements.flatMap(({ releases }) => releases).toSorted();
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  let sum = 0;
  for (const count of Object.values(counts)) sum += count;
  return sum;
}
