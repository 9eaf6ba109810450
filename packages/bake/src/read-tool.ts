import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { UserError, isUserError, runExclusive } from "@prosody-foundry/kit";
import { extract } from "tar-stream";
import type { BakeContext } from "./engine.ts";
import { hashFile, keepFile, readCached, refuseInput } from "./read-cached.ts";
import { withDebianFiles } from "./read-debian.ts";

interface Tool {
  /** Debian's version, and the SHA-256 of the package by architecture. */
  version: string;
  sha256: Readonly<Record<string, string>>;
  /** What a program that is new enough says when it is asked this; Debian's builds do not know their own version. */
  probe: { args: readonly string[]; says: RegExp };
}

/** Programs that publishing needs, out of Debian's testing suite: both need no library but libc 2.34. */
const tools = {
  crane: {
    version: "0.20.7+ds1-5",
    sha256: {
      amd64: "2d4bdb12724eda42214bb8957aecc472e561317938da3c95402a9ee30c73fa3b",
      arm64: "41b0dc30615b28a52ef810600ee3a6f42d52ae4d4ad404937e8e4376624c4001",
    },
    probe: { args: ["push", "--help"], says: /OCI image layout[\s\S]*--image-refs/u },
  },
  cosign: {
    version: "3.1.1-2",
    sha256: {
      amd64: "d8622ebffce1d69197288fc030ff06a4c247af5507107f85c5a878870b686b23",
      arm64: "131d3a895f48a1f1f5df708cb3423e96fee4d2135ff4ee3fc71b884290e79549",
    },
    probe: { args: ["signing-config", "create", "--help"], says: /--no-default-rekor/u },
  },
} as const satisfies Record<string, Tool>;

const suite = "forky";

export type ToolName = keyof typeof tools;

/**
 * Path of a program: the one on PATH when it is new enough, else Debian's package at a pinned version, unpacked into the
 * cache.
 * @throws UserError TOOL_MISSING where Debian's package does not run, INPUT_UNREACHABLE, INPUT_REFUSED.
 */
export async function findTool(context: BakeContext, name: ToolName): Promise<string> {
  const present = await presentTool(context, name);
  if (present !== undefined) return present;
  const file = toolFile(context, name);
  return runExclusive(file, async () => (await presentTool(context, name)) ?? fetchTool(context, name), {
    onWait: context.progress,
  });
}

/** The program where it is already: on PATH, or in the cache. Needs no engine. */
export async function presentTool(
  context: Pick<BakeContext, "cacheDir" | "exec">,
  name: ToolName,
): Promise<string | undefined> {
  if (await answers(context, name, name)) return name;
  return (await readCached(toolFile(context, name)))?.path;
}

async function answers(context: Pick<BakeContext, "exec">, name: ToolName, program: string): Promise<boolean> {
  const { args, says } = tools[name].probe;
  const answer = await context.exec(program, args, { accept: "any" }).catch(whenMissing);
  return answer !== undefined && says.test(answer.stdout + answer.stderr);
}

function whenMissing(error: unknown): undefined {
  if (!isUserError(error, "COMMAND_MISSING")) throw error;
}

function toolFile({ cacheDir }: Pick<BakeContext, "cacheDir">, name: ToolName): string {
  return path.join(cacheDir, "tools", `${name}_${tools[name].version}_${architecture()}`, name);
}

function architecture(): string {
  return os.arch() === "x64" ? "amd64" : os.arch();
}

async function fetchTool(context: BakeContext, name: ToolName): Promise<string> {
  const { version, sha256 } = tools[name];
  const own = architecture();
  const hash = os.platform() === "linux" ? Object.entries(sha256).find(([each]) => each === own)?.[1] : undefined;
  if (hash === undefined) throw missing(name, `Debian's package is not for ${os.platform()} on ${own}`);
  const wish = { suite, package: name, version, architectures: [own], pinned: true };
  const file = await withDebianFiles(context, wish, async (folder) => {
    const got = await hashFile(path.join(folder, `${own}.deb`));
    if (got !== hash) throw refuseInput(`Debian's package ${name} ${version}`, `SHA-256 ${hash}`, got);
    return keepProgram(context, name, await readFile(path.join(folder, `${own}.tar`)));
  });
  if (await answers(context, name, file)) return file;
  throw missing(name, "Debian's build of it does not run on this machine");
}

async function keepProgram(context: BakeContext, name: ToolName, tar: Buffer): Promise<string> {
  const bytes = await readMember(tar, `usr/bin/${name}`);
  if (bytes === undefined) throw missing(name, "Debian's package has no such program");
  await mkdir(context.cacheDir, { recursive: true });
  const folder = await mkdtemp(path.join(context.cacheDir, "fetch-"));
  try {
    const unpacked = path.join(folder, name);
    await writeFile(unpacked, bytes, { mode: 0o755 });
    const kept = await keepFile(unpacked, toolFile(context, name), `Debian ${suite}`);
    return kept.path;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readMember(tar: Buffer, name: string): Promise<Buffer | undefined> {
  const reader = extract();
  reader.end(tar);
  for await (const entry of reader) {
    if (entry.header.name.replace(/^\.\//u, "") === name) return buffer(entry);
    entry.resume();
  }
  return undefined;
}

function missing(name: ToolName, because: string): UserError {
  return new UserError("TOOL_MISSING", `The program ${name} is needed: ${because}`, {
    hint: `Put ${name} ${tools[name].version.replace(/[+-].*$/u, "")} or newer on PATH.`,
  });
}
