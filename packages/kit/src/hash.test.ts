import { describe, expect, it } from "vitest";
import { canonicalJson, compareText, prettyJson, sha256 } from "./hash.ts";

describe("hash", () => {
  it("gives the published SHA-256 of abc", () => {
    expect(sha256("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(sha256(new Uint8Array([97, 98, 99]))).toBe(sha256("abc"));
  });

  it.each([
    [{ b: 1, a: { d: [2, { z: 1, y: null }], c: undefined } }, '{"a":{"d":[2,{"y":null,"z":1}]},"b":1}'],
    [[3, 1, 2], "[3,1,2]"],
    ["é", '"é"'],
    [null, "null"],
  ])("writes %j canonically", (value, text) => {
    expect(canonicalJson(value)).toBe(text);
  });

  it("writes for people with sorted keys and a final newline", () => {
    expect(prettyJson({ b: [], a: { d: 1, c: 2 } })).toBe('{\n  "a": {\n    "c": 2,\n    "d": 1\n  },\n  "b": []\n}\n');
  });

  it("orders by code unit, not by locale", () => {
    expect(["a", "B", "_", "é", "b"].toSorted(compareText)).toEqual(["B", "_", "a", "b", "é"]);
  });
});
