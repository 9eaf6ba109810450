import { spawnSync } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Exec } from "@prosody-foundry/kit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { prepareRun } from "./run-verify-platform.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "foundry-binfmt-"));
  await writeFile(path.join(folder, "register"), "");
  await writeFile(path.join(folder, "qemu-aarch64-static"), "");
  await chmod(path.join(folder, "qemu-aarch64-static"), 0o755);
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs foreign programs once a rule is registered. */
const exec: Exec = async () => {
  const rule = await said("register");
  return { stdout: "", stderr: rule === "" ? "exec format error" : "", exitCode: 0 };
};

function said(rule: string): Promise<string> {
  return readFile(path.join(folder, rule), "utf8");
}

async function lend(): Promise<string> {
  const runnable = await prepareRun(
    { exec, image: "i", platform: "linux/arm64" },
    { programs: folder, binfmt: folder },
  );
  expect(runnable.runs).toBe(true);
  return said("register");
}

it("a lent emulator is named after the process that lends it", async () => {
  expect(await lend()).toMatch(new RegExp(`^:prosody-foundry-aarch64-${process.pid}-[0-9a-f]{8}:M::`, "u"));
});

it("rules of processes that are gone are taken back first, and no others", async () => {
  const gone = `prosody-foundry-aarch64-${spawnSync("true").pid}-0123abcd`;
  const others = [`prosody-foundry-aarch64-${process.pid}-0123abcd`, "prosody-foundry-arm-0123abcd", "qemu-aarch64"];
  for (const name of [gone, ...others]) await writeFile(path.join(folder, name), "enabled\n");
  await lend();
  expect(await said(gone)).toMatch(/^-1/u);
  expect(await Promise.all(others.map(said))).toEqual(others.map(() => "enabled\n"));
});
