import { writeFile } from "node:fs/promises";
import path from "node:path";
import { UserError, prettyJson } from "@prosody-foundry/kit";
import type { BakeDefinition } from "@docker/actions-toolkit/lib/types/buildx/bake.js";
import { type BakeContext, engineEnv } from "./engine.ts";
import { explainBuild, stepOf } from "./bake-output.ts";
import { refuseFullDisk } from "./read-disk.ts";

/**
 * Runs `docker buildx bake` over a definition in a folder that all its paths are relative to (newer buildx lets a bake
 * file reach only what is below the folder it runs in). The full output goes to `bake.log` in the cache.
 * @throws UserError BUILD_FAILED, INPUT_REFUSED and INPUT_UNREACHABLE (Debian's mirror), DISK_FULL
 */
export async function runBake(context: BakeContext, definition: BakeDefinition, folder: string): Promise<void> {
  const lines: string[] = [];
  const result = await context.exec("docker", ["buildx", "bake", "--progress=plain", "--file=-"], {
    cwd: folder,
    env: engineEnv(context.engine),
    input: prettyJson(definition),
    accept: "any",
    onLine: (line) => {
      lines.push(line);
      const step = stepOf(line);
      if (step !== undefined) context.progress(step);
    },
  });
  if (result.exitCode !== 0) await refuseFullDisk(folder);
  const log = path.join(context.cacheDir, "bake.log");
  await writeFile(log, `${lines.join("\n")}\n`);
  if (result.exitCode !== 0) throw buildFailed(lines, log);
}

function buildFailed(lines: readonly string[], log: string): UserError {
  const { code, because } = explainBuild(lines);
  return new UserError(code, `The build failed: ${because}`, {
    hint: hints[code] ?? `All of its output is in ${log}.`,
  });
}

const hints: Record<string, string> = {
  INPUT_REFUSED:
    "Take the committed package lock back (`git checkout`), or ask who runs the mirror what happened to it.",
  INPUT_UNREACHABLE:
    "Try again when Debian's mirror answers. What it dropped is locked anew by `foundry packages update`.",
  DISK_FULL: "Free some space (`docker builder prune` gives back what old builds hold) and run it again.",
};
