import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { normaliseLock, readLock, writeLock } from "@prosody-foundry/lockfile";
import { afterEach, beforeEach, expect, it } from "vitest";
import { bigLock } from "../fixtures/lock-writer.ts";

const writer = path.join(import.meta.dirname, "../fixtures/lock-writer.ts");
const kills = 60;

let folder = "";
let file = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "lock-kill-"));
  file = path.join(folder, "modules.lock.json");
});
afterEach(() => rm(folder, { recursive: true }));

it("a writer killed at any moment leaves the old lock or the new one", { timeout: 180_000 }, async () => {
  const whole = [normaliseLock(bigLock("a")), normaliseLock(bigLock("b"))];
  const seen = new Set<number>();
  let cutShort = 0;
  for (const round of Array.from({ length: kills }).keys()) {
    await killWriter(5 + ((round * 37) % 60) + Math.random() * 10);
    const lock = await readLock(file);
    const which = whole.findIndex((one) => Object.keys(one.modules)[0] === Object.keys(lock.modules).toSorted()[0]);
    expect(lock).toEqual(whole[which]);
    seen.add(which);
    if ((await readdir(folder)).length > 1) cutShort += 1;
    expect(await writeLock(file, bigLock("c"))).toBe(true);
  }
  expect(seen).toEqual(new Set([0, 1]));
  // Some were killed in the middle of a write: the temp file is still there.
  expect(cutShort).toBeGreaterThan(0);
});

it("two commands that change one lock at once lose nothing", { timeout: 180_000 }, async () => {
  const children = ["left", "right"].map((name) => start("twenty", name));
  const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
  expect(codes).toEqual([0, 0]);
  const lock = await readLock(file);
  const wanted = ["left", "right"].flatMap((name) => Array.from({ length: 20 }, (_, index) => `mod_${name}_${index}`));
  expect(Object.keys(lock.modules).toSorted()).toEqual(wanted.toSorted());
  expect(await readdir(folder)).toEqual(["modules.lock.json"]);
});

async function killWriter(after: number): Promise<void> {
  const child = start("forever");
  const gone = once(child, "exit");
  if (child.stdout === null) throw new Error("The writer has no output");
  await once(child.stdout, "data");
  await wait(after);
  child.kill("SIGKILL");
  expect((await gone)[1]).toBe("SIGKILL");
}

function start(work: "forever" | "twenty", name = ""): ChildProcess {
  return spawn(process.execPath, [writer, work, file, name], { stdio: ["ignore", "pipe", "inherit"] });
}
