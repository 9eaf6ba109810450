import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Built, buildTargets, fetchRelease, loadTarget } from "@prosody-foundry/bake";
import type { Platform } from "@prosody-foundry/images";
import { runCommand, silent } from "@prosody-foundry/kit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findEmulator } from "../../packages/bake/src/read-emulator.ts";
import { prepareRun } from "../../packages/bake/src/run-verify-platform.ts";
import { ensureBusted, ensureReferenceImage } from "../fixtures/reference-image.ts";
import { type Bench, materialsOf, openBench, targetOf } from "./build-fixture.ts";

// Prosody's own unit tests: what upstream's `make test` runs, on the files of the image and on Debian's own.

const native: Platform = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
const foreign: Platform = native === "linux/arm64" ? "linux/amd64" : "linux/arm64";

let bench: Bench;
let built: Built;
let specs: string;
const made: string[] = [];

beforeAll(async () => {
  bench = await openBench();
  const target = targetOf("units", bench.tarball);
  const [only] = await buildTargets(bench.context, [target], { materials: (one) => materialsOf(bench.context, one) });
  if (only === undefined) throw new Error("nothing was built");
  built = only;
  specs = await unpackSpecs();
});

afterAll(async () => {
  await runCommand("docker", ["rmi", "--force", ...made], { accept: "any" });
  await rm(specs, { recursive: true, force: true });
  await bench.clear();
});

async function unpackSpecs(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "prosody-specs-"));
  const units = path.join(folder, "units");
  const { files } = await fetchRelease(bench.context, bench.tarball);
  await mkdir(units);
  const unpack = ["-xzf", files["source.tar.gz"] ?? "", "-C", units, "--strip-components=1", "--wildcards"];
  await runCommand("tar", [...unpack, "*/spec", "*/loader.lua", "*/.busted"]);
  // Where the tests look for what an installed server has elsewhere.
  await symlink("/usr/lib/prosody/modules", path.join(units, "plugins"));
  await writeFile(path.join(units, "run.lua"), runner);
  await writeFile(path.join(folder, "Dockerfile"), dockerfile);
  return folder;
}

/** The server's own files come first, then those of the image under test, then busted and what it needs. */
const runner = `
local triplet = package.cpath:match("/usr/lib/([^/;]+)/lua/5%.4/")
local busted = "/units/usr/share/lua/5.4/"
package.path = "/usr/lib/prosody/?.lua;" .. package.path .. ";" .. busted .. "?.lua;" .. busted .. "?/init.lua"
package.cpath = "/usr/lib/prosody/?.so;" .. package.cpath .. ";/units/usr/lib/" .. triplet .. "/lua/5.4/?.so"
arg = { [0] = "busted", "--helper=/units/loader.lua", "--output=TAP", "spec" }
require "busted.runner"({ standalone = false })
`;

const dockerfile = `
ARG BUSTED
ARG IMAGE
FROM $BUSTED AS busted
FROM $IMAGE
COPY units /units
COPY --from=busted /usr /units/usr
WORKDIR /units
`;

/** Lays the tests, and busted for the platform, over an image. */
async function layOver(image: string, platform: Platform): Promise<string> {
  const reference = `prosody-foundry-test/units:${made.length}`;
  const from = [`--build-arg=BUSTED=${await ensureBusted(platform)}`, `--build-arg=IMAGE=${image}`];
  await runCommand("docker", ["build", "--quiet", `--platform=${platform}`, `--tag=${reference}`, ...from, specs]);
  made.push(reference);
  return reference;
}

/** The tests' own words for what each of them did, sorted. */
async function runUnits(image: string, platform: Platform): Promise<string[]> {
  const reference = await layOver(image, platform);
  // Some tests write files into the folder they are started in.
  const options = ["--rm", "--network=none", "--user=0:0", `--platform=${platform}`, "--entrypoint=/usr/bin/lua5.4"];
  const { stdout } = await runCommand("docker", ["run", ...options, reference, "/units/run.lua"], { accept: "any" });
  const lines = stdout.split("\n").filter((line) => /^(?:not )?ok \d+ - /u.test(line));
  return lines.map((line) => line.replace(/^((?:not )?ok) \d+ - /u, "$1: ")).toSorted();
}

describe("Prosody's own unit tests", () => {
  let uncut: string[];
  beforeAll(async () => {
    uncut = await runUnits(await ensureReferenceImage(), native);
  });

  it("are many, and all hold for Debian's own Prosody with all its libraries", () => {
    expect(uncut.length).toBeGreaterThan(800);
    expect(uncut.filter((line) => line.startsWith("not ok"))).toEqual([]);
    expect(uncut.filter((line) => line.startsWith("ok: util.encodings"))).not.toEqual([]);
  });

  it("give the same results, each of them, for the image", async () => {
    const image = await loadTarget(bench.context, built.report, native);
    made.push(image);
    expect(await runUnits(image, native)).toEqual(uncut);
  });

  it(`and for the image of another platform, ${foreign}`, async () => {
    const image = await loadTarget(bench.context, built.report, foreign);
    made.push(image);
    const emulator = { fetch: (machine: string) => findEmulator({ ...bench.context, progress: silent }, machine) };
    const runnable = await prepareRun({ exec: runCommand, image, platform: foreign }, emulator);
    if (!runnable.runs) throw new Error(runnable.because);
    try {
      expect(await runUnits(image, foreign)).toEqual(uncut);
    } finally {
      await runnable.undo();
    }
  });
});
