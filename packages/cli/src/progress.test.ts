import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createProgress } from "./progress.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function record(terminal: { isTTY?: boolean; columns?: number }) {
  const written: string[] = [];
  return { written, printer: createProgress({ ...terminal, write: (text) => written.push(text) }) };
}

it("says nothing within a second", () => {
  const { written, printer } = record({});
  printer.report("first");
  vi.advanceTimersByTime(500);
  printer.report("second");
  vi.advanceTimersByTime(400);
  printer.end();
  vi.advanceTimersByTime(5000);
  expect(written).toEqual([]);
});

it("writes what is going on as plain lines where there is no terminal, one a second and none twice", () => {
  const { written, printer } = record({});
  for (let turn = 0; turn < 40; turn += 1) {
    printer.report(`module ${turn}`);
    vi.advanceTimersByTime(50);
  }
  vi.advanceTimersByTime(5000);
  printer.end();
  expect(written).toEqual(["module 19\n", "module 39\n"]);
});

it("overwrites one line on a terminal and wipes it at the end", () => {
  const { written, printer } = record({ isTTY: true, columns: 10 });
  printer.report("building\nsomething long");
  vi.advanceTimersByTime(1001);
  printer.report("next");
  vi.advanceTimersByTime(100);
  printer.end();
  expect(written).toEqual(["\r\u001B[Kbuilding…", "\r\u001B[Knext", "\r\u001B[K"]);
});

it("starts anew after an end", () => {
  const { written, printer } = record({});
  printer.report("first");
  vi.advanceTimersByTime(1000);
  printer.end();
  printer.report("second");
  vi.advanceTimersByTime(900);
  expect(written).toEqual(["first\n"]);
});
