import {
  type Built,
  buildTargets,
  checkFiles,
  findEmulator,
  loadTarget,
  runChecks,
  verifyTarget,
} from "@prosody-foundry/bake";
import { Platform } from "@prosody-foundry/images";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { imageOf } from "../fixtures/built-image.ts";
import { readFromLayout } from "../fixtures/changed-layout.ts";
import { type Bench, materialsOf, openBench, targetOf } from "./build-fixture.ts";

// The other two are built and looked at in many tests.
const rare = Platform.options.filter((platform) => platform !== "linux/amd64" && platform !== "linux/arm64");

let bench: Bench;
let built: Built;
const made: string[] = [];

beforeAll(async () => {
  bench = await openBench();
  const target = targetOf("every", bench.everywhere, Platform.options);
  const [only] = await buildTargets(bench.context, [target], { materials: (one) => materialsOf(bench.context, one) });
  if (only === undefined) throw new Error("nothing was built");
  built = only;
});

afterAll(async () => {
  await runCommand("docker", ["rmi", "--force", ...made], { accept: "any" });
  await bench.clear();
});

it("one build is an image for every platform", () => {
  expect(Object.keys(built.report.platforms).toSorted()).toEqual([...Platform.options].toSorted());
  for (const { size, layers } of Object.values(built.report.platforms)) {
    expect(layers).toHaveLength(12);
    expect(size).toBeLessThan(16_000_000);
  }
});

it.each(Platform.options)(
  "%s: every file is needed and finds what it needs, and of ICU's data little is left",
  async (platform) => {
    const image = imageOf(bench.context, built, platform);
    const checks = await checkFiles(image.layout, { digest: image.digest, platform });
    expect(checks.filter(({ status }) => status !== "passed")).toEqual([]);
    const data = await readFromLayout(image, /\/libicudata\.so\.[\d.]+$/u);
    expect(data.length).toBeGreaterThan(400_000);
    expect(data.length).toBeLessThan(1_000_000);
  },
);

it.each(rare)("%s: it starts, prepares names as with the whole of ICU, and clients log in", async (platform) => {
  const image = await loadTarget(bench.context, built.report, platform);
  made.push(image);
  const emulator = { fetch: (machine: string): Promise<string> => findEmulator(bench.context, machine) };
  const target = { modules: [], series: "13.0" as const, platform };
  const checks = await verifyTarget({ exec: runCommand, image, target, emulator });
  expect(checks.map(({ name }) => name)).toEqual([...runChecks]);
  expect(checks.filter(({ status }) => status !== "passed")).toEqual([]);
});
