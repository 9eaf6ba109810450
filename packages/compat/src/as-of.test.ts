import { expect, it } from "vitest";
import { findDate } from "./as-of.ts";

it.each<[string, string | null]>([
  ["Works as of 2025-06-13", "2025-06-13"],
  ["as of 25-06-13, mostly", "2025-06-13"],
  ["07.12.22", "2022-12-07"],
  ["07.12.2022", "2022-12-07"],
  ["trunk (April 2023 or later)", "2023-04-01"],
  ["Sept 2021", "2021-09-01"],
  ["2025-02-31", null],
  ["2025-13-01", null],
  ["99.99.99", null],
  ["0.12.4", null],
  ["Works", null],
])("finds the day in %j", (text, day) => {
  expect(findDate(text)).toBe(day);
});
