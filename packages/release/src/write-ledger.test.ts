import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { sha256, silent } from "@prosody-foundry/kit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readLedger } from "./read-ledger.ts";
import { entryOf } from "./sample-ledger.ts";
import { addToLedger } from "./write-ledger.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "foundry-ledger-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const file = (): string => path.join(root, "images/ledger.json");

it("is written sorted, by number, whatever came first", async () => {
  await addToLedger(root, [entryOf("13.0.10"), entryOf("13.0.7", 10)], silent);
  await addToLedger(root, [entryOf("13.0.7", 9), entryOf("0.12.5")], silent);
  expect((await readLedger(root)).map(({ version, rev }) => `${version}-r${rev}`)).toEqual([
    "0.12.5-r1",
    "13.0.7-r9",
    "13.0.7-r10",
    "13.0.10-r1",
  ]);
});

it("is not written when nothing is new, nor made for nothing", async () => {
  expect(await addToLedger(root, [], silent)).toBe(false);
  await expect(stat(file())).rejects.toThrow("ENOENT");
  expect(await addToLedger(root, [entryOf("13.0.7")], silent)).toBe(true);
  const before = await stat(file());
  expect(await addToLedger(root, [entryOf("13.0.7")], silent)).toBe(false);
  expect((await stat(file())).mtimeMs).toBe(before.mtimeMs);
});

it("keeps what it knows, takes an id where it had none, and never gives a withdrawn revision back", async () => {
  await addToLedger(root, [entryOf("13.0.7"), entryOf("13.0.6", 1, { yanked: true })], silent);
  const known = entryOf("13.0.7", 1, { id: sha256("id"), contract: "1.0.0" });
  await addToLedger(root, [known, entryOf("13.0.6")], silent);
  await addToLedger(root, [entryOf("13.0.7", 1, { date: "2026-12-01" })], silent);
  expect(await readLedger(root)).toEqual([entryOf("13.0.6", 1, { yanked: true }), known]);
});

it("refuses a second digest for a revision, and stays as it was", async () => {
  await addToLedger(root, [entryOf("13.0.7")], silent);
  const before = await readFile(file(), "utf8");
  const other = entryOf("13.0.7", 1, { digest: `sha256:${sha256("other")}` });
  await expect(addToLedger(root, [other], silent)).rejects.toMatchObject({ code: "TAG_IMMUTABLE" });
  expect(await readFile(file(), "utf8")).toBe(before);
});
