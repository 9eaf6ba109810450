import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createProgress } from "./progress.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function record(terminal: { isTTY?: boolean; columns?: number }) {
  const written: string[] = [];
  return { written, printer: createProgress({ ...terminal, write: (text) => written.push(text) }) };
}

it("says nothing about what is over within a second", () => {
  const { written, printer } = record({});
  printer.report("first");
  vi.advanceTimersByTime(900);
  printer.report("second");
  vi.advanceTimersByTime(900);
  printer.end();
  vi.advanceTimersByTime(5000);
  expect(written).toEqual([]);
});

it("writes plain lines where there is no terminal", () => {
  const { written, printer } = record({});
  printer.report("building");
  vi.advanceTimersByTime(1001);
  printer.end();
  expect(written).toEqual(["building\n"]);
});

it("overwrites one line on a terminal and wipes it at the end", () => {
  const { written, printer } = record({ isTTY: true, columns: 10 });
  printer.report("building\nsomething long");
  vi.advanceTimersByTime(1001);
  printer.report("next");
  printer.end();
  expect(written).toEqual(["building…", "\r\u001B[K"]);
});
