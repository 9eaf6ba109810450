import { describe, expect, it } from "vitest";
import { judgeConfinement, judgeShell, judgeUser, parseFacts } from "./check-process.ts";

const output = [
  "uid=999",
  "capabilities=0000000000000000 0000000000000000",
  "noNewPrivileges=1",
  "write=/usr/lib/prosody-foundry/probe: Read-only file system",
  "shells=",
  "",
].join("\n");
const facts = parseFacts(output);

it("facts are read from what the script prints", () => {
  expect(facts.write).toBe("/usr/lib/prosody-foundry/probe: Read-only file system");
  expect(facts.uid).toBe("999");
  expect(() => parseFacts("lua5.4: no such file\n")).toThrow(/uid/u);
});

describe("a process", () => {
  it.each([
    ["999", true],
    ["12345", true],
    ["0", false],
  ])("of user %s is judged", (uid, ok) => {
    expect(judgeUser({ ...facts, uid }).ok).toBe(ok);
  });

  it.each([
    ["nothing to do harm with", {}, true],
    ["a writable root", { write: "possible" }, false],
    ["a root that only belongs to somebody else", { write: "probe: Permission denied" }, false],
    ["a capability", { capabilities: "0000000000000400 0000000000000400" }, false],
    ["a way to more privileges", { noNewPrivileges: "0" }, false],
  ])("with %s is judged", (_, change, ok) => {
    expect(judgeConfinement({ ...facts, ...change }).ok).toBe(ok);
  });

  it.each([
    ["none", "", 127, true],
    ["a shell that starts", "", 0, false],
    ["a shell the kernel refuses", "", 126, false],
    ["another interpreter", "/usr/bin/perl", 127, false],
  ])("in an image with %s is judged", (...[, shells, exitCode, ok]) => {
    expect(judgeShell({ ...facts, shells }, { exitCode, stderr: "why" }).ok).toBe(ok);
  });
});
