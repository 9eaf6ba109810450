import { cp, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type BakeContext, buildFolder, findTool, type Report } from "@prosody-foundry/bake";
import { runCommand } from "@prosody-foundry/kit";
import { openRepository } from "@prosody-foundry/release";
import type { Context } from "../../packages/cli/src/context.ts";
import { type FaultyRegistry, serveFaults } from "../fixtures/registry-faults.ts";
import { openRegistry } from "../fixtures/registry.ts";
import { type Figure, under } from "./figures.ts";
import { measure, median } from "./measure.ts";

const rounds = 5;

export interface PublishMeasured {
  /** Bytes that a registry that has nothing is sent. */
  firstBytes: number;
  /** Bytes that one that has the image before a pin changed is sent. */
  bumpBytes: number;
  /** Of `foundry publish` where all is published, as a user runs it. */
  noopSeconds: number;
  noopBytes: number;
  tags: number;
}

/** What of a build is pushed. */
export interface BuiltPair {
  before: Report;
  after: Report;
}

/** Pushes a build and the one with one pin changed to a real registry, and publishes twice what the command line built. */
export async function measurePublish(
  context: Context,
  bake: BakeContext,
  { before, after }: BuiltPair,
): Promise<PublishMeasured> {
  const registry = await openRegistry({ kind: "docker-registry" });
  const proxy = await serveFaults(registry.direct);
  try {
    const crane = await findTool(bake, "crane");
    const repository = openRepository({ ...context, crane, repository: `${proxy.host}/bench/pushed` });
    const push = async ({ id, index }: Report): Promise<number> => {
      const sent = proxy.uploaded();
      await repository.push(path.join(buildFolder(bake.cacheDir, id), "layout"), index);
      return proxy.uploaded() - sent;
    };
    const [firstBytes, bumpBytes] = [await push(before), await push(after)];
    return { firstBytes, bumpBytes, ...(await publishTwice(context, proxy)) };
  } finally {
    await proxy.stop();
    await registry.stop();
  }
}

type Twice = Pick<PublishMeasured, "noopSeconds" | "noopBytes" | "tags">;

/** In a copy of the declared images, so that no ledger is written here. */
async function publishTwice(context: Context, proxy: FaultyRegistry): Promise<Twice> {
  const root = await mkdtemp(path.join(os.tmpdir(), "prosody-foundry-bench-publish-"));
  try {
    await cp(context.lockFile, path.join(root, "modules.lock.json"));
    await cp(path.join(context.root, "images"), path.join(root, "images"), {
      recursive: true,
      verbatimSymlinks: true,
      filter: isDeclared,
    });
    const program = path.join(context.root, "packages/cli/src/bin.ts");
    const words = ["publish", "prosody", "--available", "--series=13.0", "--no-sign"];
    const env = { FOUNDRY_CACHE: context.cacheDir, FOUNDRY_REPOSITORY: `${proxy.host}/bench/published` };
    const run = (): ReturnType<typeof runCommand> =>
      runCommand(process.execPath, [program, ...words], { env, cwd: root });
    await run();
    const sent = proxy.uploaded();
    const seconds: number[] = [];
    for (let round = 0; round < rounds; round += 1) seconds.push((await measure(run)).seconds);
    return { noopSeconds: median(seconds), noopBytes: proxy.uploaded() - sent, tags: proxy.tagged.length };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function isDeclared(name: string): boolean {
  return path.basename(name) !== "node_modules";
}

export function figuresOfPublish({ firstBytes, bumpBytes, noopSeconds, noopBytes }: PublishMeasured): Figure[] {
  return [
    under({ what: "publish, nothing to do", unit: "seconds", ours: noopSeconds, official: undefined }, 3, "under 3 s"),
    under(bytes("  uploaded then", noopBytes), 1, "nothing"),
    bytes("uploaded to an empty registry", firstBytes),
    bytes("uploaded after one pin changed, dearest module", bumpBytes),
  ];
}

function bytes(what: string, ours: number): Figure {
  return { what, unit: "bytes", ours, official: undefined };
}
