import { expect, it } from "vitest";
import { didYouMean } from "./nearest.ts";

const known = ["mod_firewall", "mod_http_oauth2", "mod_rest"];

it.each([
  ["mod_fierwall", "Did you mean mod_firewall?"],
  ["mod_http_oauth", "Did you mean mod_http_oauth2?"],
  ["mod_resst", "Did you mean mod_rest?"],
  ["entirely_different", undefined],
  ["", undefined],
])("hints at the nearest word for %s", (word, hint) => {
  expect(didYouMean(word, known)).toBe(hint);
});
