import { readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { readLock } from "@prosody-foundry/lockfile";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { BuildOutput, DiffOutput, PinChecks, PlanOutput, VerifyOutput, WhyOutput } from "../fixtures/foundry-output.ts";
import { openScene, type Scene } from "../fixtures/repository.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await openScene();
  await scene.commit({ "mod_upload_words/README.md": tombstone }, "mod_upload_words: Merged into Prosody");
});
afterAll(() => scene.close());

const tombstone = "---\nlabels: [Stage-Obsolete]\nsuperseded_by: mod_http_file_share\n...\n\n# Gone\n";
const names = ["sasl2_bind2", "mod_flags", "mod_lastlog2", "upload_words"];
const series = ["--series", "0.12", "13.0"];
/** Flags of a build that this machine can do. */
const buildable = ["--available", "--platform", "linux/amd64", "--series", "13.0"];
const lockOf = () => readLock(path.join(scene.foundry.root, "modules.lock.json"));
const lockText = () => readFile(path.join(scene.foundry.root, "modules.lock.json"), "utf8");

type Planned = z.infer<typeof PlanOutput>["targets"][number];

async function planned(): Promise<Planned> {
  const { targets } = PlanOutput.parse(await scene.foundry.json(["plan", ...buildable]));
  const [target] = targets;
  if (target === undefined) throw new Error("The plan has no target");
  expect(targets.map(({ name }) => name)).toEqual(["prosody-13-0"]);
  return target;
}

describe("modules are pinned", () => {
  it("by name, with what they need, and with a verdict and its evidence on each release", async () => {
    const preview = DiffOutput.parse(
      await scene.foundry.json(["module", "add", "mod_lastlog2", ...series, "--dry-run"]),
    );
    await expect(stat(path.join(scene.foundry.root, "modules.lock.json"))).rejects.toThrow("ENOENT");
    const diff = await scene.foundry.json(["module", "add", ...names, ...series]);
    const added = ["mod_flags", "mod_lastlog2", "mod_sasl2", "mod_sasl2_bind2", "mod_upload_words"];
    expect(diff).toMatchObject({ modules: added.map((name) => ({ name, change: "added" })) });
    expect(diff).toMatchObject({ modules: expect.arrayContaining(preview.modules) as unknown });
    const { modules, releases, sources } = await lockOf();
    expect(Object.keys(releases)).toEqual(["0.12.3", "13.0.1"]);
    expect(sources["prosody-modules"]).toMatchObject({ kind: "hg", url: "https://hg.prosody.im/prosody-modules/" });
    expect(modules["mod_sasl2_bind2"]?.pins["13.0"]).toMatchObject({
      depends: ["mod_sasl2"],
      node: scene.upstreams.nodes.forky.hg,
    });
    expect(modules["mod_lastlog2"]?.pins["0.12"]).toMatchObject({ node: scene.upstreams.nodes.trixie.hg });
    expect(modules["mod_flags"]?.pins["13.0"]).toEqual({ none: expect.stringContaining("core on 13.0.1") as unknown });
    expect(modules["mod_flags"]?.pins["0.12"]).toMatchObject({ stage: "merged" });
    expect(modules["mod_upload_words"]?.pins["0.12"]).toEqual({
      none: expect.stringMatching(/^tombstone/u) as unknown,
    });
  });

  it("and nothing is written when nothing changed", async () => {
    const before = await stat(path.join(scene.foundry.root, "modules.lock.json"));
    const { stdout } = await scene.foundry.run(["module", "add", "mod_lastlog2", ...series]);
    expect(stdout).toBe("Nothing changed.\n");
    const after = await stat(path.join(scene.foundry.root, "modules.lock.json"));
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it("shown with all that is known", async () => {
    const shown = await scene.foundry.json(["module", "show", "sasl2_bind2"]);
    expect(shown).toMatchObject({ name: "mod_sasl2_bind2", judgements: [{}, {}] });
    const { stdout } = await scene.foundry.run(["module", "show", "sasl2_bind2"]);
    expect(stdout).toContain(scene.upstreams.nodes.forky.hg);
    expect(stdout).toMatch(/loaded +loads +it loads on virtual-host/u);
  });

  it("and found byte for byte at their source", async () => {
    const { checks, wrong } = PinChecks.parse(await scene.foundry.json(["module", "verify"]));
    expect(wrong).toEqual([]);
    const atHome = checks.filter(({ source }) => source === "prosody-modules");
    expect(atHome.map(({ module, result }) => [module, result])).toEqual([
      ["mod_flags", "same"],
      ["mod_lastlog2", "same"],
      ["mod_sasl2", "same"],
      ["mod_sasl2_bind2", "same"],
    ]);
    expect(checks).toContainEqual(
      expect.objectContaining({ module: "mod_lastlog2", source: "prosody-modules of Debian trixie", result: "same" }),
    );
  });

  it("and are judged again without moving", async () => {
    const before = await lockText();
    const judged = await scene.foundry.json(["compat", "flags", ...series]);
    const judgements = [
      expect.objectContaining({ releases: ["0.12.3"], verdict: "works" }),
      expect.objectContaining({ releases: ["13.0.1"], verdict: "core" }),
    ];
    expect(judged).toEqual([{ name: "mod_flags", judgements: expect.arrayContaining(judgements) as unknown }]);
    expect(await lockText()).toBe(before);
  });
});

describe("an image is made of them", () => {
  it("after a plan that says what ships and why", async () => {
    const optional = ["mod_flags", "mod_upload_words", "mod_lastlog2"];
    await scene.declare({ required: ["mod_sasl2_bind2"], optional });
    const why = WhyOutput.parse(await scene.foundry.json(["module", "why", "sasl2", "--series", "13.0"]));
    expect(why[0]?.chain).toEqual(["mod_sasl2", "mod_sasl2_bind2", "required"]);
    const target = await planned();
    expect(target).toMatchObject({
      built: false,
      release: { version: "13.0.1" },
      modules: [
        { name: "mod_lastlog2", reason: "optional" },
        { name: "mod_sasl2", reason: "needed by mod_sasl2_bind2" },
        { name: "mod_sasl2_bind2", reason: "required", verdict: "works" },
      ],
      unshipped: [
        { name: "mod_flags", instead: "core" },
        { name: "mod_upload_words", instead: "nothing" },
      ],
    });
    expect((await planned()).id).toBe(target.id);
  });

  it("built once, with its digest and size", async () => {
    const target = await planned();
    const [first] = BuildOutput.parse(await scene.foundry.json(["build", ...buildable]));
    expect(first).toMatchObject({ id: target.id, fresh: true, release: "13.0.1" });
    expect(Object.keys(first?.platforms ?? {})).toEqual(["linux/amd64"]);
    expect(first?.platforms["linux/amd64"]?.digest).toMatch(/^sha256:[0-9a-f]{64}$/u);
    expect(first?.platforms["linux/amd64"]?.size).toBeLessThan(14_000_000);
    const [second] = BuildOutput.parse(await scene.foundry.json(["build", ...buildable]));
    expect(second).toEqual({ ...first, fresh: false });
    expect(await planned()).toMatchObject({ built: true, id: target.id });
    const { stdout } = await scene.foundry.run(["plan", ...buildable, "--explain"]);
    expect(stdout).toContain("prosody-13-0: nothing changed since it was built");
  });

  it("that passes every check when it runs", async () => {
    const [verified] = VerifyOutput.parse(await scene.foundry.json(["verify", ...buildable], [0, 3]));
    expect(verified?.checks.filter(({ status }) => status !== "passed")).toEqual([]);
    expect(verified?.checks.map(({ name }) => name)).toEqual([
      "shared objects",
      "modes and links",
      "starts",
      "not root",
      "locked down",
      "no shell",
      "C modules",
      "internationalised names",
      "modules loaded",
      "other modules load",
      "authentication modules load",
      "TLS and SCRAM login",
      "message",
      "plaintext login refused",
      "registration refused",
      "stops cleanly",
    ]);
  });

  it("and would carry exactly the tags of the newest of the default series", async () => {
    const tags = await scene.foundry.json(["tags", ...buildable]);
    expect(tags).toEqual([
      { target: "prosody-13-0", built: true, tags: ["13", "13.0", "13.0.1", "13.0.1-r1", "latest", "stable"] },
    ]);
  });

  it("is published once the ledger has this very build; another build is the next revision", async () => {
    const [report] = z
      .tuple([z.looseObject({ index: z.string() })])
      .parse(await scene.foundry.json(["build", ...buildable]));
    const ledger = path.join(scene.foundry.root, "images", "ledger.json");
    const publish = (digest: string) => {
      const entry = { image: "prosody", variant: "", series: "13.0", version: "13.0.1", rev: 4, yanked: false, digest };
      const made = { id: null, contract: null, platforms: {}, date: "2026-11-20" };
      return writeFile(ledger, JSON.stringify({ ledgerVersion: 1, entries: [{ ...entry, ...made }] }));
    };
    await publish(report.index);
    expect(await planned()).toMatchObject({ published: true, tags: expect.arrayContaining(["13.0.1-r4"]) as unknown });
    await publish(`sha256:${"0".repeat(64)}`);
    expect(await planned()).toMatchObject({ published: false, tags: expect.arrayContaining(["13.0.1-r5"]) as unknown });
    await rm(ledger);
  });
});

describe("when upstream moves", () => {
  it("the pin that is behind is named, moved, and is the only input that changes", async () => {
    const before = await planned();
    const none = await scene.foundry.json(["module", "outdated"]);
    expect(none).toEqual([]);
    const code = await readFile(path.join(scene.upstreams.hgDir, "mod_lastlog2/mod_lastlog2.lua"), "utf8");
    const node = await scene.commit({ "mod_lastlog2/mod_lastlog2.lua": `${code}\n-- newer\n` }, "lastlog2: Be newer");
    const outdated = await scene.foundry.json(["module", "outdated"], [3]);
    expect(outdated).toEqual([
      expect.objectContaining({
        module: "mod_lastlog2",
        series: ["0.12", "13.0"],
        from: scene.upstreams.nodes.trixie.hg,
        to: node,
        behind: 1,
        subject: "lastlog2: Be newer",
      }),
    ]);
    await scene.foundry.json(["module", "update", ...series]);
    const { modules } = await lockOf();
    expect(modules["mod_lastlog2"]?.pins["13.0"]).toMatchObject({ node });
    expect(modules["mod_sasl2"]?.pins["13.0"]).toMatchObject({ node: scene.upstreams.nodes.forky.hg });
    const after = await planned();
    expect(after.id).not.toBe(before.id);
    const changed = Object.keys(after.inputs).filter((input) => after.inputs[input] !== before.inputs[input]);
    expect(changed).toEqual(["module mod_lastlog2"]);
    const { stdout } = await scene.foundry.run(["plan", ...buildable, "--explain"]);
    expect(stdout).toContain(`prosody-13-0: since ${before.id.slice(0, 12)}\n~ module mod_lastlog2: `);
    expect(stdout.match(/^[~+-] /gmu)).toHaveLength(1);
    expect(await scene.foundry.json(["plan", ...buildable, "--explain"])).toMatchObject({
      targets: [
        { explanation: { since: before.id, changed: [{ input: "module mod_lastlog2" }], added: [], removed: [] } },
      ],
    });
  });

  it("a held pin stays where it is", async () => {
    await scene.foundry.json(["module", "add", "mod_lastlog2", "--hold", ...series]);
    const before = await lockOf();
    const code = await readFile(path.join(scene.upstreams.hgDir, "mod_lastlog2/mod_lastlog2.lua"), "utf8");
    await scene.commit({ "mod_lastlog2/mod_lastlog2.lua": `${code}\n-- newest\n` }, "lastlog2: Be newest");
    expect(await scene.foundry.json(["module", "outdated"], [3])).toMatchObject([
      { module: "mod_lastlog2", hold: true },
    ]);
    await scene.foundry.json(["module", "update", ...series]);
    expect((await lockOf()).modules["mod_lastlog2"]).toEqual(before.modules["mod_lastlog2"]);
    expect(before.modules["mod_lastlog2"]?.hold).toBe(true);
  });
});

it("a module leaves the lock when nothing needs it any more", async () => {
  const refused = await scene.foundry.run(["module", "remove", "sasl2"]);
  expect(refused).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("MODULE_IN_USE: mod_sasl2 cannot") as unknown,
  });
  const named = await scene.foundry.run(["module", "remove", "lastlog2"]);
  expect(named.stderr).toContain("images/prosody/image.json names it");
  await scene.declare({ required: ["mod_sasl2_bind2"], optional: [] });
  const diff = await scene.foundry.json(["module", "remove", "lastlog2"]);
  expect(diff).toMatchObject({ modules: [{ name: "mod_lastlog2", change: "removed" }] });
  expect(Object.keys((await lockOf()).modules)).not.toContain("mod_lastlog2");
});

describe("a command that reports", () => {
  it.each(["setup", "doctor", "module search sasl2"])("prints one JSON value: %s", async (command) => {
    expect(await scene.foundry.json(command.split(" "))).toBeTypeOf("object");
  });
});
