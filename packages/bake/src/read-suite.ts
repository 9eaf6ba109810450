import { readFile } from "node:fs/promises";
import path from "node:path";
import type { DebianSource } from "@prosody-foundry/images";
import type { BakeContext } from "./engine.ts";
import { withStage } from "./read-packages.ts";
import { parseSources, parseVersion, suiteStage } from "./suite-stage.ts";

/** What a suite has of a package. */
export interface SuitePackage {
  /** The versions of the source, security updates among them. */
  sources: DebianSource[];
  /** The newest version of the binary package; null where the suite has none. */
  binary: string | null;
}

/**
 * What a suite has now of a package, and of the source of that name.
 * @throws UserError INPUT_UNREACHABLE, BASE_UNREACHABLE
 */
export async function readSuitePackage(context: BakeContext, suite: string, name: string): Promise<SuitePackage> {
  const stage = { what: `${name} in Debian ${suite}`, dockerfile: suiteStage(suite, name) };
  return withStage(context, stage, async (folder) => {
    const [sources, packages] = await Promise.all(
      ["sources", "packages"].map((file) => readFile(path.join(folder, file), "utf8")),
    );
    return { sources: parseSources(sources ?? "", suite), binary: parseVersion(packages ?? "") };
  });
}
