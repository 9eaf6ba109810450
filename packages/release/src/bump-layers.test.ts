import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { expect, it } from "vitest";
import { layerBytes } from "./bump-layers.ts";

const path = "usr/lib/prosody-modules/mod_x/mod_x.lua";
const noise = Buffer.from(Array.from({ length: 20_000 }, (_, at) => (at * at * 7919) % 251));

it("a layer has its files' compressed size, and a little for names and folders", async () => {
  const alone = (await promisify(gzip)(noise)).length;
  const size = await layerBytes([{ path, executable: false, bytes: noise }]);
  expect(size).toBeGreaterThan(alone);
  expect(size).toBeLessThan(alone + 500);
});

it("an empty layer is small, and never nothing", async () => {
  expect(await layerBytes([])).toBeLessThan(100);
  expect(await layerBytes([])).toBeGreaterThan(0);
});
