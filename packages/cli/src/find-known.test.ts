import type { KnownModule } from "@prosody-foundry/registry";
import { expect, it } from "vitest";
import { findNamed } from "./find-known.ts";

const module = (name: string, source: string): KnownModule => ({
  key: name,
  name,
  source,
  pinned: null,
  surveyed: null,
});
const known = [module("mod_firewall", "upstream"), module("mod_rest", "upstream"), module("mod_rest", "jitsi")];

it.each([
  ["firewall", "upstream"],
  ["mod_firewall", "upstream"],
  ["rest@jitsi", "jitsi"],
  ["mod_rest@upstream", "upstream"],
])("%s is the module of %s", (word, source) => {
  expect(findNamed(known, word).source).toBe(source);
});

it.each([
  ["rest", "MODULE_AMBIGUOUS", "Write mod_rest@upstream or mod_rest@jitsi."],
  ["firewal", "MODULE_NOT_LOCKED", "Did you mean mod_firewall?"],
  ["firewall@jitsi", "MODULE_NOT_LOCKED", "Did you mean mod_firewall?"],
  ["zxcvbnmqwertz", "MODULE_NOT_LOCKED", "`foundry module search` finds modules by name, label, XEP and text."],
  ["../x", "MODULE_NAME", "Letters, digits, _ and - only, as in mod_firewall."],
])("%s is refused with %s", (word, code, hint) => {
  expect(() => findNamed(known, word)).toThrow(expect.objectContaining({ code, hint }));
});
