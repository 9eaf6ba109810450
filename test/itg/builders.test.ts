import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  type BakeContext,
  type Built,
  type BuildOptions,
  buildTargets,
  exportBuilds,
  findEngine,
  importBuilds,
} from "@prosody-foundry/bake";
import { narrowTarget, type Platform, type Target } from "@prosody-foundry/images";
import { type Exec, runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRegistry, type Registry } from "../fixtures/registry.ts";
import { type SecondEngine, startSecondEngine } from "../fixtures/second-engine.ts";
import { smallMaterials, smallTarget } from "../fixtures/small-target.ts";
import { type Bench, openBench } from "./build-fixture.ts";

const target = smallTarget("itg-builders");

let bench: Bench;
let second: SecondEngine;
let alone: Built;
beforeAll(async () => {
  bench = await openBench();
  second = await startSecondEngine();
  alone = await build(bench.context, target);
});
afterAll(async () => {
  await second.stop();
  await bench.clear();
});

async function build(context: BakeContext, one: Target, options: Partial<BuildOptions> = {}): Promise<Built> {
  const [built] = await buildTargets(context, [one], { materials: () => smallMaterials(bench.scratch), ...options });
  if (built === undefined) throw new Error("nothing was built");
  return built;
}

/** A machine of its own, which builds with the builder of that name. */
async function machineWith({ builder, env }: SecondEngine["asContext"], name: string): Promise<BakeContext> {
  const exec: Exec = (command, args, options) =>
    runCommand(command, args, { ...options, env: { ...env, ...options?.env } });
  const engine = await findEngine({ exec, env: { ...process.env, ...env, BUILDX_BUILDER: builder } });
  return { ...bench.context, engine, exec, cacheDir: path.join(bench.scratch, name) };
}

async function partOn(context: BakeContext, platform: Platform): Promise<string> {
  const part = narrowTarget(target, platform);
  await build(context, part);
  const folder = path.join(bench.scratch, `${path.basename(context.cacheDir)}-artifact`);
  await exportBuilds(context.cacheDir, [part.id], folder);
  return folder;
}

describe("a second engine as the builder of one platform", () => {
  it.each([
    ["remote", () => second.asRemote],
    ["docker", () => second.asContext],
  ] as const)("of the %s driver gives what one engine gives, joined by digest", async (driver, known) => {
    const far = await machineWith(known(), `far-${driver}`);
    expect(far.engine).toMatchObject({ driver, builder: known().builder });
    const near = { ...bench.context, cacheDir: path.join(bench.scratch, `near-${driver}`) };
    const parts = [await partOn(near, "linux/amd64"), await partOn(far, "linux/arm64")];
    const { stdout } = await runCommand("docker", ["-H", second.host, "system", "df", "--format", "{{json .}}"]);
    expect(stdout).toMatch(/"Type":"Build Cache"/u);
    expect(await readFile(path.join(far.cacheDir, "bake.log"), "utf8")).toContain(`using ${driver} driver`);
    const joining = { ...bench.context, cacheDir: path.join(bench.scratch, `joined-${driver}`) };
    await importBuilds(joining.cacheDir, parts);
    const joined = await build(joining, target, {
      materials: () => Promise.reject(new Error("nothing had to be built")),
    });
    expect(joined.report.platforms).toEqual(alone.report.platforms);
  });
});

describe("a builder that is only defined", () => {
  const kubeconfig = `apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "http://127.0.0.1:1" } }]
contexts: [{ name: c, context: { cluster: c, user: u, namespace: default } }]
current-context: c
users: [{ name: u, user: {} }]
`;

  it.each(["docker-container", "kubernetes"])(
    "of the %s driver is found, and is what buildx is called with",
    async (driver) => {
      const config = path.join(bench.scratch, "kubeconfig");
      await writeFile(config, kubeconfig);
      const env = { DOCKER_CONFIG: path.join(bench.scratch, "config"), KUBECONFIG: config };
      await runCommand("docker", ["buildx", "create", `--name=some-${driver}`, `--driver=${driver}`], { env });
      const machine = await machineWith({ builder: `some-${driver}`, env }, "defined");
      expect(machine.engine).toMatchObject({ driver, builder: `some-${driver}` });
      const calls: unknown[] = [];
      const exec: Exec = (command, args, options) => {
        if (args[1] !== "bake") return machine.exec(command, args, options);
        calls.push([command, args.slice(0, 2), options?.env?.["BUILDX_BUILDER"]]);
        return Promise.resolve({ stdout: "", stderr: "", exitCode: 1 });
      };
      await expect(build({ ...machine, exec }, target)).rejects.toMatchObject({ code: "BUILD_FAILED" });
      expect(calls).toEqual([["docker", ["buildx", "bake"], `some-${driver}`]]);
    },
  );

  it("is refused when there is none of that name", async () => {
    const found = findEngine({ exec: runCommand, env: { ...process.env, BUILDX_BUILDER: "nobody" } });
    await expect(found).rejects.toMatchObject({ code: "BUILDER_UNKNOWN" });
  });
});

describe("a registry that keeps build steps", () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await openRegistry({ kind: "docker-registry" });
    await second.reach(Number(registry.host.split(":")[1]));
  });
  afterAll(() => registry.stop());

  it("spares another engine with an empty cache every step, and changes no digest", async () => {
    const cache = { kind: "registry", repository: `${registry.host}/cache` } as const;
    const filling = path.join(bench.scratch, "filling");
    const first = await build({ ...bench.context, cacheDir: filling }, target, { cache, noCache: true });
    expect(first.report.platforms).toEqual(alone.report.platforms);
    const tags = await fetch(`http://${registry.host}/v2/cache/tags/list`);
    expect(await tags.json()).toMatchObject({ tags: ["itg-builders-amd64", "itg-builders-arm64"] });
    await runCommand("docker", ["-H", second.host, "builder", "prune", "--all", "--force"]);
    const empty = await machineWith(second.asRemote, "from-cache");
    const again = await build(empty, target, { cache });
    expect(again.report.platforms).toEqual(alone.report.platforms);
    // A step that is answered from the cache prints nothing, whether buildx says CACHED or fetches what it left.
    expect([await countRuns(filling), await countRuns(empty.cacheDir)]).toEqual([2, 0]);
  });

  it("that does not answer is no failure of the build", async () => {
    const cache = { kind: "registry", repository: "127.0.0.1:1/cache" } as const;
    const context = { ...bench.context, cacheDir: path.join(bench.scratch, "no-cache") };
    expect((await build(context, target, { cache })).report.platforms).toEqual(alone.report.platforms);
  });
});

/** How often the step of the small Dockerfile really ran in the last build. */
async function countRuns(cacheDir: string): Promise<number> {
  const log = await readFile(path.join(cacheDir, "bake.log"), "utf8");
  return log.match(/^#\d+ [\d.]+ made here$/gmu)?.length ?? 0;
}
