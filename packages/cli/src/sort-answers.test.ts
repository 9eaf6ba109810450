import { type PackageLock, type ResolvedWish, updatePackageLock } from "@prosody-foundry/images";
import { describe, expect, it } from "vitest";
import { sortAnswers } from "./sort-answers.ts";

const empty: PackageLock = { lockVersion: 1, suites: {} };

function answerOf(architecture: string, security: ResolvedWish["security"]): ResolvedWish {
  const name = "lua5.4";
  const wish = { suite: "trixie", list: "root" as const, architecture, names: [name], closure: true };
  const path = `pool/main/l/lua5.4/lua5.4_1_${architecture}.deb`;
  const deb = {
    name,
    version: "1",
    source: name,
    sourceVersion: "1",
    architecture,
    size: 1,
    archive: "main",
    path,
  } as const;
  return { wish, snapshot: "2026-11-28T00:00:00Z", packages: [{ ...deb, sha256: "a".repeat(64) }], security };
}

const whole = answerOf("amd64", { state: "had" });
const missed = answerOf("armhf", { state: "missed", because: "File has unexpected size" });
const none = answerOf("s390x", { state: "none" });
const gone = { wish: answerOf("i386", { state: "had" }).wish, because: "404" };

describe("answers", () => {
  it("that are whole are taken, and a platform without security support is named", () => {
    const sorted = sortAnswers(empty, { resolved: [whole, none], unreachable: [], available: false });
    expect(sorted).toMatchObject({ taken: [whole, none], held: [] });
    expect(sorted.notes).toEqual(["Debian trixie has no security updates for s390x"]);
  });

  it.each([
    ["nobody gave", [whole], [gone], /trixie for i386 is not whole: 404/u],
    ["the security archive had no part in", [whole, missed], [], /trixie for armhf is not whole: File has/u],
  ])("that %s stop an update", (...row) => {
    const [, resolved, unreachable, message] = row;
    expect(() => sortAnswers(empty, { resolved, unreachable, available: false })).toThrow(
      expect.objectContaining({
        code: "INPUT_UNREACHABLE",
        message: expect.stringMatching(message) as unknown,
        hint: expect.stringContaining("--available") as unknown,
      }),
    );
  });

  const answers = { resolved: [whole, missed], unreachable: [gone], available: true };

  it("without security updates are taken for an architecture that has nothing better, and that is said", () => {
    const { taken, held, notes } = sortAnswers(empty, answers);
    expect(taken).toEqual([whole, missed]);
    expect(held).toEqual([gone.wish]);
    expect(notes).toEqual([
      "Left as it is: Debian trixie for i386 is not whole: 404",
      "Without security updates: Debian trixie for armhf is not whole: File has unexpected size",
    ]);
  });

  it("without security updates never replace what has them, but one another", () => {
    const secure = updatePackageLock(empty, [answerOf("armhf", { state: "had" })]);
    expect(sortAnswers(secure, answers)).toMatchObject({ taken: [whole], held: [gone.wish, missed.wish] });
    const bare = updatePackageLock(empty, [missed]);
    expect(sortAnswers(bare, answers).taken).toEqual([whole, missed]);
  });
});
