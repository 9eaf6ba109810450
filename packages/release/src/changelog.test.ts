import { describe, expect, it } from "vitest";
import { compareContracts, namesVersion, sectionsOf, sectionsSince } from "./changelog.ts";

const text = `# prosody

## 1.10.0

### Major Changes

- The port moved.

  ### How to act

  Use 5223.

### Patch Changes

- A pin
- Another

## 1.9.3

### Minor Changes

- A module
`;

describe("a changelog", () => {
  it("is read by versions and kinds, with the headings inside an item left in it", () => {
    expect(sectionsOf(text)).toEqual([
      {
        version: "1.10.0",
        items: {
          major: "- The port moved.\n\n  ### How to act\n\n  Use 5223.",
          minor: "",
          patch: "- A pin\n- Another",
        },
      },
      { version: "1.9.3", items: { major: "", minor: "- A module", patch: "" } },
    ]);
    expect(sectionsOf("")).toEqual([]);
  });

  it.each([
    ["1.9.3", ["1.10.0"]],
    ["1.9.2", ["1.10.0", "1.9.3"]],
    ["1.10.0", []],
    [null, ["1.10.0", "1.9.3"]],
  ])("since %s has the versions after it, by number", (since, versions) => {
    expect(sectionsSince(text, since).map(({ version }) => version)).toEqual(versions);
  });

  it("has versions in the order of their numbers", () => {
    expect(compareContracts("1.10.0", "1.9.3")).toBeGreaterThan(0);
    expect(compareContracts("1.2.3", "1.2.3")).toBe(0);
  });

  it.each([
    ["Prosody 13.0.7 in place of 13.0.1", "13.0.7", true],
    ["Prosody 13.0.7.", "13.0.7", true],
    ["Prosody 13.0.70", "13.0.7", false],
    ["Prosody 13.0.7.1", "13.0.7", false],
    ["Prosody 113.0.7", "13.0.7", false],
    ["Prosody 13x0x7", "13.0.7", false],
    ["trunk-20261119-0971c99bfbc9", "trunk-20261119-0971c99bfbc9", true],
  ])("%j names %s: %s", (line, version, expected) => {
    expect(namesVersion(line, version)).toBe(expected);
  });
});
