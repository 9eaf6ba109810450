import { describe, expect, it } from "vitest";
import { linesForSuite, parseAptSources } from "./apt-sources.ts";

const deb822 = `# The usual ones
Types: deb deb-src
URIs: http://mirror.example/debian/
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: http://mirror.example/source
Suites: bookworm
Components: main

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
`;

describe("parseAptSources", () => {
  it("reads deb822 with folded lines, and leaves out what is disabled or for sources only", () => {
    const signedBy = "/usr/share/keyrings/debian-archive-keyring.gpg";
    const entry = { uri: "http://mirror.example/debian", components: ["main", "contrib"], signedBy };
    expect(parseAptSources([{ name: "debian.sources", text: deb822 }])).toEqual([
      { ...entry, suite: "bookworm" },
      { ...entry, suite: "bookworm-updates" },
    ]);
  });

  it.each([
    ["deb http://a.example/debian/ bookworm main", { uri: "http://a.example/debian", suite: "bookworm" }],
    [
      "  deb [arch=amd64 signed-by=/k.gpg] http://a.example x main # why",
      { uri: "http://a.example", signedBy: "/k.gpg" },
    ],
    ["deb http://a.example ./", { uri: "http://a.example", suite: "./", components: [] }],
  ])("reads the one-line entry %s", (text, expected) => {
    expect(parseAptSources([{ name: "sources.list", text }])).toEqual([expect.objectContaining(expected)]);
  });

  it.each(["", "# deb http://a.example bookworm main", "deb-src http://a.example bookworm main", "deb", "nonsense"])(
    "finds nothing in %j",
    (text) => {
      expect(parseAptSources([{ name: "a.list", text }])).toEqual([]);
    },
  );
});

describe("linesForSuite", () => {
  const keyring = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";
  const source = { uri: "http://m.example/debian", components: ["main"], signedBy: undefined };

  it("takes the machine's own mirrors for another suite, with its updates and security updates", () => {
    const sources = [
      { ...source, suite: "bookworm" },
      { ...source, suite: "bookworm-updates" },
      { ...source, uri: "http://m.example/security", suite: "bookworm-security" },
      { ...source, uri: "http://third-party.example", suite: "bookworm", components: ["stable"] },
      { ...source, uri: "http://third-party.example", suite: "nodistro" },
    ];
    expect(linesForSuite(sources, "bookworm", "trixie")).toEqual([
      `deb ${keyring} http://m.example/debian trixie main`,
      `deb ${keyring} http://m.example/debian trixie-updates main`,
      `deb ${keyring} http://m.example/security trixie-security main`,
    ]);
  });

  it("gives nothing on a machine that is no Debian", () => {
    const ubuntu = [{ ...source, uri: "http://ubuntu.example", suite: "noble" }];
    expect(linesForSuite(ubuntu, "bookworm", "trixie")).toEqual([]);
  });
});
