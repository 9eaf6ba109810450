import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { VerifiedImage } from "@prosody-foundry/release";
import { openSigningScene, type SigningScene } from "../fixtures/signed-image.ts";

let scene: SigningScene;
beforeAll(async () => {
  scene = await openSigningScene({ kind: "docker-registry" });
});
afterAll(() => scene.close());

function failed({ checks }: VerifiedImage): Record<string, string> {
  const bad = checks.filter(({ status }) => status === "failed");
  return Object.fromEntries(bad.map(({ name, detail }) => [name, detail]));
}

describe("verify-image", () => {
  it("is content with a signed image, by its tag too", async () => {
    const pushed = await scene.push("good");
    console.time("sign");
    expect(await scene.sign(pushed)).toEqual({ signed: true, attested: ["https://slsa.dev/provenance/v1"] });
    console.timeEnd("sign");
    console.time("again");
    expect(await scene.sign(pushed)).toEqual({ signed: false, attested: [] });
    console.timeEnd("again");
    await scene.exec(scene.tools.crane, ["tag", pushed.reference, "13.0.7-r1"]);
    console.time("verify");
    const verified = await scene.verify(`${pushed.repository}:13.0.7-r1`);
    console.timeEnd("verify");
    console.log(JSON.stringify(verified, null, 1));
    expect(failed(verified)).toEqual({});
  });
});
