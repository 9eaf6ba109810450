import { readFile } from "node:fs/promises";
import path from "node:path";
import type { DebianSource } from "@prosody-foundry/images";
import type { BakeContext } from "./engine.ts";
import { withStage } from "./read-packages.ts";
import { parseSources, sourceStage } from "./source-stage.ts";

/**
 * The versions of a source package that a suite has, security updates among them.
 * @throws UserError INPUT_UNREACHABLE, BASE_UNREACHABLE
 */
export async function readDebianSources(context: BakeContext, suite: string, name: string): Promise<DebianSource[]> {
  const stage = { what: `The sources of ${name} in Debian ${suite}`, dockerfile: sourceStage(suite, name) };
  return withStage(context, stage, async (folder) => {
    return parseSources(await readFile(path.join(folder, "sources"), "utf8"), suite);
  });
}
