import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { runCommand, UserError } from "@prosody-foundry/kit";
import { type Context, type GlobalFlags, parseMirrors } from "./context.ts";
import { createProgress, type ProgressPrinter } from "./progress.ts";

export interface OpenContext {
  context: Context;
  printer: ProgressPrinter;
}

/** The real context of this process. */
export function openContext(flags: GlobalFlags): OpenContext {
  const printer = createProgress(process.stderr);
  const root = findRoot(flags.root ?? process.env["FOUNDRY_ROOT"]);
  const context: Context = {
    root,
    lockFile: path.join(root, "modules.lock.json"),
    cacheDir: cacheDirOf(process.env),
    basesDir: process.env["FOUNDRY_BASES"] || undefined,
    mirrors: parseMirrors([...(process.env["FOUNDRY_MIRRORS"] ?? "").split(/\s+/u), ...(flags.mirror ?? [])]),
    offline: flags.offline === true || process.env["FOUNDRY_OFFLINE"] === "1",
    env: flags.builder === undefined ? process.env : { ...process.env, BUILDX_BUILDER: flags.builder },
    exec: runCommand,
    fetch: globalThis.fetch,
    progress: printer.report,
    today: new Date().toISOString().slice(0, 10),
    say(message) {
      printer.end();
      process.stderr.write(`${message}\n`);
    },
  };
  return { context, printer };
}

/** The nearest folder upward that declares images, or the one named. */
function findRoot(named: string | undefined): string {
  if (named !== undefined) return checkRoot(path.resolve(named));
  for (let folder = process.cwd(); ; folder = path.dirname(folder)) {
    if (declaresImages(folder)) return folder;
    if (folder === path.dirname(folder)) break;
  }
  throw new UserError("ROOT_MISSING", `No repository with an images/series.json at or above ${process.cwd()}`, {
    hint: "Go into the repository, or name it with --root.",
  });
}

function checkRoot(folder: string): string {
  if (declaresImages(folder)) return folder;
  throw new UserError("ROOT_MISSING", `${folder} has no images/series.json`, {
    hint: "Name the repository's top folder.",
  });
}

function declaresImages(folder: string): boolean {
  return existsSync(path.join(folder, "images", "series.json"));
}

function cacheDirOf(env: NodeJS.ProcessEnv): string {
  const named = env["FOUNDRY_CACHE"];
  if (named !== undefined && named !== "") return path.resolve(named);
  return path.join(env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache"), "prosody-foundry");
}
