import { expect, it } from "vitest";
import { type Surface, uniteSurfaces } from "./surface.ts";

const plain: Surface = {
  version: "13.0.1",
  core: ["mod_a"],
  features: ["x"],
  libraries: { "core.statsmanager": ["measure"], "util.jid": ["split"] },
  moduleApi: ["log"],
  globals: ["prosody"],
  lua: ["socket"],
};

it("a server offers what any of its configurations offers, each once and sorted", () => {
  const measured = {
    ...plain,
    libraries: { "core.statsmanager": ["get_stats", "measure"], "util.statistics": ["new"] },
    globals: ["a", "prosody"],
  };
  expect(uniteSurfaces(plain, measured)).toEqual({
    ...plain,
    libraries: {
      "core.statsmanager": ["get_stats", "measure"],
      "util.jid": ["split"],
      "util.statistics": ["new"],
    },
    globals: ["a", "prosody"],
  });
});
