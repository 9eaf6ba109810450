import { readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { type BumpScene, openBumpScene } from "../fixtures/bump-scene.ts";
import type { Environment } from "../fixtures/foundry.ts";
import { type FakeGithub, openFakeGithub, secretToken } from "../fixtures/github.ts";

let scene: BumpScene;
let github: FakeGithub;
let environment: Environment;

const Pulls = z.array(
  z.looseObject({
    number: z.number(),
    title: z.string(),
    body: z.string(),
    labels: z.array(z.looseObject({ name: z.string() })),
    head: z.looseObject({ ref: z.string() }),
  }),
);

const alone = (option: string) =>
  `local text = module:get_option_string("${option}", "");\nmodule:log("debug", text);\n`;

beforeAll(async () => {
  [scene, github] = await Promise.all([openBumpScene(), openFakeGithub()]);
  environment = {
    GITHUB_TOKEN: secretToken,
    GITHUB_API_URL: github.place.api,
    GITHUB_REPOSITORY: "acme/images",
    GITHUB_STEP_SUMMARY: path.join(scene.folder, "summary.md"),
  };
  await scene.commit({ "mod_alone/mod_alone.lua": alone("alone_text") }, "Begin");
  await scene.foundry.json(["module", "add", "alone", "--series", "13.0"]);
  await scene.declare({ required: ["mod_alone"], optional: [] });
  await scene.commitAll();
  await github.push(scene.foundry.root);
});
afterAll(async () => {
  await scene.close();
  await github.close();
});
beforeEach(() => github.forget());

async function bump(...args: string[]) {
  const result = await scene.foundry.run(["bump", "--pull-request", ...args], environment);
  expect(`${result.stdout}${result.stderr}`).not.toContain(secretToken);
  return result;
}

async function pulls() {
  return Pulls.parse(await github.ask("GET", "/pulls?state=open"));
}

it("without a token nothing is gathered", async () => {
  const { exitCode, stderr } = await scene.foundry.run(["bump", "--pull-request", "--github", "acme/images"], {
    GITHUB_TOKEN: "",
    GH_TOKEN: undefined,
  });
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^GITHUB_TOKEN_MISSING: /u)]);
});

it("while upstream stands still no pull request is needed", async () => {
  expect(await bump()).toMatchObject({ exitCode: 0, stdout: "No pull request is needed.\n" });
  expect(github.writes()).toEqual([]);
});

it("what moves becomes one pull request, and nothing is written here", async () => {
  await scene.commit({ "mod_alone/mod_alone.lua": alone("lonely_text") }, "mod_alone: Feel lonely");
  const dry = await bump("--dry-run");
  expect(dry.stdout).toMatch(/^Would write bump\/modules on [0-9a-f]{12}: .*modules\.lock\.json/mu);
  expect(github.writes()).toEqual([]);
  const { exitCode, stdout } = await bump();
  expect([exitCode, stdout]).toEqual([0, expect.stringMatching(/^bump\/modules: http/mu)]);
  const [pull, ...more] = await pulls();
  expect([pull?.title, pull?.head.ref, more]).toEqual(["Bump mod_alone", "bump/modules", []]);
  expect(pull?.body).toMatch(/^## 1 module moves/u);
  expect(await scene.git("status", "--porcelain")).toBe("");
  expect(await readFile(path.join(scene.folder, "summary.md"), "utf8")).toContain(
    "| Bump mod_alone | `bump/modules` |",
  );
});

it("again it is as it was, without a write request", async () => {
  expect(await bump()).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^bump\/modules: http[^\n]*\n$/u) as unknown,
  });
  expect(github.writes()).toEqual([]);
});

it("a bump for each module takes its place", async () => {
  await bump("--each");
  expect((await pulls()).map(({ head }) => head.ref)).toEqual(["bump/mod_alone"]);
});
