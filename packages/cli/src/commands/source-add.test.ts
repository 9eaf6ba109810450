import { runCommand, silent } from "@prosody-foundry/kit";
import { expect, it } from "vitest";
import { sourceAdd } from "./source-add.ts";

it("says of a name it refuses all that a name may have", async () => {
  const root = "/nonexistent";
  const context = {
    root,
    lockFile: `${root}/modules.lock.json`,
    cacheDir: root,
    mirrors: {},
    offline: true,
    env: {},
    exec: runCommand,
    fetch,
    progress: silent,
    today: "2026-11-20",
    say: silent,
  };
  const adding = sourceAdd.run(context, { args: ["Own", "directory", "modules"], flags: {} });
  await expect(adding).rejects.toMatchObject({
    code: "SOURCE_INVALID",
    hint: expect.stringContaining("Lower-case letters, digits, - and ."),
  });
});
