import os from "node:os";
import path from "node:path";
import { setupEngine } from "@prosody-foundry/bake";
import { runCommand } from "@prosody-foundry/kit";

/**
 * Once before the tests that need an engine: finds or starts one, and gives every test one cache beside the user's own,
 * so that what one test file fetched or built is there for the next.
 */
export async function setup(): Promise<void> {
  process.env["FOUNDRY_TEST_CACHE"] ??= path.join(os.tmpdir(), "prosody-foundry-test");
  // A builder base takes longest to make, and is the same whatever cache a test gives itself.
  process.env["FOUNDRY_BASES"] ??= path.join(process.env["FOUNDRY_TEST_CACHE"], "bases");
  const engine = await setupEngine({
    exec: runCommand,
    env: process.env,
    cacheDir: process.env["FOUNDRY_TEST_CACHE"],
    uid: process.getuid?.() ?? -1,
    progress: (message) => process.stderr.write(`${message}\n`),
  });
  if (engine.host !== undefined) process.env["DOCKER_HOST"] = engine.host;
}
