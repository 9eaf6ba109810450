import { readFile } from "node:fs/promises";
import path from "node:path";
import { compareText, type Exec, sha256, writeFileWhole } from "@prosody-foundry/kit";
import { Evidence, HostKind } from "@prosody-foundry/lockfile";
import { z } from "zod";
import type { LoadResult } from "./load-module.ts";
import type { LoadRequest, ShippedModule } from "./load-request.ts";
import { hashOwnCode } from "./read-own-code.ts";

/** What was found out before: only what changed is loaded again. */
export interface KeptLoads {
  recall: (request: LoadRequest, load: () => Promise<LoadResult>) => Promise<LoadResult>;
}

export interface KeptLoadsOptions {
  exec: Exec;
  image: string;
  timeout: number;
  /** Nothing is kept unless given. */
  cacheDir: string | undefined;
}

/**
 * Results by what they depend on: the bytes of the module and of its closure, those of the image, and our own code.
 * The date is that of the day it was really loaded. What cannot be read is loaded again.
 */
export async function openKeptLoads(options: KeptLoadsOptions): Promise<KeptLoads> {
  const { cacheDir } = options;
  const server = cacheDir === undefined ? undefined : await identify(options);
  if (cacheDir === undefined || server === undefined) return { recall: async (_request, load) => load() };
  return {
    recall: async (request, load) => {
      const file = path.join(cacheDir, "loads", `${keyOf(server, request)}.json`);
      const kept = decode(await readFile(file, "utf8").catch(() => ""));
      if (kept !== undefined) return kept;
      const result = await load();
      const line = JSON.stringify(result);
      await writeFileWhole(file, `${sha256(line)}\n${line}\n`);
      return result;
    },
  };
}

// An image that the engine does not know cannot be asked for; starting it says so better than we could here.
async function identify({ exec, image, timeout }: KeptLoadsOptions): Promise<string | undefined> {
  const args = ["image", "inspect", "--format={{.Id}}", image];
  const { stdout, exitCode } = await exec("docker", args, { accept: "any" });
  if (exitCode !== 0) return undefined;
  return sha256(JSON.stringify([stdout.trim(), timeout, await hashOwnCode()]));
}

function keyOf(server: string, request: LoadRequest): string {
  const modules = [request, ...request.closure].map((module) => [module.name, filesOf(module)]);
  return sha256(JSON.stringify([server, modules]));
}

function filesOf({ files }: ShippedModule): string[] {
  return files.map((file) => JSON.stringify([file.path, sha256(file.bytes)])).toSorted(compareText);
}

const Kept = z.strictObject({
  name: z.string(),
  evidence: Evidence,
  hosts: z.array(HostKind),
  log: z.array(z.string()),
});

function decode(text: string): LoadResult | undefined {
  const [hash, line = ""] = text.split("\n");
  return hash === sha256(line) ? Kept.safeParse(JSON.parse(line)).data : undefined;
}
