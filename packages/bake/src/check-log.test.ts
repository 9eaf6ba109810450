import { describe, expect, it } from "vitest";
import { findComplaints, findRefusals, findReport, judgeModules, judgeStop } from "./check-log.ts";

const report = (rest: string, level = "info"): string =>
  `startup             info\tHello\nmod_foundry_report        ${level}\tProsody 13.0.1 serves a.test conference.a.test${rest}\n`;

describe("the server's report", () => {
  it("is read with all its lists", () => {
    expect(findReport(report("; loaded: mod_a mod_b; not enabled: mod_c; failed: mod_d", "error"))).toEqual({
      version: "13.0.1",
      hosts: ["a.test", "conference.a.test"],
      loaded: ["mod_a", "mod_b"],
      notEnabled: ["mod_c"],
      failed: ["mod_d"],
    });
  });

  it.each([
    ["a released version", "13.0.1", "13.0.1"],
    ["a revision", "trunk-20250513-f14f1b331f0f", "trunk-20250513-f14f1b331f0f"],
    ["a version of several words", "hg:f14f1b331f0f (dirty tree)", "hg:f14f1b331f0f (dirty tree)"],
  ])("knows %s", (_, version, expected) => {
    expect(findReport(`mod_foundry_report  info\tProsody ${version} serves a.test`)).toMatchObject({
      version: expected,
      hosts: ["a.test"],
      loaded: [],
    });
  });

  it("is missing until it is there", () => {
    expect(findReport("startup             info\tProsody 13.0.1 serves nobody")).toBeUndefined();
  });
});

describe("shipped modules", () => {
  it.each([
    ["all loaded", report("; loaded: mod_a mod_b"), true, "2 of 2 loaded"],
    [
      "one left to the user",
      report("; loaded: mod_a; not enabled: mod_b"),
      true,
      "1 of 2 loaded, 1 not enabled unless asked for",
    ],
    ["one that is not mentioned", report("; loaded: mod_a"), false, "mod_b: is not loaded"],
    ["one that failed", report("; loaded: mod_a; failed: mod_b", "error"), false, "mod_b: is not loaded"],
    [
      "one that failed after it was entered in Prosody's map",
      `modulemanager  error\tError initializing module 'b' on 'a.test': mod_b.lua:1: no\n${report("; loaded: mod_a mod_b")}`,
      false,
      "mod_b: Error initializing module 'b' on 'a.test': mod_b.lua:1: no",
    ],
    [
      "one whose file was refused",
      `modulemanager  error\tUnable to load module 'b': No such file\n${report("; loaded: mod_a")}`,
      false,
      "mod_b: Unable to load module 'b': No such file",
    ],
    [
      "one that says it is of no use",
      `a.test:b  error\tnot compatible\n${report("; loaded: mod_a mod_b")}`,
      false,
      "mod_b: not compatible",
    ],
    ["a global one that complains", `mod_b  error\tno\n${report("; loaded: mod_a mod_b")}`, false, "mod_b: no"],
    [
      "a complaint of a module with a longer name",
      `a.test:ab  error\tno\n${report("; loaded: mod_a mod_b")}`,
      true,
      "2 of 2 loaded",
    ],
    ["no report", "startup  info\tHello\n", false, "the server did not report its modules"],
  ])("%s", (...[, log, ok, detail]) => {
    expect(judgeModules(log, ["mod_a", "mod_b"])).toEqual({ ok, detail });
  });
});

describe("a stop", () => {
  const clean = "general  info\tShutting down...\ngeneral  info\tShutdown complete\n";
  it.each([
    ["by itself", 0, clean, true, /exit code 0/],
    ["by force", 137, "x  info\tlast words\n", false, /killed after 2 s.*last words/],
    ["with an error", 1, clean, false, /exit code 1/],
    ["without a shutdown", 0, "x  info\tlast words\n", false, /without shutting down/],
  ])("%s", (...[, exitCode, log, ok, detail]) => {
    const finding = judgeStop(exitCode, log);
    expect(finding.ok).toBe(ok);
    expect(finding.detail).toMatch(detail);
  });
});

it("what the image itself refuses, and what Prosody complains of, is told apart", () => {
  const log = `prosody-foundry\terror\tmod_b did not load on a.test: no. Mend it.
modulemanager  error\tError initializing module 'b' on 'a.test': mod_b.lua:1: no
prosody-foundry\tinfo\tWaiting for PostgreSQL
mod_other  error\tNo such thing`;
  expect(findRefusals(log)).toEqual(["mod_b did not load on a.test: no. Mend it."]);
  expect(findComplaints(log, ["mod_a", "mod_b"])).toEqual([
    { name: "mod_b", because: "Error initializing module 'b' on 'a.test': mod_b.lua:1: no" },
  ]);
});
