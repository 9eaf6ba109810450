import { mkdir } from "node:fs/promises";
import path from "node:path";
import { type CommandResult } from "@prosody-foundry/kit";
import { type BakeContext, engineEnv } from "./engine.ts";
import { refuseFullDisk } from "./read-disk.ts";

export interface StageRequest {
  /** Value of the named context `base`. */
  base: string;
  /** Folder that is made in, `result` in it among others. */
  folder: string;
  dockerfile: string;
}

/**
 * Runs a Dockerfile that fetches something inside the base, never out of the build cache; its last stage's files come to
 * `result` in the folder. The answer is buildx's own, failure or not.
 * @throws UserError DISK_FULL
 */
export async function runStage(context: BakeContext, request: StageRequest): Promise<CommandResult> {
  const empty = path.join(request.folder, "empty");
  await mkdir(empty);
  const output = `type=local,dest=${path.join(request.folder, "result")}`;
  const options = ["--no-cache", "--progress=plain", "--provenance=false", "--build-context", `base=${request.base}`];
  const args = ["buildx", "build", ...options, "--output", output, "--file", "-", empty];
  const result = await context.exec("docker", args, {
    env: engineEnv(context.engine),
    accept: "any",
    input: request.dockerfile,
    onLine: (line) => {
      const said = saidBy(line);
      if (said !== undefined) context.progress(said);
    },
  });
  if (result.exitCode !== 0) await refuseFullDisk(request.folder);
  return result;
}

/** What a stage has to say for itself: `echo "progress: TEXT"` in its script. */
function saidBy(line: string): string | undefined {
  return /^#\d+ [\d.]+ progress: (.+)$/u.exec(line)?.[1];
}
