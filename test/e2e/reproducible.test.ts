import { cp, mkdir, mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Report } from "@prosody-foundry/bake";
import { runCommand } from "@prosody-foundry/kit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { changeImage } from "../fixtures/repository.ts";
import { type SecondEngine, startSecondEngine } from "../fixtures/second-engine.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const bin = path.join(repository, "packages/cli/src/bin.ts");
const platforms = ["--platform", "linux/amd64", "linux/arm64"];

let folder: string;
let second: SecondEngine;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "foundry-reproducible-"));
  second = await startSecondEngine();
});
afterAll(async () => {
  await second.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What differs from one machine to another, and from one checkout to another. */
interface World {
  root: string;
  cacheDir: string;
  env: Record<string, string | undefined>;
  /** Program and arguments that the command is run by. */
  within: readonly [string, ...string[]];
}

/** Files as somebody checked them out: their time, and the rights that are left of them. */
async function checkOut(root: string, { moment, rights }: { moment: Date; rights: string }): Promise<void> {
  for (const part of ["images", "modules.lock.json"]) {
    await cp(path.join(repository, part), path.join(root, part), { recursive: true, verbatimSymlinks: true });
  }
  await changeImage(root, { modules: { required: ["mod_firewall", "mod_lastlog2"], optional: [] } });
  await runCommand("chmod", ["--recursive", rights, root]);
  for (const name of await readdir(root, { recursive: true })) await utimes(path.join(root, name), moment, moment);
}

const Built = z
  .array(z.looseObject({ id: z.string(), release: z.string(), fresh: z.boolean(), platforms: Report.shape.platforms }))
  .length(1);

async function foundry({ root, cacheDir, env, within }: World, words: readonly string[]): Promise<unknown> {
  const [program, ...args] = within;
  const command = [...args, process.execPath, bin, "--root", root, ...words, "--json"];
  const { stdout } = await runCommand(program, command, { env: { ...env, FOUNDRY_CACHE: cacheDir }, cwd: "/" });
  return JSON.parse(stdout);
}

async function build(world: World, flags: readonly string[]): Promise<z.infer<typeof Built>[number] | undefined> {
  return Built.parse(await foundry(world, ["build", "prosody", ...platforms, ...flags]))[0];
}

let here: World;
let there: World;
beforeAll(async () => {
  here = {
    root: path.join(folder, "repository"),
    cacheDir: path.join(folder, "cache"),
    env: { TZ: "UTC", LC_ALL: "C.UTF-8" },
    within: ["sh", "-c", 'umask 022; exec "$@"', "sh"],
  };
  there = {
    root: path.join(folder, "ein anderer Ort, weiter unten/über-all"),
    cacheDir: path.join(folder, "c"),
    env: {
      TZ: "Pacific/Kiritimati",
      LC_ALL: "tr_TR.UTF-8",
      HOME: path.join(folder, "home"),
      USER: "somebody",
      SOURCE_DATE_EPOCH: "1",
      BUILDX_BUILDER: second.asRemote.builder,
      ...second.asRemote.env,
    },
    // Another user, as the command sees it; what it may do stays.
    within: ["unshare", "--user", "--map-user=1234", "--map-group=1234", "sh", "-c", 'umask 077; exec "$@"', "sh"],
  };
  await mkdir(path.join(folder, "home"));
  await checkOut(here.root, { moment: new Date(), rights: "u=rwX,go=rX" });
  await checkOut(there.root, { moment: new Date("2001-02-03T04:05:06Z"), rights: "u=rwX,go=" });
});

it("two states of the world give the same manifests: path, time, rights, umask, user, locale, zone, cache and builder", async () => {
  const flags = ["--series", "13.0", "--available"];
  const [first, other] = [await build(here, flags), await build(there, flags)];
  expect(Object.keys(first?.platforms ?? {})).toEqual(["linux/amd64", "linux/arm64"]);
  expect(other?.id).toBe(first?.id);
  expect(other?.platforms).toEqual(first?.platforms);
});

it("what was built for one platform each on two machines is joined on a third, which builds and fetches nothing", async () => {
  const first = await build(here, ["--series", "13.0", "--available"]);
  const flags = ["--series", "13.0", "--release", first?.release ?? ""];
  const third = { ...here, cacheDir: path.join(folder, "third"), env: { FOUNDRY_OFFLINE: "1" } };
  const parts = [path.join(folder, "from-here"), path.join(folder, "from-there")] as const;
  await foundry(here, ["export", "prosody", ...flags, "--platform", "linux/amd64", "--output", parts[0]]);
  await foundry(there, ["export", "prosody", ...flags, "--platform", "linux/arm64", "--output", parts[1]]);
  await expect(foundry(third, ["export", "prosody", ...flags, ...platforms, "--output", parts[0]])).rejects.toThrow(
    "NOT_BUILT",
  );
  expect(await foundry(third, ["import", ...parts])).toHaveLength(2);
  const joined = await build(third, flags);
  expect(joined).toMatchObject({ fresh: true, id: first?.id });
  expect(joined?.platforms).toEqual(first?.platforms);
});
