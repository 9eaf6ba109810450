import { readFile } from "node:fs/promises";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureProsodyImage, imageSeries } from "../fixtures/prosody-image.ts";
import { useEngine } from "../fixtures/runnable-image.ts";

beforeAll(async () => {
  await useEngine();
});

describe.each(imageSeries)("Prosody %s", (series) => {
  it("reads every option that the image's configuration sets", async () => {
    const image = await ensureProsodyImage(series);
    const script = await readFile(path.resolve(import.meta.dirname, "../fixtures/read-options.lua"), "utf8");
    const args = ["run", "--rm", "--interactive", "--network=none", "--entrypoint=/usr/bin/lua5.4", image, "-"];
    const { stdout, stderr } = await runCommand("docker", args, { input: script });
    expect(stdout).toBe("");
    expect(Number(stderr)).toBeGreaterThan(90);
  });
});
