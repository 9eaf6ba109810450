import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Target } from "@prosody-foundry/images";
import { emptyLock } from "@prosody-foundry/lockfile";
import { afterEach, beforeEach, expect, it } from "vitest";
import { gatherMaterials } from "./gather-materials.ts";
import { openContext } from "./read-context.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "foundry-materials-"));
  await mkdir(path.join(root, "images/own"), { recursive: true });
  for (const name of ["series.json", "Dockerfile", "own/Dockerfile"]) {
    await writeFile(path.join(root, "images", name), "");
  }
});
afterEach(() => rm(root, { recursive: true }));

const target: Target = {
  name: "server-13-0",
  image: "server",
  variant: "",
  title: "Server",
  description: "A server",
  series: "13.0",
  release: { kind: "debian", version: "13.0.1-1", suite: "trixie", package: "prosody", sha256: {} },
  platforms: ["linux/amd64"],
  epoch: 0,
  packages: [],
  debs: { root: {}, dev: {}, build: {}, snapshots: { root: "", dev: "", build: "" } },
  modules: [],
  unshipped: [],
  inputs: {},
  id: "0".repeat(64),
};

it.each([
  { what: "its own Dockerfile", more: { image: "own" }, dockerfile: "own/Dockerfile", rootfs: "own/rootfs" },
  { what: "that of all", more: {}, dockerfile: "Dockerfile", rootfs: "server/rootfs" },
])("a target is built by $what", async ({ more, dockerfile, rootfs }) => {
  const { context } = openContext({ root });
  const request = { lock: emptyLock(), sources: new Map(), server: {}, ...more };
  expect(await gatherMaterials(context, target, request)).toMatchObject({
    dockerfile: path.join(root, "images", dockerfile),
    rootfs: path.join(root, "images", rootfs),
    native: path.join(root, "images/native"),
  });
});
