import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runExclusive } from "./run-exclusive.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "foundry-lock-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("runExclusive", () => {
  it("lets one in at a time, so that no increment is lost", async () => {
    const counter = path.join(folder, "counter");
    await writeFile(counter, "0");
    const waits: string[] = [];
    const increment = () =>
      runExclusive(
        counter,
        async () => {
          const value = Number(await readFile(counter, "utf8"));
          await new Promise((resolve) => setTimeout(resolve, 20));
          await writeFile(counter, String(value + 1));
        },
        { onWait: (message) => waits.push(message) },
      );
    await Promise.all([increment(), increment(), increment()]);
    expect(await readFile(counter, "utf8")).toBe("3");
    expect(waits.length).toBeGreaterThanOrEqual(2);
    expect(waits[0]).toContain(counter);
  });

  it("lets go when the work fails", async () => {
    const target = path.join(folder, "failing");
    await expect(runExclusive(target, () => Promise.reject(new Error("work failed")))).rejects.toThrow("work failed");
    expect(await runExclusive(target, () => Promise.resolve("next"))).toBe("next");
  });

  it("takes over from a holder that died", async () => {
    const target = path.join(folder, "stale");
    await mkdir(`${target}.lock`);
    const longAgo = new Date("2020-01-01T00:00:00Z");
    await utimes(`${target}.lock`, longAgo, longAgo);
    expect(await runExclusive(target, () => Promise.resolve("mine"))).toBe("mine");
  });

  it("gives up with a code when the other one does not finish", async () => {
    const target = path.join(folder, "held");
    await runExclusive(target, async () => {
      const second = runExclusive(target, () => Promise.resolve(), { patience: 0 });
      await expect(second).rejects.toMatchObject({ code: "BUSY", hint: expect.stringContaining(`${target}.lock`) });
    });
  });

  it("says so when the mark was taken away while the work went on", async () => {
    const target = path.join(folder, "lost");
    const work = async () => {
      await rm(`${target}.lock`, { recursive: true });
      // The holder looks after its mark every two seconds.
      await new Promise((resolve) => setTimeout(resolve, 3000));
    };
    await expect(runExclusive(target, work)).rejects.toMatchObject({ code: "TAKEN_OVER" });
    expect(await runExclusive(target, () => Promise.resolve("next"))).toBe("next");
  });
});
