import { expect, it } from "vitest";
import { describeOrigins } from "./origins.ts";

it("counts modules by the place they came from", () => {
  expect(describeOrigins(["cache", "Debian trixie", "cache", "https://hg.test/"])).toEqual([
    "Modules: 1 from Debian trixie, checked by hash",
    "Modules: 2 from the cache, checked by hash",
    "Modules: 1 from https://hg.test/, checked by hash",
  ]);
  expect(describeOrigins([])).toEqual([]);
});
