import { expect, it } from "vitest";
import { renderBytes, renderTable } from "./table.ts";

it("aligns columns and leaves no trailing blanks", () => {
  expect(
    renderTable([
      ["module", "13.0"],
      ["mod_x", "works"],
      ["mod_longer_name", ""],
    ]),
  ).toBe("module           13.0\nmod_x            works\nmod_longer_name\n");
  expect(renderTable([])).toBe("");
});

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [24_812_345, "24.8 MB"],
  [131_100_000, "131.1 MB"],
  [5_000_000_000, "5.0 GB"],
  [7e15, "7000000.0 GB"],
])("writes %d bytes as %s", (bytes, text) => {
  expect(renderBytes(bytes)).toBe(text);
});
