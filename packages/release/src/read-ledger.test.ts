import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readLedger } from "./read-ledger.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "ledger-"));
  await mkdir(path.join(root, "images"));
});
afterEach(() => rm(root, { recursive: true }));

const put = (text: string): Promise<void> => writeFile(path.join(root, "images/ledger.json"), text);
const entry = {
  image: "prosody",
  variant: "",
  series: "13.0",
  version: "13.0.7",
  rev: 1,
  digest: `sha256:${"1".repeat(64)}`,
  id: null,
  contract: "1.0.0",
  platforms: { "linux/arm/v7": { digest: `sha256:${"2".repeat(64)}`, size: 12_000_000 } },
  yanked: false,
  date: "2026-11-19",
};

it("nothing was published where there is no ledger", async () => {
  expect(await readLedger(root)).toEqual([]);
});

it("the entries are read", async () => {
  await put(JSON.stringify({ ledgerVersion: 1, entries: [entry] }));
  expect(await readLedger(root)).toEqual([entry]);
});

it.each([
  ["malformed JSON", "{", /images\/ledger\.json:1:2 is no JSON/u],
  [
    "a misspelt field",
    JSON.stringify({ ledgerVersion: 1, entries: [{ ...entry, yankd: true }] }),
    /entries\[0\].*yankd/u,
  ],
  ["a revision 0", JSON.stringify({ ledgerVersion: 1, entries: [{ ...entry, rev: 0 }] }), /entries\[0\]\.rev/u],
  [
    "a digest cut short",
    JSON.stringify({ ledgerVersion: 1, entries: [{ ...entry, digest: "sha256:1" }] }),
    /is no digest/u,
  ],
  [
    "a Debian version",
    JSON.stringify({ ledgerVersion: 1, entries: [{ ...entry, version: "13.0.1-1" }] }),
    /is no Prosody version/u,
  ],
])("a ledger with %s is refused, naming the place", async (_, text, message) => {
  await put(text);
  await expect(readLedger(root)).rejects.toMatchObject({
    code: "LEDGER_MALFORMED",
    message: expect.stringMatching(message),
    hint: expect.any(String),
  });
});
