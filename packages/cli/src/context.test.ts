import { expect, it } from "vitest";
import { checkKnown, moduleName, parseMirrors } from "./context.ts";

it("reads mirrors as URL=replacement, keeping the = of the replacement", () => {
  expect(parseMirrors(["", "https://a.test/x/=/srv/x", "https://b.test/=http://c.test/?q=1"])).toEqual({
    "https://a.test/x/": "/srv/x",
    "https://b.test/": "http://c.test/?q=1",
  });
});

it.each(["https://a.test/", "=x", "/srv/x=/srv/y", "https://a.test/="])("refuses the mirror %s", (word) => {
  expect(() => parseMirrors([word])).toThrow(expect.objectContaining({ code: "MIRROR_MALFORMED" }));
});

it.each([
  ["firewall", "mod_firewall"],
  ["mod_firewall", "mod_firewall"],
  ["mod_http_oauth2", "mod_http_oauth2"],
])("takes %s for %s", (word, name) => {
  expect(moduleName(word)).toBe(name);
});

it.each(["", "../x", "mod_a b", "a/b", "mod_", "ä"])("refuses %j as a module", (word) => {
  expect(() => moduleName(word)).toThrow(expect.objectContaining({ code: "MODULE_NAME" }));
});

it("names the nearest known word, or all of them", () => {
  const known = ["mod_firewall", "mod_rest"];
  const check = (word: string) => () => checkKnown("MODULE_NOT_LOCKED", "module", { word, known });
  expect(check("mod_rest")).not.toThrow();
  expect(check("mod_firewal")).toThrow(expect.objectContaining({ hint: "Did you mean mod_firewall?" }));
  expect(check("zzz")).toThrow(expect.objectContaining({ hint: "Known: mod_firewall, mod_rest." }));
});
