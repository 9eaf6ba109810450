import { expect, it } from "vitest";
import { printLogLine, readServerOutput } from "./load-log.ts";

const whole = [
  "@m!",
  "@m general\tinfo\tHello and welcome",
  "something a module prints",
  "@m modulemanager\terror\tError initializing module 'x' on 'y': boom\twith a tab",
  "stack traceback:",
  "\t[C]: in function 'error'",
  "no line end here@m y:x\twarn\tmind the gap",
  "",
  "@m>",
  "@m y:x\terror\ttoo late",
  "",
  `@m={"hosts":{}}`,
  "said after the answer",
].join("\n");

it("reads the log, the answer, and what came before the server was up", () => {
  const output = readServerOutput(whole, "@m");
  expect(output).toMatchObject({ started: true, answer: `{"hosts":{}}` });
  expect(output.log).toEqual([
    { from: "general", level: "info", message: "Hello and welcome", more: ["something a module prints"], early: true },
    {
      from: "modulemanager",
      level: "error",
      message: "Error initializing module 'x' on 'y': boom\twith a tab",
      more: ["stack traceback:", "\t[C]: in function 'error'", "no line end here"],
      early: true,
    },
    { from: "y:x", level: "warn", message: "mind the gap", more: [], early: true },
    { from: "y:x", level: "error", message: "too late", more: [], early: false },
  ]);
  expect(output.log.map(printLogLine)[2]).toBe("warn y:x: mind the gap");
});

it.each([
  ["nothing at all", "", false],
  ["an engine's message", "no such image", false],
  ["a start and no more", "@m!\n", true],
])("%s: there is no answer", (_what, stdout, started) => {
  expect(readServerOutput(stdout, "@m")).toEqual({ started, answer: undefined, log: [] });
});

it("a line is kept without what is another at every start", () => {
  const line = { from: "runnereP9OfO4mugh3", level: "warn", message: "table: 0x55d0c8a8f2b0", more: [], early: true };
  expect(printLogLine(line)).toBe("warn runner: table: 0x…");
});
