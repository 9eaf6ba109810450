import path from "node:path";
import type { PackageLock } from "@prosody-foundry/images";
import { expect, it } from "vitest";
import { comparePackages } from "./compare-packages.ts";
import { openContext } from "./read-context.ts";

function lockWith(source: string, version: string): PackageLock {
  const content = `${version.replaceAll(/\D/gu, "").padEnd(64, "0")} 10`;
  const list = { libssl3: { [version]: { source, sha256: { amd64: content } } } };
  return {
    lockVersion: 1,
    suites: { trixie: { snapshot: "2026-11-02T00:00:00Z", lists: { root: list } } },
  };
}

const { context: open } = openContext({ root: path.resolve(import.meta.dirname, "../../..") });
const context = { ...open, exec: () => Promise.reject(new Error("there was nothing to ask")) };

it("a package of another source than before has no changelog that would tell", async () => {
  const move = { image: "prosody", before: lockWith("openssl", "3.0-1"), after: lockWith("openssl4", "4.0-1") };
  expect(await comparePackages(context, [move])).toMatchObject([{ name: "libssl3", cves: null }]);
});

it("a package that is merely rebuilt fixes nothing", async () => {
  const move = { image: "prosody", before: lockWith("openssl", "3.0-1"), after: lockWith("openssl", "3.0-1+b1") };
  expect(await comparePackages(context, [move])).toMatchObject([{ name: "libssl3", cves: [] }]);
});
