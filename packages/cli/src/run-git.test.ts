import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type CommandResult, runCommand, UserError } from "@prosody-foundry/kit";
import { expect, it } from "vitest";
import { knowsCommit, runGit, runShowLock } from "./run-git.ts";

const place = { root: "/r", lockFile: "/r/modules.lock.json" };

it("shows the lock of the repository it was asked about, whatever a git hook left in the environment", async () => {
  const calls: unknown[] = [];
  const exec = async (...call: unknown[]) => {
    calls.push(call);
    return { exitCode: 0, stdout: "text", stderr: "" };
  };
  expect(await runShowLock({ ...place, exec }, ":1:")).toEqual({ text: "text", name: ":1:./modules.lock.json" });
  const env = { GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined };
  expect(calls).toStrictEqual([["git", ["-C", "/r", "show", ":1:./modules.lock.json"], { env, accept: "any" }]]);
});

it.each<[string, () => Promise<CommandResult>]>([
  ["has none", async () => ({ exitCode: 128, stdout: "", stderr: "fatal" })],
  ["is not installed", () => Promise.reject(new UserError("COMMAND_MISSING", "git is not installed"))],
])("has no answer where git %s", async (_, exec) => {
  expect(await runGit({ ...place, exec }, ["show"])).toBeNull();
});

it("knows the commits of the repository, and neither others nor what is no commit", async () => {
  const root = await mkdtemp(path.join(os.tmpdir(), "foundry-git-"));
  const git = async (...args: string[]): Promise<string> => {
    const who = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
    return (await runCommand("git", ["-C", root, ...who, ...args])).stdout.trim();
  };
  await git("init", "--quiet");
  await git("commit", "--quiet", "--allow-empty", "--message=First");
  const knows = (commit: string): Promise<boolean> => knowsCommit({ exec: runCommand, root }, commit);
  expect(await knows(await git("rev-parse", "HEAD"))).toBe(true);
  expect(await knows(await git("rev-parse", "HEAD^{tree}"))).toBe(false);
  expect(await knows("e".repeat(40))).toBe(false);
  await rm(root, { recursive: true });
});
